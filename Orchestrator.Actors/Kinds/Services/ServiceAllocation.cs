using System.Net;
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
    private static readonly FieldPath Spec = FieldPath.Of("spec");

    /// <summary>Fills in what is missing and checks what the client chose.</summary>
    /// <param name="service">The complete Service.</param>
    /// <param name="others">All other Services.</param>
    /// <param name="held">What the Service has already (<see cref="ServiceView.Claims"/>); it keeps that, even where the ranges have moved since.</param>
    /// <param name="ranges">What there is to give.</param>
    /// <param name="random">Chooses; spreading choices keeps concurrent ones apart.</param>
    /// <returns>The refusal, or null.</returns>
    public static ApiError? Allocate(JsonObject service, IEnumerable<StoredObject> others, IReadOnlyCollection<string> held, ServiceRanges ranges, Random random)
    {
        if (JsonTree.Object(service, "spec") is not { } spec) return null;
        var type = JsonTree.String(spec, "type") ?? "ClusterIP";
        if (type == "ExternalName") return null;
        var pool = new Pool(others.SelectMany(static o => ServiceView.Of(o).Claims).ToHashSet(StringComparer.Ordinal), held, ranges, random);
        var faults = new FaultList();
        AllocateAddress(spec, pool, faults);
        AllocatePorts(spec, type, pool, faults);
        return faults.ToError("", "Service", JsonTree.String(JsonTree.Object(service, "metadata"), "name") ?? "");
    }

    private static void AllocateAddress(JsonObject spec, Pool pool, FaultList faults)
    {
        var given = JsonTree.String(spec, "clusterIP");
        if (string.IsNullOrEmpty(given))
        {
            if (FreeAddress(pool) is not { } free)
            {
                faults.Invalid(Spec.Child("clusterIPs"), spec["clusterIPs"] ?? new JsonArray(), "failed to allocate an IP: range is full");
                return;
            }
            spec["clusterIP"] = free;
            spec["clusterIPs"] = new JsonArray(free);
        }
        else if (given != ServiceClaims.None && IPAddress.TryParse(given, out var address))
        {
            var claim = ServiceClaims.Address(given);
            if (!pool.Ranges.Addresses.Contains(address) && !pool.Held.Contains(claim))
                faults.Invalid(Spec.Child("clusterIPs"), new JsonArray(given), $"failed to allocate IP {given}: the provided IP ({given}) is not in the valid range. The range of valid IPs is {pool.Ranges.Addresses}");
            else if (pool.Taken.Contains(claim))
                faults.Invalid(Spec.Child("clusterIPs"), new JsonArray(given), $"failed to allocate IP {given}: provided IP is already allocated");
        }
    }

    private static string? FreeAddress(Pool pool)
    {
        var count = pool.Ranges.AddressCount;
        var start = (uint)pool.Random.NextInt64(count);
        for (uint i = 0; i < count; i++)
        {
            var text = pool.Ranges.Address(1 + ((start + i) % count)).ToString();
            if (!pool.Taken.Contains(ServiceClaims.Address(text))) return text;
        }
        return null;
    }

    private static void AllocatePorts(JsonObject spec, string type, Pool pool, FaultList faults)
    {
        var wanted = type == "NodePort" || (type == "LoadBalancer" && JsonTree.Bool(spec, "allocateLoadBalancerNodePorts") != false);
        foreach (var (index, port) in spec.Entries("ports"))
        {
            var protocol = JsonTree.String(port, "protocol") ?? "TCP";
            var path = Spec.Child("ports").Index(index).Child("nodePort");
            if (JsonTree.Int64(port, "nodePort") is > 0 and var given) Check(given, protocol, path, pool, faults);
            else if (wanted && FreePort(spec, protocol, pool) is { } free) port["nodePort"] = free;
            else if (wanted) faults.Invalid(path, 0, "failed to allocate a nodePort: range is full");
        }
        if (type != "LoadBalancer" || JsonTree.String(spec, "externalTrafficPolicy") != "Local") return;
        var health = Spec.Child("healthCheckNodePort");
        if (JsonTree.Int64(spec, "healthCheckNodePort") is not (null or 0) and var chosen) Check(chosen.Value, "TCP", health, pool, faults);
        else if (FreePort(spec, "TCP", pool) is { } free) spec["healthCheckNodePort"] = free;
    }

    private static void Check(long port, string protocol, FieldPath path, Pool pool, FaultList faults)
    {
        var (min, max) = (pool.Ranges.NodePortMin, pool.Ranges.NodePortMax);
        var claim = ServiceClaims.Port(protocol, port);
        if ((port < min || port > max) && !pool.Held.Contains(claim))
            faults.Invalid(path, port, $"provided port is not in the valid range. The range of valid ports is {min}-{max}");
        else if (pool.Taken.Contains(claim)) faults.Invalid(path, port, "provided port is already allocated");
    }

    private static int? FreePort(JsonObject spec, string protocol, Pool pool)
    {
        var count = pool.Ranges.NodePortMax - pool.Ranges.NodePortMin + 1;
        var own = spec.Entries("ports").Where(p => (JsonTree.String(p.Item, "protocol") ?? "TCP") == protocol)
            .Select(static p => JsonTree.Int64(p.Item, "nodePort")).Append(JsonTree.Int64(spec, "healthCheckNodePort")).ToHashSet();
        var start = pool.Random.Next(count);
        for (var i = 0; i < count; i++)
        {
            var port = pool.Ranges.NodePortMin + ((start + i) % count);
            if (!own.Contains(port) && !pool.Taken.Contains(ServiceClaims.Port(protocol, port))) return port;
        }
        return null;
    }

    /// <param name="Taken">The claims of other Services.</param>
    /// <param name="Held">The claims of this one before.</param>
    private readonly record struct Pool(HashSet<string> Taken, IReadOnlyCollection<string> Held, ServiceRanges Ranges, Random Random);
}
