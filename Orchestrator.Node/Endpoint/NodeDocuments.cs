using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Endpoint;

/// <summary>What a node tells of itself: its pods, its use of the machine, its metrics and its settings.</summary>
/// <remarks>Source: kubelet, pkg/kubelet/server. What the runtime does not measure is left out, as by a kubelet whose engine has no numbers.</remarks>
internal sealed class NodeDocuments(IContainerRuntime runtime, IRegistries registries, ServedNodes nodes, TimeProvider clock)
{
    private readonly DateTimeOffset _started = clock.GetUtcNow();

    /// <summary>GET /pods: the pods that are bound to the node, whatever their phase.</summary>
    public async Task PodsAsync(HttpContext http)
    {
        if (await NodeOfAsync(http).ConfigureAwait(false) is not { } node) return;
        var text = new StringBuilder("{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[");
        var first = true;
        foreach (var pod in await BoundAsync(node, http.RequestAborted).ConfigureAwait(false))
        {
            if (!first) text.Append(',');
            first = false;
            text.Append(Encoding.UTF8.GetString(pod.Json.Span));
        }
        await JsonAsync(http, text.Append("]}").ToString()).ConfigureAwait(false);
    }

    /// <summary>GET /runningpods/: the pods of which the engine runs containers, as little as it knows of them.</summary>
    public async Task RunningPodsAsync(HttpContext http)
    {
        if (await NodeOfAsync(http).ConfigureAwait(false) is not { } node) return;
        var containers = await runtime.ListContainersAsync(node.Name, null, http.RequestAborted).ConfigureAwait(false);
        var pods = containers.Where(static c => c.Phase == ContainerPhase.Running).GroupBy(static c => c.Pod.Uid, StringComparer.Ordinal).Select(static pod => (JsonNode?)new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = pod.First().Pod.Name,
                ["namespace"] = pod.First().Pod.Namespace,
                ["uid"] = pod.Key,
                ["creationTimestamp"] = null,
            },
            ["spec"] = new JsonObject
            {
                ["containers"] = new JsonArray([.. pod.Select(static c => (JsonNode?)new JsonObject { ["name"] = c.Name, ["image"] = c.Image, ["resources"] = new JsonObject() })]),
            },
            ["status"] = new JsonObject(),
        });
        await JsonAsync(http, JsonTree.ToText(new JsonObject
        {
            ["kind"] = "PodList",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["items"] = new JsonArray([.. pods]),
        })).ConfigureAwait(false);
    }

    /// <summary>GET /stats/summary of stats.kubelet.k8s.io.</summary>
    public async Task SummaryAsync(HttpContext http)
    {
        if (await NodeOfAsync(http).ConfigureAwait(false) is not { } node) return;
        await JsonAsync(http, JsonTree.ToText((await MeasureAsync(node, http.RequestAborted).ConfigureAwait(false)).ToSummary())).ConfigureAwait(false);
    }

    /// <summary>GET /metrics: the kubelet itself.</summary>
    public async Task MetricsAsync(HttpContext http)
    {
        if (await NodeOfAsync(http).ConfigureAwait(false) is not { } node) return;
        var containers = await runtime.ListContainersAsync(node.Name, null, http.RequestAborted).ConfigureAwait(false);
        var text = new MetricsText();
        text.Begin("kubelet_node_name", "gauge", "[ALPHA] The node's name. The count is always 1.").Add("kubelet_node_name", 1, ("node", node.Name));
        text.Begin("kubelet_running_containers", "gauge", "[ALPHA] Number of containers currently running");
        foreach (var state in containers.GroupBy(static c => c.Phase).OrderBy(static s => s.Key))
            text.Add("kubelet_running_containers", state.Count(), ("container_state", state.Key.ToString().ToLowerInvariant()));
        text.Begin("kubelet_running_pods", "gauge", "[ALPHA] Number of pods that have a running pod sandbox")
            .Add("kubelet_running_pods", (await runtime.ListSandboxesAsync(node.Name, null, http.RequestAborted).ConfigureAwait(false)).Count(static s => s.Running));
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        text.Begin("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.").Add("process_cpu_seconds_total", process.TotalProcessorTime.TotalSeconds);
        text.Begin("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.").Add("process_resident_memory_bytes", process.WorkingSet64);
        text.Begin("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.")
            .Add("process_start_time_seconds", new DateTimeOffset(process.StartTime.ToUniversalTime(), TimeSpan.Zero).ToUnixTimeMilliseconds() / 1000.0);
        await text.WriteAsync(http).ConfigureAwait(false);
    }

    /// <summary>GET /metrics/resource: what the node and its containers use.</summary>
    public async Task ResourceMetricsAsync(HttpContext http)
    {
        if (await NodeOfAsync(http).ConfigureAwait(false) is not { } node) return;
        var text = new MetricsText();
        var failed = 0;
        try
        {
            (await MeasureAsync(node, http.RequestAborted).ConfigureAwait(false)).WriteTo(text);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            failed = 1; // the engine does not answer: who collects metrics is told so by one of them
        }
        text.Begin("resource_scrape_error", "gauge", "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise").Add("resource_scrape_error", failed);
        await text.WriteAsync(http).ConfigureAwait(false);
    }

    /// <summary>GET /configz: the settings, by the names that a kubelet gives them.</summary>
    public async Task ConfigurationAsync(HttpContext http)
    {
        if (await NodeOfAsync(http).ConfigureAwait(false) is not { } node) return;
        await JsonAsync(http, JsonTree.ToText(new JsonObject
        {
            ["kubeletconfig"] = new JsonObject
            {
                ["address"] = node.Address,
                ["port"] = http.Connection.LocalPort,
                ["maxPods"] = node.PodsMax,
                ["evictionHard"] = new JsonObject { ["memory.available"] = node.ReservedMemoryBytes.ToString(CultureInfo.InvariantCulture) },
                ["authentication"] = new JsonObject { ["anonymous"] = new JsonObject { ["enabled"] = false }, ["webhook"] = new JsonObject { ["enabled"] = false } },
            },
        })).ConfigureAwait(false);
    }

    private async Task<NodeStats> MeasureAsync(NodeFacts node, CancellationToken cancellationToken)
    {
        var containers = await runtime.ListContainersAsync(node.Name, null, cancellationToken).ConfigureAwait(false);
        var usages = await runtime.MeasureAsync(node.Name, cancellationToken).ConfigureAwait(false);
        return new NodeStats(node.Name, clock.GetUtcNow(), _started, UsageOf(node), NodeStats.Join(containers, usages));
    }

    // Simulated nodes share a machine that is none of theirs, and use nothing.
    private NodeUsage? UsageOf(NodeFacts node) => runtime.Simulated ? new NodeUsage(0, 0, node.MemoryBytes) : NodeUsage.Read();

    private async ValueTask<List<StoredObject>> BoundAsync(NodeFacts node, CancellationToken cancellationToken)
    {
        var pods = await registries.InformerAsync(ResourceTypes.Pods, cancellationToken).ConfigureAwait(false);
        return [.. pods.Objects.EnumerateFrom().Where(p => NodeFeed.NodeNameOf(p) == node.Name)];
    }

    private async ValueTask<NodeFacts?> NodeOfAsync(HttpContext http)
    {
        if (nodes.Of(http) is { } node) return node;
        await StreamNegotiation.RefuseAsync(http, StatusCodes.Status404NotFound, "the node is not one of this process").ConfigureAwait(false);
        return null;
    }

    private static Task JsonAsync(HttpContext http, string json)
    {
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(json, http.RequestAborted);
    }
}
