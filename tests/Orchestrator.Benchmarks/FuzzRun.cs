using System.Globalization;
using Orchestrator.Actors.Schemas;
using Orchestrator.Host.Tests.Fuzz;

namespace Orchestrator.Benchmarks;

/// <summary>Random and mutated requests against a running process: it must answer all of them without a fault and stay as small as it was.</summary>
internal static class FuzzRun
{
    private const int Clients = 8;

    public static async Task<int> RunAsync(Target target, int requests, int seed, CancellationToken cancellationToken)
    {
        using var http = target.Http();
        http.Timeout = TimeSpan.FromSeconds(60);
        var codes = new int[600];
        var faults = 0;
        var done = 0;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var fuzzer = new RequestFuzzer(seed + client, () => SchemaCatalog.BuiltIn);
            for (var i = client; i < requests; i += Clients)
            {
                using var request = fuzzer.Next();
                using var response = await http.SendAsync(request, cancellationToken);
                await response.Content.ReadAsByteArrayAsync(cancellationToken);
                Interlocked.Increment(ref codes[(int)response.StatusCode]);
                if ((int)response.StatusCode is 500 or 501 or 502 && Interlocked.Increment(ref faults) <= 20)
                    Console.WriteLine($"{(int)response.StatusCode} for request {i / Clients} of seed {seed + client}: {request.Method} {request.RequestUri}");
                var count = Interlocked.Increment(ref done);
                if (count % (requests / 10) == 0) Console.WriteLine($"{count,8} requests, {target.ResidentMiB()} MiB");
            }
        }, cancellationToken)));
        Console.WriteLine("answers: " + string.Join(", ", codes.Select((n, code) => (n, code)).Where(c => c.n > 0).Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.code}: {c.n}"))));
        Console.WriteLine($"faults: {faults}");
        return faults == 0 ? 0 : 1;
    }
}
