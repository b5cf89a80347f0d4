using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.Node.Tests.Kubelet;

public sealed class PodStatusMergeTests
{
    private const string Own = """{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"qosClass":"Burstable"}""";

    [Theory]
    [InlineData("", Own)]
    [InlineData("""{"phase":"Pending","conditions":[{"type":"Ready","status":"False"}],"podIP":"10.0.0.1"}""", Own)]
    [InlineData("""{"conditions":[{"lastProbeTime":null,"type":"PodScheduled","status":"True"},{"type":"Initialized"},{"type":"x/y","reason":"}]"}]}""",
        """{"phase":"Running","conditions":[{"type":"Ready","status":"True"},{"lastProbeTime":null,"type":"PodScheduled","status":"True"},{"type":"x/y","reason":"}]"}],"qosClass":"Burstable"}""")]
    [InlineData("""{"nominatedNodeName":"n","resourceClaimStatuses":[{"name":"a"}],"resize":"Proposed","conditions":[]}""",
        """{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"qosClass":"Burstable","nominatedNodeName":"n","resourceClaimStatuses":[{"name":"a"}],"resize":"Proposed"}""")]
    public void WhatOthersSay_Stays(string stored, string expected) => Assert.Equal(expected, Merge(Own, stored));

    [Theory]
    [InlineData("{}", """{"conditions":[{"type":"a"}],"resize":"r"}""")]
    [InlineData("""{"phase":"Running"}""", """{"phase":"Running","conditions":[{"type":"a"}],"resize":"r"}""")]
    [InlineData("""{"conditions":[],"phase":"Running"}""", """{"conditions":[{"type":"a"}],"phase":"Running","resize":"r"}""")]
    public void StatusWithoutConditions_TakesThoseOfOthers(string own, string expected) =>
        Assert.Equal(expected, Merge(own, """{"conditions":[{"type":"a"}],"resize":"r"}"""));

    private static string Merge(string own, string status)
    {
        var json = Encoding.UTF8.GetBytes($$$"""{"metadata":{"name":"p","resourceVersion":"1"},"spec":{"status":{"conditions":[{"type":"no"}]}}{{{(status.Length > 0 ? ",\"status\":" + status : "")}}}}""");
        return Encoding.UTF8.GetString(PodStatusMerge.Over(Encoding.UTF8.GetBytes(own), new StoredObject(new ObjectKey("default", "p"), 1, json)).Span);
    }
}
