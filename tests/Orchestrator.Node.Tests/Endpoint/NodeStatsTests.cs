using Orchestrator.Actors.Resources;
using Orchestrator.Node.Endpoint;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Tests.Endpoint;

public sealed class NodeStatsTests
{
    private static readonly DateTimeOffset Now = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(1_234_560);

    private static ContainerState Container(string id, string pod, string name, ContainerPhase phase = ContainerPhase.Running) => new()
    {
        Id = id,
        Pod = new PodIdentity("n1", "ns", pod, "uid-" + pod, 1),
        Name = name,
        Phase = phase,
        StartedAt = Now.AddMinutes(-1),
    };

    private static NodeStats Stats(NodeUsage? machine) => new("n1", Now, Now.AddHours(-1), machine, NodeStats.Join(
        [Container("3", "q", "c"), Container("2", "p", "b"), Container("1", "p", "a"), Container("4", "p", "done", ContainerPhase.Exited)],
        [new ContainerUsage("1", 1.25, 1000, 1500), new ContainerUsage("2", 0.5, 24, 30), new ContainerUsage("unlisted", 9, 9, 9)]));

    [Fact]
    public void Summary_HasTheFiguresOfContainers_AndTheirSums()
    {
        var summary = Stats(new NodeUsage(7.5, 300, 700)).ToSummary();

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""
            {
              "node": {
                "nodeName": "n1", "startTime": "2026-01-02T02:04:05Z",
                "cpu": {"time": "2026-01-02T03:04:05.123456Z", "usageCoreNanoSeconds": 7500000000},
                "memory": {"time": "2026-01-02T03:04:05.123456Z", "availableBytes": 700, "usageBytes": 300, "workingSetBytes": 300}
              },
              "pods": [
                {
                  "podRef": {"name": "p", "namespace": "ns", "uid": "uid-p"}, "startTime": "2026-01-02T03:03:05Z",
                  "containers": [
                    {"name": "a", "startTime": "2026-01-02T03:03:05Z",
                     "cpu": {"time": "2026-01-02T03:04:05.123456Z", "usageCoreNanoSeconds": 1250000000},
                     "memory": {"time": "2026-01-02T03:04:05.123456Z", "usageBytes": 1500, "workingSetBytes": 1000}},
                    {"name": "b", "startTime": "2026-01-02T03:03:05Z",
                     "cpu": {"time": "2026-01-02T03:04:05.123456Z", "usageCoreNanoSeconds": 500000000},
                     "memory": {"time": "2026-01-02T03:04:05.123456Z", "usageBytes": 30, "workingSetBytes": 24}}
                  ],
                  "cpu": {"time": "2026-01-02T03:04:05.123456Z", "usageCoreNanoSeconds": 1750000000},
                  "memory": {"time": "2026-01-02T03:04:05.123456Z", "usageBytes": 1530, "workingSetBytes": 1024}
                },
                {
                  "podRef": {"name": "q", "namespace": "ns", "uid": "uid-q"}, "startTime": "2026-01-02T03:03:05Z",
                  "containers": [{"name": "c", "startTime": "2026-01-02T03:03:05Z"}]
                }
              ]
            }
            """), JsonNode.Parse(summary.ToJsonString())), summary.ToJsonString());
    }

    [Fact]
    public void Summary_OfAMachineThatDoesNotTell_LeavesItOut() =>
        Assert.Equal(["nodeName", "startTime"], Stats(null).ToSummary()["node"]!.AsObject().Select(static p => p.Key));

    [Fact]
    public void Metrics_AreThoseOfAKubelet()
    {
        var text = new MetricsText();
        Stats(new NodeUsage(7.5, 300, 700)).WriteTo(text);

        Assert.Equal("""
            # HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds
            # TYPE container_cpu_usage_seconds_total counter
            container_cpu_usage_seconds_total{container="a",namespace="ns",pod="p"} 1.25 1767323045123
            container_cpu_usage_seconds_total{container="b",namespace="ns",pod="p"} 0.5 1767323045123
            # HELP container_memory_working_set_bytes [STABLE] Current working set of the container in bytes
            # TYPE container_memory_working_set_bytes gauge
            container_memory_working_set_bytes{container="a",namespace="ns",pod="p"} 1000 1767323045123
            container_memory_working_set_bytes{container="b",namespace="ns",pod="p"} 24 1767323045123
            # HELP container_start_time_seconds [STABLE] Start time of the container since unix epoch in seconds
            # TYPE container_start_time_seconds gauge
            container_start_time_seconds{container="a",namespace="ns",pod="p"} 1767322985.123
            container_start_time_seconds{container="b",namespace="ns",pod="p"} 1767322985.123
            container_start_time_seconds{container="c",namespace="ns",pod="q"} 1767322985.123
            # HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the node in core-seconds
            # TYPE node_cpu_usage_seconds_total counter
            node_cpu_usage_seconds_total 7.5 1767323045123
            # HELP node_memory_working_set_bytes [STABLE] Current working set of the node in bytes
            # TYPE node_memory_working_set_bytes gauge
            node_memory_working_set_bytes 300 1767323045123
            # HELP pod_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the pod in core-seconds
            # TYPE pod_cpu_usage_seconds_total counter
            pod_cpu_usage_seconds_total{namespace="ns",pod="p"} 1.75 1767323045123
            # HELP pod_memory_working_set_bytes [STABLE] Current working set of the pod in bytes
            # TYPE pod_memory_working_set_bytes gauge
            pod_memory_working_set_bytes{namespace="ns",pod="p"} 1024 1767323045123

            """, text.ToString());
    }
}
