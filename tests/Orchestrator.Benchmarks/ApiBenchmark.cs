using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Orchestrator.Benchmarks;

/// <summary>Creates and GETs per second, with their latencies.</summary>
internal static class ApiBenchmark
{
    private const int Listed = 5000;
    private const int Watchers = 100;
    private const int Watched = 2000;

    public static async Task RunAsync(Target target, int clients, TimeSpan length, CancellationToken cancellationToken)
    {
        var connections = new Connection[clients];
        for (var i = 0; i < clients; i++) connections[i] = await Connection.OpenAsync(target, cancellationToken);
        var run = Guid.CreateVersion7().ToString("N")[^8..];
        await MeasureAsync("warm-up", connections, TimeSpan.FromSeconds(3), 201, (c, client, n) => Load.CreatePod(c, $"warm-{run}-{client}-{n}"));
        var created = await MeasureAsync("pod creates", connections, length, 201, (c, client, n) => Load.CreatePod(c, $"b-{run}-{client}-{n}"));
        await MeasureAsync("pod GETs", connections, length, 200,
            (c, client, n) => Load.GetPod(c, $"b-{run}-{client}-{n % created[client]}"));
        await MeasureAsync("configMaps", connections, length, 201, (c, client, n) => Load.CreateConfigMap(c, $"c-{run}-{client}-{n}"));
        await ListAsync(target, connections, run, length);
        await FanOutAsync(target, connections, run, cancellationToken);
        foreach (var connection in connections) connection.Dispose();
        Console.WriteLine($"resident     {target.ResidentMiB(),8} MiB");
    }

    /// <summary>Whole lists, by few readers, compressed and not.</summary>
    private static async Task ListAsync(Target target, Connection[] connections, string run, TimeSpan length)
    {
        var ns = await NamespaceAsync(connections[0], $"list-{run}");
        await ShareAsync(connections, Listed, (c, n) => c.SendAsync("POST", $"/api/v1/namespaces/{ns}/pods", Load.Pod($"p-{n}", ns), default));
        var readers = connections[..4];
        await MeasureAsync("LISTs, gzip", readers, length, 200, (c, _, _) => c.SendAsync("GET", $"/api/v1/namespaces/{ns}/pods", null, default, "Accept-Encoding: gzip\r\n"));
        await MeasureAsync("LISTs, plain", readers, length, 200, (c, _, _) => c.SendAsync("GET", $"/api/v1/namespaces/{ns}/pods", null, default));
    }

    /// <summary>How fast every watcher has every event.</summary>
    private static async Task FanOutAsync(Target target, Connection[] connections, string run, CancellationToken cancellationToken)
    {
        var ns = await NamespaceAsync(connections[0], $"watch-{run}");
        using var http = target.Http();
        var connected = new CountdownEvent(Watchers);
        var watchers = Enumerable.Range(0, Watchers).Select(_ => Task.Run(async () =>
        {
            // The namespace's own configMap of the authority may come first.
            using var response = await http.GetAsync($"/api/v1/namespaces/{ns}/configmaps?watch=true&fieldSelector=metadata.name!=kube-root-ca.crt", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            await using var stream = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellationToken);
            connected.Signal();
            var buffer = new byte[64 * 1024];
            for (var events = 0; events < Watched;)
            {
                var count = await stream.ReadAsync(buffer, cancellationToken);
                if (count == 0) throw new IOException("the server ended the watch");
                events += buffer.AsSpan(0, count).Count((byte)'\n');
            }
        }, cancellationToken)).ToArray();
        await Task.Run(() => connected.Wait(cancellationToken), cancellationToken);
        var watch = Stopwatch.StartNew();
        await ShareAsync(connections, Watched, (c, n) => c.SendAsync("POST", $"/api/v1/namespaces/{ns}/configmaps", Load.ConfigMap($"w-{n}"), default));
        await Task.WhenAll(watchers);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"watch events {Watchers * Watched / watch.Elapsed.TotalSeconds,8:0} /s   to {Watchers} watchers ({Watched} creates, {watch.Elapsed.TotalSeconds:0.0} s)"));
    }

    private static async Task<string> NamespaceAsync(Connection connection, string name)
    {
        var status = await connection.SendAsync("POST", "/api/v1/namespaces", Encoding.UTF8.GetBytes($$"""{"metadata":{"name":"{{name}}"} }"""), default);
        return status == 201 ? name : throw new InvalidOperationException($"namespace: status {status}");
    }

    private static Task ShareAsync(Connection[] connections, int count, Func<Connection, int, ValueTask<int>> create) =>
        Task.WhenAll(connections.Select((connection, client) => Task.Run(async () =>
        {
            for (var n = client; n < count; n += connections.Length)
                if (await create(connection, n) is not 201 and var status) throw new InvalidOperationException($"create: status {status}");
        })));

    private static async Task<int[]> MeasureAsync(
        string what, Connection[] connections, TimeSpan length, int expected, Func<Connection, int, int, ValueTask<int>> request)
    {
        var result = await Load.MeasureAsync(what, connections, length, expected, request);
        Console.WriteLine(result);
        return result.Sent;
    }
}
