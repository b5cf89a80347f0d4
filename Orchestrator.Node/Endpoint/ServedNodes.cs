using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.Node.Endpoint;

/// <summary>The nodes behind one endpoint: one, or all that a process simulates.</summary>
/// <param name="process">The name of the process.</param>
/// <param name="nodes">By name.</param>
public sealed class ServedNodes(string process, ImmutableDictionary<string, NodeFacts> nodes)
{
    /// <summary>Names the node that a request is about. The API server sets it, whatever its own client has sent.</summary>
    public const string Header = "X-Node-Name";

    /// <summary>The node that a request is about; null when it is none of this process.</summary>
    public NodeFacts? Of(HttpContext http)
    {
        if ((string?)http.Request.Headers[Header] is { Length: > 0 } name) return nodes.GetValueOrDefault(name);
        return nodes.Count == 1 ? nodes.Values.First() : null;
    }

    public KubeletId KubeletOf(NodeFacts node) => new(process, node.Name);
}
