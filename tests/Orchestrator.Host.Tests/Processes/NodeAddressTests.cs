using System.Net;
using Orchestrator.Actors.Resources;
using Orchestrator.Host.ApiServer;
using Orchestrator.Host.Processes;

namespace Orchestrator.Host.Tests.Processes;

/// <summary>What a node says that its address is, where its endpoint listens, and where the API server reaches it.</summary>
public sealed class NodeAddressTests
{
    [Theory]
    [InlineData("127.0.0.1", "192.0.2.7", "127.0.0.1", "192.0.2.7")]
    [InlineData("::1", "192.0.2.7", "::1", "192.0.2.7")]
    [InlineData("127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1")]
    [InlineData("0.0.0.0", "192.0.2.7", "192.0.2.7", "192.0.2.7")]
    [InlineData("198.51.100.3", "192.0.2.7", "198.51.100.3", "198.51.100.3")]
    public void Node_HasNoLoopbackAddress_ButItsEndpointKeepsToIt(string remoting, string machine, string listen, string node) =>
        Assert.Equal((IPAddress.Parse(listen), node), NodeParts.Addresses(IPAddress.Parse(remoting), machine));

    [Theory]
    [InlineData("akka.tcp://orchestrator@127.0.0.1:2551#7", "127.0.0.1:10250")]
    [InlineData("akka.tcp://orchestrator@192.0.2.7:2551#7", "192.0.2.9:10250")]
    [InlineData("akka.tcp://orchestrator@host.example.com:2551#7", "192.0.2.9:10250")]
    [InlineData("nothing of the kind", "192.0.2.9:10250")]
    [InlineData("", "192.0.2.9:10250")]
    [InlineData(null, "192.0.2.9:10250")]
    public void ApiServer_ReachesANodeOfItsMachine_OnTheLoopbackInterface(string? member, string expected)
    {
        var node = JsonNode.Parse("""{"metadata":{},"status":{"addresses":[{"type":"InternalIP","address":"192.0.2.9"}],"daemonEndpoints":{"kubeletEndpoint":{"Port":10250}}}}""")!.AsObject();
        if (member is not null) node["metadata"]!["annotations"] = new JsonObject { ["orchestrator.io/member"] = member };
        Assert.Equal(expected, NodeTarget.EndpointOf(node));
    }
}
