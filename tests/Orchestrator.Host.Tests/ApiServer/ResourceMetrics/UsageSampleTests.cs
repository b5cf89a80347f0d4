using System.Text;
using Orchestrator.Host.ApiServer.ResourceMetrics;

namespace Orchestrator.Host.Tests.ApiServer.ResourceMetrics;

public sealed class UsageSampleTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly ContainerName C = new("ns", "p", "c");

    [Fact]
    public void Rate_IsProcessorTimeOverTheWindow_AndMemoryIsThatOfItsEnd()
    {
        var usage = UsageSample.Between(Sample(0, node: (5_000_000_000, 100), c: (1_000_000_000, 10)), Sample(10, node: (25_000_000_000, 300), c: (3_500_000_000, 20)));

        Assert.Equal((Start.AddSeconds(10), TimeSpan.FromSeconds(10)), (usage.Time, usage.Window));
        Assert.Equal(new Usage(2_000_000_000, 300), usage.Node);
        Assert.Equal(new Usage(250_000_000, 20), usage.Containers[C]);
    }

    [Fact]
    public void Container_ThatBeganInBetween_CountsFromItsBeginning()
    {
        var usage = UsageSample.Between(Sample(0, node: (0, 1)), Sample(10, node: (0, 1), c: (2_000_000_000, 20), since: 6));

        Assert.Equal(new Usage(500_000_000, 20), usage.Containers[C]);
    }

    [Fact]
    public void Container_ThatBeganAnew_DoesNotCountWhatWasBefore()
    {
        var usage = UsageSample.Between(Sample(0, node: (0, 1), c: (1_000_000_000, 10), since: -100), Sample(10, node: (0, 1), c: (1_500_000_000, 20), since: 5));

        Assert.Equal(new Usage(300_000_000, 20), usage.Containers[C]);
    }

    [Fact]
    public void Container_OfWhichNobodyKnowsSinceWhen_IsLeftOutTheFirstTime() =>
        Assert.Empty(UsageSample.Between(Sample(0, node: (0, 1)), Sample(10, node: (0, 1), c: (2_000_000_000, 20))).Containers);

    [Fact]
    public void WhatIsNotMeasured_IsLeftOut()
    {
        var sample = UsageSample.Parse("""{"node":{"nodeName":"n"},"pods":[{"podRef":{"name":"p","namespace":"ns"},"containers":[{"name":"c","cpu":{}}]}]}"""u8.ToArray(), Start);

        Assert.Null(sample.Node);
        Assert.Empty(sample.Containers);
        Assert.Null(UsageSample.Between(sample, sample with { Time = Start.AddSeconds(1) }).Node);
    }

    private static UsageSample Sample(int second, (long Nanos, long Bytes) node, (long Nanos, long Bytes)? c = null, int? since = null)
    {
        var began = since is { } s ? $"\"startTime\":\"{Start.AddSeconds(s):yyyy-MM-ddTHH:mm:ssZ}\"," : "";
        var containers = c is { } used ? $$"""{"name":"c",{{began}}{{Measured(used)}}}""" : "";
        return UsageSample.Parse(Encoding.UTF8.GetBytes($$"""{"node":{{{Measured(node)}}},"pods":[{"podRef":{"name":"p","namespace":"ns"},"containers":[{{containers}}]}]}"""), Start.AddSeconds(second));
    }

    private static string Measured((long Nanos, long Bytes) used) =>
        $$"""
        "cpu":{"usageCoreNanoSeconds":{{used.Nanos}}},"memory":{"workingSetBytes":{{used.Bytes}}}
        """;
}
