using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
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
        var now = Rfc3339.Seconds(clock.GetUtcNow());
        var machine = new JsonObject { ["nodeName"] = node.Name, ["startTime"] = Rfc3339.Seconds(_started) };
        if (UsageOf() is { } usage)
        {
            machine["cpu"] = new JsonObject { ["time"] = now, ["usageCoreNanoSeconds"] = (long)(usage.CpuSeconds * 1e9) };
            machine["memory"] = new JsonObject
            {
                ["time"] = now,
                ["availableBytes"] = usage.AvailableBytes,
                ["usageBytes"] = usage.MemoryBytes,
                ["workingSetBytes"] = usage.MemoryBytes,
            };
        }
        var containers = await runtime.ListContainersAsync(node.Name, null, http.RequestAborted).ConfigureAwait(false);
        var pods = containers.Where(static c => c.Phase == ContainerPhase.Running).GroupBy(static c => c.Pod.Uid, StringComparer.Ordinal).Select(static pod => (JsonNode?)new JsonObject
        {
            ["podRef"] = new JsonObject { ["name"] = pod.First().Pod.Name, ["namespace"] = pod.First().Pod.Namespace, ["uid"] = pod.Key },
            ["startTime"] = TimeOf(pod.Min(static c => c.StartedAt)),
            ["containers"] = new JsonArray([.. pod.Select(static c => (JsonNode?)new JsonObject { ["name"] = c.Name, ["startTime"] = TimeOf(c.StartedAt) })]),
        });
        await JsonAsync(http, JsonTree.ToText(new JsonObject { ["node"] = machine, ["pods"] = new JsonArray([.. pods]) })).ConfigureAwait(false);
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
        var containers = await runtime.ListContainersAsync(node.Name, null, http.RequestAborted).ConfigureAwait(false);
        var text = new MetricsText();
        text.Begin("container_start_time_seconds", "gauge", "[STABLE] Start time of the container since unix epoch in seconds");
        foreach (var c in containers.Where(static c => c is { Phase: ContainerPhase.Running, StartedAt: not null }))
            text.Add("container_start_time_seconds", c.StartedAt!.Value.ToUnixTimeMilliseconds() / 1000.0, ("container", c.Name), ("namespace", c.Pod.Namespace), ("pod", c.Pod.Name));
        if (UsageOf() is { } usage)
        {
            text.Begin("node_cpu_usage_seconds_total", "counter", "[STABLE] Cumulative cpu time consumed by the node in core-seconds").Add("node_cpu_usage_seconds_total", usage.CpuSeconds);
            text.Begin("node_memory_working_set_bytes", "gauge", "[STABLE] Current working set of the node in bytes").Add("node_memory_working_set_bytes", usage.MemoryBytes);
        }
        text.Begin("resource_scrape_error", "gauge", "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise").Add("resource_scrape_error", 0);
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

    // Simulated nodes share a machine that is none of theirs.
    private NodeUsage? UsageOf() => runtime.Simulated ? null : NodeUsage.Read();

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

    private static string? TimeOf(DateTimeOffset? time) => time is { } at ? Rfc3339.Seconds(at) : null;

    private static Task JsonAsync(HttpContext http, string json)
    {
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(json, http.RequestAborted);
    }
}

/// <summary>Metrics in the text format of Prometheus.</summary>
internal sealed class MetricsText
{
    private readonly StringBuilder _text = new();

    public MetricsText Begin(string name, string type, string help)
    {
        _text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        return this;
    }

    public MetricsText Add(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(name);
        for (var i = 0; i < labels.Length; i++)
        {
            _text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"")
                .Append(labels[i].Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
        }
        if (labels.Length > 0) _text.Append('}');
        _text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
        return this;
    }

    public Task WriteAsync(HttpContext http)
    {
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return http.Response.WriteAsync(_text.ToString(), http.RequestAborted);
    }
}
