using System.Net;
using System.Net.Sockets;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Endpoints;

/// <summary>What the Service <c>kubernetes</c> leads to: the API servers. Pure.</summary>
/// <remarks>Source: kube-apiserver, pkg/controlplane/reconcilers.</remarks>
public static class ApiServerEndpoints
{
    /// <summary>The name of the Service and of its endpoints, in the namespace <c>default</c>.</summary>
    public const string Name = "kubernetes";

    private const string PortName = "https";

    /// <summary>The subsets of the Endpoints: one per port, so that each holds what listens there.</summary>
    public static JsonArray Subsets(IEnumerable<IPEndPoint> servers) => new([.. ByPort(servers).Select(static g => (JsonNode)new JsonObject
    {
        ["addresses"] = new JsonArray([.. g.Select(static ip => (JsonNode)new JsonObject { ["ip"] = ip })]),
        ["ports"] = new JsonArray(new JsonObject { ["name"] = PortName, ["port"] = g.Key, ["protocol"] = "TCP" }),
    })]);

    /// <summary>The EndpointSlices by name. All servers at one port, the usual case, are one slice with the name of the Service.</summary>
    public static Dictionary<string, JsonObject> Slices(IEnumerable<IPEndPoint> servers)
    {
        var slices = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var family in servers.GroupBy(static s => s.AddressFamily).OrderBy(static f => f.Key))
        {
            foreach (var group in ByPort(family))
            {
                var type = family.Key == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
                slices[slices.Count == 0 ? Name : $"{Name}-{type.ToLowerInvariant()}-{group.Key}"] = new JsonObject
                {
                    ["addressType"] = type,
                    ["endpoints"] = new JsonArray([.. group.Select(static ip => (JsonNode)new JsonObject
                    {
                        ["addresses"] = new JsonArray(ip),
                        ["conditions"] = new JsonObject { ["ready"] = true },
                    })]),
                    ["ports"] = new JsonArray(new JsonObject { ["name"] = PortName, ["protocol"] = "TCP", ["port"] = group.Key }),
                };
            }
        }
        return slices;
    }

    private static IEnumerable<IGrouping<int, string>> ByPort(IEnumerable<IPEndPoint> servers) => servers
        .Select(static s => (s.Port, Ip: s.Address.ToString())).Distinct()
        .OrderBy(static s => s.Port).ThenBy(static s => s.Ip, StringComparer.Ordinal).GroupBy(static s => s.Port, static s => s.Ip);
}
