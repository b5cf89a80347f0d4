using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Orchestrator.Benchmarks;

/// <summary>Creates and GETs per second, with their latencies.</summary>
internal static class ApiBenchmark
{
    public static async Task RunAsync(Target target, int clients, TimeSpan length, CancellationToken cancellationToken)
    {
        var connections = new Connection[clients];
        for (var i = 0; i < clients; i++) connections[i] = await Connection.OpenAsync(target, cancellationToken);
        var run = Guid.CreateVersion7().ToString("N")[^8..];
        await MeasureAsync("warm-up", connections, TimeSpan.FromSeconds(3), 201, (c, client, n) => Create(c, $"warm-{run}-{client}-{n}"));
        await MeasureAsync("pod creates", connections, length, 201, (c, client, n) => Create(c, $"b-{run}-{client}-{n}"));
        await MeasureAsync("pod GETs", connections, length, 200,
            (c, client, n) => c.SendAsync("GET", $"/api/v1/namespaces/default/pods/b-{run}-{client}-{n % 100}", null, default));
        foreach (var connection in connections) connection.Dispose();
    }

    private static ValueTask<int> Create(Connection connection, string name) =>
        connection.SendAsync("POST", "/api/v1/namespaces/default/pods", Pod(name), default);

    private static async Task MeasureAsync(
        string what, Connection[] connections, TimeSpan length, int expected, Func<Connection, int, int, ValueTask<int>> request)
    {
        var watch = Stopwatch.StartNew();
        var latencies = await Task.WhenAll(connections.Select((connection, client) => Task.Run(async () =>
        {
            var times = new List<long>();
            for (var n = 0; watch.Elapsed < length; n++)
            {
                var begin = Stopwatch.GetTimestamp();
                var status = await request(connection, client, n);
                if (status != expected) throw new InvalidOperationException($"{what}: status {status}");
                times.Add(Stopwatch.GetTimestamp() - begin);
            }
            return times;
        })));
        var elapsed = watch.Elapsed;
        var all = latencies.SelectMany(t => t).Order().ToArray();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what,-12} {all.Length / elapsed.TotalSeconds,8:0} /s   p50 {Ms(all, 0.5):0.0} ms   p99 {Ms(all, 0.99):0.0} ms   ({connections.Length} clients, {elapsed.TotalSeconds:0.0} s)"));
    }

    private static double Ms(long[] sorted, double quantile) =>
        Stopwatch.GetElapsedTime(0, sorted[(int)((sorted.Length - 1) * quantile)]).TotalMilliseconds;

    /// <summary>A pod of ordinary size. It asks for a node that is not there, so that only the API is measured.</summary>
    internal static byte[] Pod(string name) => Encoding.UTF8.GetBytes($$$$$$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{{{{name}}}}}}","namespace":"default","labels":{"app":"bench","tier":"web","release":"stable"},"annotations":{"example.com/owner":"team-a","example.com/description":"a pod of ordinary size for the benchmark of the API"}},"spec":{"nodeSelector":{"kubernetes.io/hostname":"nowhere"},"containers":[{"name":"web","image":"registry.example.com/web:1.2.3","command":["/bin/web","--port=8080"],"env":[{"name":"LOG_LEVEL","value":"info"},{"name":"POD_NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}],"ports":[{"name":"http","containerPort":8080}],"resources":{"requests":{"cpu":"100m","memory":"64Mi"},"limits":{"cpu":"500m","memory":"128Mi"}},"readinessProbe":{"httpGet":{"path":"/healthz","port":8080},"periodSeconds":10},"volumeMounts":[{"name":"cache","mountPath":"/cache"}]}],"volumes":[{"name":"cache","emptyDir":{}}]}}
        """);
}
