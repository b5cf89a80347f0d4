using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Orchestrator.Benchmarks;

/// <summary>How long a Deployment takes until all its pods run, over many simulated nodes.</summary>
internal static class DensityBenchmark
{
    public static async Task RunAsync(int nodes, int replicas, CancellationToken cancellationToken)
    {
        await using var target = Target.Unstarted();
        await target.StartAsync(cancellationToken, "--runtime", "hollow");
        using var http = target.Http();
        var watch = Stopwatch.StartNew();
        await target.RunAsync(["node", "--name", "hollow", "--join", target.Remoting, "--hollow", $"{nodes}", "--data", Path.Combine(target.Folder, "nodes")], cancellationToken);
        await WaitAsync(http, "/api/v1/nodes", "", list => Ready(list) >= nodes, cancellationToken);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{nodes} nodes Ready           {watch.Elapsed.TotalSeconds,7:0.0} s"));

        watch.Restart();
        using var created = await http.PostAsync("/apis/apps/v1/namespaces/default/deployments",
            new StringContent(Deployment(replicas), Encoding.UTF8, "application/json"), cancellationToken);
        created.EnsureSuccessStatusCode();
        var seen = "";
        await WaitAsync(http, "/apis/apps/v1/namespaces/default/deployments", "", list =>
        {
            var status = list["items"]![0]!["status"];
            var line = $"{(int?)status?["replicas"] ?? 0} created, {(int?)status?["readyReplicas"] ?? 0} ready";
            if (line != seen) Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {watch.Elapsed.TotalSeconds,6:0.0} s  {seen = line}"));
            return (int?)status?["readyReplicas"] >= replicas;
        }, cancellationToken);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{replicas} replicas Running     {watch.Elapsed.TotalSeconds,7:0.0} s   ({replicas / watch.Elapsed.TotalSeconds:0} pods/s, control plane {target.ResidentMiB()} MiB)"));
    }

    private static int Ready(JsonNode list) => list["items"]!.AsArray().Count(n =>
        n!["status"]?["conditions"]?.AsArray().Any(c => (string?)c!["type"] == "Ready" && (string?)c["status"] == "True") == true);

    /// <summary>Looks once, then again at each change that a watch reports.</summary>
    private static async Task WaitAsync(HttpClient http, string path, string query, Predicate<JsonNode> done, CancellationToken cancellationToken)
    {
        while (true)
        {
            var list = (await http.GetFromJsonAsync<JsonNode>(path + query, cancellationToken))!;
            if (done(list)) return;
            var version = (string?)list["metadata"]!["resourceVersion"];
            using var response = await http.GetAsync($"{path}?watch=1&resourceVersion={version}", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
            await reader.ReadLineAsync(cancellationToken);
        }
    }

    private static string Deployment(int replicas) => $$$$$$"""
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"density"},"spec":{"replicas":{{{{{{replicas}}}}}},"selector":{"matchLabels":{"app":"density"}},
        "template":{"metadata":{"labels":{"app":"density"}},"spec":{"containers":[{"name":"c","image":"busybox","command":["sleep","1000000"],"resources":{"requests":{"cpu":"10m","memory":"10Mi"}}}]}}}}
        """;
}
