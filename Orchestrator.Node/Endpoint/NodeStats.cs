using Orchestrator.Actors.Resources;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Endpoint;

/// <summary>What a node and its containers use at one moment: the reading that both documents of it are made of.</summary>
/// <param name="Time">When it was taken.</param>
/// <param name="StartedAt">When the kubelet began.</param>
/// <param name="Machine">Null where the machine does not tell.</param>
/// <remarks>Source: kubelet, stats/v1alpha1 and pkg/kubelet/metrics/collectors. What the runtime does not measure is left out.</remarks>
internal sealed record NodeStats(string Name, DateTimeOffset Time, DateTimeOffset StartedAt, NodeUsage? Machine, IReadOnlyList<PodStats> Pods)
{
    /// <summary>Reads a moment's listing; containers that do not run are of no interest.</summary>
    public static IReadOnlyList<PodStats> Join(IEnumerable<ContainerState> containers, IEnumerable<ContainerUsage> usages)
    {
        var measured = usages.ToDictionary(static u => u.ContainerId, StringComparer.Ordinal);
        return [.. containers.Where(static c => c.Phase == ContainerPhase.Running)
            .OrderBy(static c => c.Pod.Namespace, StringComparer.Ordinal).ThenBy(static c => c.Pod.Name, StringComparer.Ordinal).ThenBy(static c => c.Name, StringComparer.Ordinal)
            .GroupBy(static c => c.Pod.Uid, StringComparer.Ordinal)
            .Select(pod => new PodStats(pod.First().Pod, [.. pod.Select(c => new ContainerStats(c, measured.GetValueOrDefault(c.Id)))]))];
    }

    /// <summary>The Summary of stats.kubelet.k8s.io.</summary>
    /// <remarks>A sample's time has microseconds, since rates are computed from two of them; metav1.Time has whole seconds there.</remarks>
    public JsonObject ToSummary()
    {
        var machine = new JsonObject { ["nodeName"] = Name, ["startTime"] = Rfc3339.Seconds(StartedAt) };
        if (Machine is { } usage)
        {
            machine["cpu"] = Cpu(usage.CpuSeconds);
            machine["memory"] = new JsonObject
            {
                ["time"] = Rfc3339.Micros(Time),
                ["availableBytes"] = usage.AvailableBytes,
                ["usageBytes"] = usage.MemoryBytes,
                ["workingSetBytes"] = usage.MemoryBytes,
            };
        }
        return new JsonObject { ["node"] = machine, ["pods"] = new JsonArray([.. Pods.Select(p => (JsonNode?)Pod(p))]) };
    }

    private JsonObject Pod(PodStats pod)
    {
        var json = new JsonObject
        {
            ["podRef"] = new JsonObject { ["name"] = pod.Pod.Name, ["namespace"] = pod.Pod.Namespace, ["uid"] = pod.Pod.Uid },
            ["startTime"] = TimeOf(pod.Containers.Min(static c => c.State.StartedAt)),
            ["containers"] = new JsonArray([.. pod.Containers.Select(c => (JsonNode?)Container(c))]),
        };
        AddUsage(json, pod.Usage);
        return json;
    }

    private JsonObject Container(ContainerStats container)
    {
        var json = new JsonObject { ["name"] = container.State.Name, ["startTime"] = TimeOf(container.State.StartedAt) };
        AddUsage(json, container.Usage);
        return json;
    }

    private void AddUsage(JsonObject json, ContainerUsage? usage)
    {
        if (usage is null) return;
        json["cpu"] = Cpu(usage.CpuSeconds);
        json["memory"] = new JsonObject { ["time"] = Rfc3339.Micros(Time), ["usageBytes"] = usage.UsageBytes, ["workingSetBytes"] = usage.WorkingSetBytes };
    }

    private JsonObject Cpu(double seconds) => new() { ["time"] = Rfc3339.Micros(Time), ["usageCoreNanoSeconds"] = (long)Math.Round(seconds * 1e9) };

    private static string? TimeOf(DateTimeOffset? time) => time is { } at ? Rfc3339.Seconds(at) : null;

    /// <summary>The metrics of /metrics/resource.</summary>
    public void WriteTo(MetricsText text)
    {
        var measured = Pods.SelectMany(static p => p.Containers.Select(c => (Pod: p.Pod, c.State, c.Usage))).ToList();
        text.Begin("container_cpu_usage_seconds_total", "counter", "[STABLE] Cumulative cpu time consumed by the container in core-seconds");
        foreach (var (pod, state, usage) in measured)
            if (usage is not null) text.Add("container_cpu_usage_seconds_total", usage.CpuSeconds, Time, ("container", state.Name), ("namespace", pod.Namespace), ("pod", pod.Name));
        text.Begin("container_memory_working_set_bytes", "gauge", "[STABLE] Current working set of the container in bytes");
        foreach (var (pod, state, usage) in measured)
            if (usage is not null) text.Add("container_memory_working_set_bytes", usage.WorkingSetBytes, Time, ("container", state.Name), ("namespace", pod.Namespace), ("pod", pod.Name));
        text.Begin("container_start_time_seconds", "gauge", "[STABLE] Start time of the container since unix epoch in seconds");
        foreach (var (pod, state, _) in measured)
            if (state.StartedAt is { } at) text.Add("container_start_time_seconds", at.ToUnixTimeMilliseconds() / 1000.0, ("container", state.Name), ("namespace", pod.Namespace), ("pod", pod.Name));
        if (Machine is { } machine)
        {
            text.Begin("node_cpu_usage_seconds_total", "counter", "[STABLE] Cumulative cpu time consumed by the node in core-seconds").Add("node_cpu_usage_seconds_total", machine.CpuSeconds, Time);
            text.Begin("node_memory_working_set_bytes", "gauge", "[STABLE] Current working set of the node in bytes").Add("node_memory_working_set_bytes", machine.MemoryBytes, Time);
        }
        text.Begin("pod_cpu_usage_seconds_total", "counter", "[STABLE] Cumulative cpu time consumed by the pod in core-seconds");
        foreach (var pod in Pods)
            if (pod.Usage is { } usage) text.Add("pod_cpu_usage_seconds_total", usage.CpuSeconds, Time, ("namespace", pod.Pod.Namespace), ("pod", pod.Pod.Name));
        text.Begin("pod_memory_working_set_bytes", "gauge", "[STABLE] Current working set of the pod in bytes");
        foreach (var pod in Pods)
            if (pod.Usage is { } usage) text.Add("pod_memory_working_set_bytes", usage.WorkingSetBytes, Time, ("namespace", pod.Pod.Namespace), ("pod", pod.Pod.Name));
    }
}

/// <summary>The running containers of a pod.</summary>
internal sealed record PodStats(PodIdentity Pod, IReadOnlyList<ContainerStats> Containers)
{
    /// <summary>The sum of what was measured; null when nothing was.</summary>
    public ContainerUsage? Usage { get; } = Containers.Select(static c => c.Usage).OfType<ContainerUsage>()
        .Aggregate((ContainerUsage?)null, static (sum, c) => sum is null ? c : new ContainerUsage("", sum.CpuSeconds + c.CpuSeconds, sum.WorkingSetBytes + c.WorkingSetBytes, sum.UsageBytes + c.UsageBytes));
}

/// <summary>A running container with what was measured of it, if anything.</summary>
internal sealed record ContainerStats(ContainerState State, ContainerUsage? Usage);
