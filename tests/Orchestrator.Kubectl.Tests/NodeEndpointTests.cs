using System.Text.Json.Nodes;

namespace Orchestrator.Kubectl.Tests;

/// <summary>What a node serves through the API server, and what the streams of simulated pods do.</summary>
public sealed class NodeEndpointTests(HollowCluster cluster) : IClassFixture<HollowCluster>
{
    private const string Proxy = "/api/v1/nodes/node-1/proxy";

    [SkippableFact]
    public async Task Documents_AreThoseOfAKubelet()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await RunPodAsync(kubectl);
        var pods = JsonNode.Parse(await kubectl.RunAsync("get", "--raw", $"{Proxy}/pods"))!;
        Assert.Equal("PodList", (string?)pods["kind"]);
        Assert.Contains(pods["items"]!.AsArray(), p => (string?)p!["metadata"]!["namespace"] == kubectl.Namespace && (string?)p["spec"]!["nodeName"] == "node-1");
        var running = JsonNode.Parse(await kubectl.RunAsync("get", "--raw", $"{Proxy}/runningpods/"))!["items"]!.AsArray()
            .Single(p => (string?)p!["metadata"]!["namespace"] == kubectl.Namespace)!;
        Assert.Equal(("c", "i"), ((string?)running["spec"]!["containers"]![0]!["name"], (string?)running["spec"]!["containers"]![0]!["image"]));
        var summary = JsonNode.Parse(await kubectl.RunAsync("get", "--raw", $"{Proxy}/stats/summary"))!;
        Assert.Equal("node-1", (string?)summary["node"]!["nodeName"]);
        Assert.Equal((0L, 0L), ((long?)summary["node"]!["cpu"]!["usageCoreNanoSeconds"], (long?)summary["node"]!["memory"]!["workingSetBytes"]));
        var pod = summary["pods"]!.AsArray().Single(p => (string?)p!["podRef"]!["namespace"] == kubectl.Namespace)!;
        foreach (var measured in new[] { pod, pod["containers"]![0]! })
            Assert.Equal((0L, 0L), ((long?)measured["cpu"]!["usageCoreNanoSeconds"], (long?)measured["memory"]!["workingSetBytes"])); // nothing runs in it
        Assert.Contains("kubelet_node_name{node=\"node-1\"} 1", await kubectl.RunAsync("get", "--raw", $"{Proxy}/metrics"), StringComparison.Ordinal);
        Assert.Contains($"namespace=\"{kubectl.Namespace}\",pod=\"p\"", await kubectl.RunAsync("get", "--raw", $"{Proxy}/metrics/resource"), StringComparison.Ordinal);
        Assert.Equal(110, (int?)JsonNode.Parse(await kubectl.RunAsync("get", "--raw", $"{Proxy}/configz"))!["kubeletconfig"]!["maxPods"]);
        Assert.Equal("ok", await kubectl.RunAsync("get", "--raw", $"{Proxy}/healthz"));
        Assert.Contains("<pre>", await kubectl.RunAsync("get", "--raw", $"{Proxy}/logs/"), StringComparison.Ordinal);
        Assert.False((await kubectl.TryAsync("get", "--raw", $"{Proxy}/logs/..%2F..%2Fetc/passwd")).Output.Contains("root:", StringComparison.Ordinal));
        Assert.Contains("simulated container", await kubectl.RunAsync("get", "--raw", $"{Proxy}/containerLogs/{kubectl.Namespace}/p/c"), StringComparison.Ordinal);
        Assert.Equal("hi there\n", await kubectl.RunAsync("create", "--raw", $"{Proxy}/run/{kubectl.Namespace}/p/c?cmd=echo%20hi%20there", "-f", "/dev/null"));
    }

    [SkippableFact]
    public async Task Top_ShowsNodesPodsAndContainers()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await RunPodAsync(kubectl);
        // Simulated pods use nothing, and are shown.
        Assert.Contains("node-1 0m 0%", Words(await kubectl.RunAsync("top", "nodes")), StringComparison.Ordinal);
        Assert.Equal("NAME CPU(cores) MEMORY(bytes) p 0m 0Mi", Words(await kubectl.RunAsync("top", "pods")));
        Assert.Equal("POD NAME CPU(cores) MEMORY(bytes) p c 0m 0Mi", Words(await kubectl.RunAsync("top", "pod", "p", "--containers")));
        Assert.Contains("pods.metrics.k8s.io \"none\" not found", (await kubectl.TryAsync("top", "pod", "none")).Error, StringComparison.Ordinal);
    }

    private static string Words(string table) => string.Join(' ', table.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries));

    [SkippableFact]
    public async Task SimulatedPods_AnswerStreams()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await RunPodAsync(kubectl);
        Assert.Contains("simulated container", await kubectl.RunAsync("logs", "p"), StringComparison.Ordinal);
        Assert.Equal("hello\n", await kubectl.RunAsync("exec", "p", "--", "echo", "hello"));
        Assert.Equal("p\n", await kubectl.RunAsync("exec", "p", "--", "hostname"));
        var refused = await kubectl.TryAsync("exec", "p", "--", "sh");
        Assert.Equal(126, refused.ExitCode);
        Assert.Contains("this container is simulated: sh cannot run in it", refused.Error, StringComparison.Ordinal);
        Assert.Equal(7, (await kubectl.TryAsync("exec", "p", "--", "exit", "7")).ExitCode);
    }

    private static async Task RunPodAsync(Kubectl kubectl)
    {
        await kubectl.ApplyAsync("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
        await kubectl.RunAsync("wait", "pod/p", "--for=condition=Ready", "--timeout=60s");
    }
}
