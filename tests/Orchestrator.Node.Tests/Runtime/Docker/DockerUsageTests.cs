using System.Text.Json;
using Docker.DotNet.Models;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Runtime.Docker;

namespace Orchestrator.Node.Tests.Runtime.Docker;

public sealed class DockerUsageTests
{
    private static ContainerUsage? Usage(string json) => DockerContainerRuntime.Usage("id", JsonSerializer.Deserialize<ContainerStatsResponse>(json)!);

    [Theory]
    [InlineData("""{"inactive_file":300,"anon":5}""", 700)]
    [InlineData("""{"total_inactive_file":200,"inactive_file":100}""", 800)]
    [InlineData("""{"inactive_file":2000}""", 0)]
    [InlineData("{}", 1000)]
    [InlineData("null", 1000)]
    public void WorkingSet_IsUsage_WithoutCachedFilesThatNobodyUses(string stats, long workingSet) => Assert.Equal(
        new ContainerUsage("id", 1.5, workingSet, 1000),
        Usage($$$"""{"read":"2026-01-02T03:04:05.123456789Z","preread":"0001-01-01T00:00:00Z","cpu_stats":{"cpu_usage":{"total_usage":1500000000}},"memory_stats":{"usage":1000,"stats":{{{stats}}}}}"""));

    [Theory]
    [InlineData("""{"read":"0001-01-01T00:00:00Z","cpu_stats":{"cpu_usage":{"total_usage":0}},"memory_stats":{}}""")]
    [InlineData("{}")]
    public void Container_ThatDoesNotRun_HasNoFigures(string json) => Assert.Null(Usage(json));
}
