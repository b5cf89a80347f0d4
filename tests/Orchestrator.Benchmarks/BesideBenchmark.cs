using System.Globalization;

namespace Orchestrator.Benchmarks;

/// <summary>Several servers under the same load in turns, since a machine's speed changes from minute to minute: only figures of one run compare.</summary>
internal static class BesideBenchmark
{
    /// <summary>What is sent: by its name, the status of success, and the request of a connection.</summary>
    private static readonly (string What, int Status, Func<Connection, string, int, int, ValueTask<int>> Send)[] Loads =
    [
        ("pods", 201, (c, run, client, n) => Load.CreatePod(c, $"p-{run}-{client}-{n}")),
        ("configMaps", 201, (c, run, client, n) => Load.CreateConfigMap(c, $"c-{run}-{client}-{n}")),
        ("pod GETs", 200, (c, _, _, _) => Load.GetPod(c, Read)),
    ];

    private const string Read = "read";

    public static async Task RunAsync(
        IReadOnlyList<(string Name, Target Target)> servers, int clients, int rounds, TimeSpan length, CancellationToken cancellationToken)
    {
        var connections = new Connection[servers.Count][];
        for (var server = 0; server < servers.Count; server++)
        {
            connections[server] = new Connection[clients];
            for (var i = 0; i < clients; i++) connections[server][i] = await Connection.OpenAsync(servers[server].Target, cancellationToken);
            if (await Load.CreatePod(connections[server][0], Read) is not (201 or 409) and var status)
                throw new InvalidOperationException($"{servers[server].Name} refuses pods: status {status}");
            await MeasureAsync(server, Loads[0], "warm-up", length);
        }

        var results = new Dictionary<(string What, int Server), List<LoadResult>>();
        for (var round = 0; round < rounds; round++)
            foreach (var load in Loads)
                for (var server = 0; server < servers.Count; server++)
                {
                    var result = await MeasureAsync(server, load, load.What, length);
                    Console.WriteLine($"{servers[server].Name,-16} {result}");
                    if (!results.TryGetValue((load.What, server), out var before)) results.Add((load.What, server), before = []);
                    before.Add(result);
                }
        foreach (var of in connections.SelectMany(c => c)) of.Dispose();
        Write(servers, rounds, results);

        Task<LoadResult> MeasureAsync(int server, (string, int Status, Func<Connection, string, int, int, ValueTask<int>> Send) load, string what, TimeSpan time)
        {
            var run = Guid.CreateVersion7().ToString("N")[^8..];
            return Load.MeasureAsync(what, connections[server], time, load.Status, (c, client, n) => load.Send(c, run, client, n));
        }
    }

    /// <summary>Medians of all rounds, and how often the first server does what the others do.</summary>
    private static void Write(IReadOnlyList<(string Name, Target Target)> servers, int rounds, Dictionary<(string What, int Server), List<LoadResult>> results)
    {
        Console.WriteLine();
        Console.WriteLine($"{$"medians of {rounds}",-14}{string.Join("", servers.Select(s => $"{s.Name,32}"))}");
        foreach (var (what, _, _) in Loads)
        {
            var line = $"{what,-14}";
            var first = Median(results[(what, 0)], r => r.PerSecond);
            for (var server = 0; server < servers.Count; server++)
            {
                var of = results[(what, server)];
                var rate = Median(of, r => r.PerSecond);
                var ratio = server == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{first / rate:0.00} x");
                line += string.Create(CultureInfo.InvariantCulture, $"{rate,10:0} /s p99 {Median(of, r => r.P99),5:0.0} {ratio,8}");
            }
            Console.WriteLine(line);
        }
        foreach (var (name, target) in servers)
            if (target.ResidentMiB() is > 0 and var resident) Console.WriteLine($"{name} resident {resident} MiB");
    }

    private static double Median(List<LoadResult> results, Func<LoadResult, double> figure)
    {
        var sorted = results.Select(figure).Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
