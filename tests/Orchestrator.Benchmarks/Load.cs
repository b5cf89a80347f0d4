using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Orchestrator.Benchmarks;

/// <summary>Requests of many clients, each of which sends one after the other.</summary>
internal static class Load
{
    private static readonly string Filling = new('x', 1024);

    /// <summary>Sends until the time is over; every answer must have the expected status.</summary>
    /// <param name="request">The request of a connection, by the client's index and the number of its requests before.</param>
    public static async Task<LoadResult> MeasureAsync(
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
        return new LoadResult(what, all.Length / elapsed.TotalSeconds, Ms(all, 0.5), Ms(all, 0.99), elapsed, [.. latencies.Select(t => t.Count)]);
    }

    public static ValueTask<int> CreatePod(Connection connection, string name) =>
        connection.SendAsync("POST", "/api/v1/namespaces/default/pods", Pod(name), default);

    public static ValueTask<int> CreateConfigMap(Connection connection, string name) =>
        connection.SendAsync("POST", "/api/v1/namespaces/default/configmaps", ConfigMap(name), default);

    public static ValueTask<int> GetPod(Connection connection, string name) =>
        connection.SendAsync("GET", $"/api/v1/namespaces/default/pods/{name}", null, default);

    public static byte[] ConfigMap(string name) => Encoding.UTF8.GetBytes($$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{name}}"},"data":{"key":"{{Filling}}"} }""");

    /// <summary>A pod of ordinary size. It asks for a node that is not there, so that only the API is measured.</summary>
    public static byte[] Pod(string name, string ns = "default") => Encoding.UTF8.GetBytes($$$$$$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{{{{name}}}}}}","namespace":"{{{{{{ns}}}}}}","labels":{"app":"bench","tier":"web","release":"stable"},"annotations":{"example.com/owner":"team-a","example.com/description":"a pod of ordinary size for the benchmark of the API"}},"spec":{"nodeSelector":{"kubernetes.io/hostname":"nowhere"},"containers":[{"name":"web","image":"registry.example.com/web:1.2.3","command":["/bin/web","--port=8080"],"env":[{"name":"LOG_LEVEL","value":"info"},{"name":"POD_NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}],"ports":[{"name":"http","containerPort":8080}],"resources":{"requests":{"cpu":"100m","memory":"64Mi"},"limits":{"cpu":"500m","memory":"128Mi"}},"readinessProbe":{"httpGet":{"path":"/healthz","port":8080},"periodSeconds":10},"volumeMounts":[{"name":"cache","mountPath":"/cache"}]}],"volumes":[{"name":"cache","emptyDir":{}}]}}
        """);

    private static double Ms(long[] sorted, double quantile) =>
        sorted.Length == 0 ? 0 : Stopwatch.GetElapsedTime(0, sorted[(int)((sorted.Length - 1) * quantile)]).TotalMilliseconds;
}

/// <summary>What a load came to.</summary>
/// <param name="P50">Half of the answers took no longer (ms).</param>
/// <param name="P99">All but a hundredth took no longer (ms).</param>
/// <param name="Sent">How many requests each client has sent.</param>
internal sealed record LoadResult(string What, double PerSecond, double P50, double P99, TimeSpan Elapsed, int[] Sent)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{What,-12} {PerSecond,8:0} /s   p50 {P50:0.0} ms   p99 {P99:0.0} ms   ({Sent.Length} clients, {Elapsed.TotalSeconds:0.0} s)");
}
