using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Services;

/// <summary>Gives a Service the cluster address and the node ports that it needs and has not chosen itself.</summary>
/// <remarks>
/// A choice is made from what the caller sees taken; that two Services chosen at the same time never get the same is seen to by
/// their registry, which refuses the second (<see cref="ServiceClaims"/>), so that the choice is made again.
/// Source: kube-apiserver, pkg/registry/core/service/storage/alloc.go and portallocator.
/// </remarks>
public static class ServiceAllocation
{
    /// <summary>The addresses of Services. Its first one is that of the API server.</summary>
    public static readonly IPNetwork Network = IPNetwork.Parse("10.96.0.0/16");

    /// <summary>The first and the last port that is given out on nodes. Source: kube-apiserver, --service-node-port-range.</summary>
    public const int NodePortMin = 30000, NodePortMax = 32767;

    private static readonly FieldPath Spec = FieldPath.Of("spec");

    /// <summary>Fills in what is missing and checks what the client chose.</summary>
    /// <param name="service">The complete Service.</param>
    /// <param name="others">All other Services.</param>
    /// <param name="random">Chooses; spreading choices keeps concurrent ones apart.</param>
    /// <returns>The refusal, or null.</returns>
    public static ApiError? Allocate(JsonObject service, IEnumerable<StoredObject> others, Random random)
    {
        if (JsonTree.Object(service, "spec") is not { } spec) return null;
        var type = JsonTree.String(spec, "type") ?? "ClusterIP";
        if (type == "ExternalName") return null;
        var taken = others.SelectMany(static o => ServiceView.Of(o).Claims).ToHashSet(StringComparer.Ordinal);
        var faults = new FaultList();
        AllocateAddress(spec, taken, faults, random);
        AllocatePorts(spec, type, taken, faults, random);
        return faults.ToError("", "Service", JsonTree.String(JsonTree.Object(service, "metadata"), "name") ?? "");
    }

    private static void AllocateAddress(JsonObject spec, HashSet<string> taken, FaultList faults, Random random)
    {
        var given = JsonTree.String(spec, "clusterIP");
        if (string.IsNullOrEmpty(given))
        {
            if (FreeAddress(taken, random) is not { } free)
            {
                faults.Invalid(Spec.Child("clusterIPs"), spec["clusterIPs"] ?? new JsonArray(), "failed to allocate an IP: range is full");
                return;
            }
            spec["clusterIP"] = free;
            spec["clusterIPs"] = new JsonArray(free);
        }
        else if (given != ServiceClaims.None && IPAddress.TryParse(given, out var address))
        {
            if (!Network.Contains(address))
                faults.Invalid(Spec.Child("clusterIPs"), new JsonArray(given), $"failed to allocate IP {given}: the provided IP ({given}) is not in the valid range. The range of valid IPs is {Network}");
            else if (taken.Contains(ServiceClaims.Address(given)))
                faults.Invalid(Spec.Child("clusterIPs"), new JsonArray(given), $"failed to allocate IP {given}: provided IP is already allocated");
        }
    }

    private static string? FreeAddress(HashSet<string> taken, Random random)
    {
        var first = BinaryPrimitives.ReadUInt32BigEndian(Network.BaseAddress.GetAddressBytes());
        // Neither the network itself nor its last address, which is that of a broadcast.
        var count = (1u << (32 - Network.PrefixLength)) - 2;
        var start = (uint)random.NextInt64(count);
        Span<byte> bytes = stackalloc byte[4];
        for (uint i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, first + 1 + ((start + i) % count));
            var text = new IPAddress(bytes).ToString();
            if (!taken.Contains(ServiceClaims.Address(text))) return text;
        }
        return null;
    }

    private static void AllocatePorts(JsonObject spec, string type, HashSet<string> taken, FaultList faults, Random random)
    {
        var wanted = type == "NodePort" || (type == "LoadBalancer" && JsonTree.Bool(spec, "allocateLoadBalancerNodePorts") != false);
        foreach (var (index, port) in spec.Entries("ports"))
        {
            var protocol = JsonTree.String(port, "protocol") ?? "TCP";
            var path = Spec.Child("ports").Index(index).Child("nodePort");
            if (JsonTree.Int64(port, "nodePort") is > 0 and var given) Check(given, protocol, path, taken, faults);
            else if (wanted && FreePort(spec, protocol, taken, random) is { } free) port["nodePort"] = free;
            else if (wanted) faults.Invalid(path, 0, "failed to allocate a nodePort: range is full");
        }
        if (type != "LoadBalancer" || JsonTree.String(spec, "externalTrafficPolicy") != "Local") return;
        var health = Spec.Child("healthCheckNodePort");
        if (JsonTree.Int64(spec, "healthCheckNodePort") is > 0 and var chosen) Check(chosen, "TCP", health, taken, faults);
        else if (FreePort(spec, "TCP", taken, random) is { } free) spec["healthCheckNodePort"] = free;
    }

    private static void Check(long port, string protocol, FieldPath path, HashSet<string> taken, FaultList faults)
    {
        if (port is < NodePortMin or > NodePortMax)
            faults.Invalid(path, port, $"provided port is not in the valid range. The range of valid ports is {NodePortMin}-{NodePortMax}");
        else if (taken.Contains(ServiceClaims.Port(protocol, port))) faults.Invalid(path, port, "provided port is already allocated");
    }

    private static int? FreePort(JsonObject spec, string protocol, HashSet<string> taken, Random random)
    {
        const int count = NodePortMax - NodePortMin + 1;
        var own = spec.Entries("ports").Where(p => (JsonTree.String(p.Item, "protocol") ?? "TCP") == protocol)
            .Select(static p => JsonTree.Int64(p.Item, "nodePort")).Append(JsonTree.Int64(spec, "healthCheckNodePort")).ToHashSet();
        var start = random.Next(count);
        for (var i = 0; i < count; i++)
        {
            var port = NodePortMin + ((start + i) % count);
            if (!own.Contains(port) && !taken.Contains(ServiceClaims.Port(protocol, port))) return port;
        }
        return null;
    }
}
