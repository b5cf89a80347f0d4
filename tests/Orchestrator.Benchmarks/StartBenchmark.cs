using System.Globalization;

namespace Orchestrator.Benchmarks;

/// <summary>How long until ready and how much memory, with an empty journal and with many pods in it.</summary>
internal static class StartBenchmark
{
    private const int Clients = 64;

    public static async Task RunAsync(int pods, CancellationToken cancellationToken)
    {
        await using var target = Target.Unstarted();
        Print("first start, empty", await target.StartAsync(cancellationToken, "--runtime", "hollow"), target);
        target.Kill();
        Print("second start, empty", await target.StartAsync(cancellationToken, "--runtime", "hollow"), target);

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            using var connection = await Connection.OpenAsync(target, cancellationToken);
            for (var n = client; n < pods; n += Clients)
            {
                var status = await Load.CreatePod(connection, $"p-{n}");
                if (status != 201) throw new InvalidOperationException($"create: status {status}");
            }
        }, cancellationToken)));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{pods} pods created   {target.ResidentMiB(),6} MiB"));
        target.Kill();
        Print($"start with {pods} pods", await target.StartAsync(cancellationToken, "--runtime", "hollow"), target);
        using var http = target.Http();
        using var first = await http.GetAsync("/api/v1/namespaces/default/pods/p-0", cancellationToken);
        first.EnsureSuccessStatusCode();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"after the first GET        {target.ResidentMiB(),6} MiB"));
    }

    private static void Print(string what, TimeSpan time, Target target) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{what,-26} {time.TotalSeconds,6:0.00} s until ready   {target.ResidentMiB(),6} MiB"));
}
