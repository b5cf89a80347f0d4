using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Services;

/// <summary>Defaults of a Service that depend on its type, and the IP family of this cluster.</summary>
/// <remarks>Source: kubernetes pkg/apis/core/v1/defaults.go. Addresses and node ports are given by ServiceAllocation.</remarks>
public sealed class ServiceStrategy : IKindStrategy
{
    /// <summary>How long a client sticks to a pod (seconds).</summary>
    private const long ClientIpTimeoutSeconds = 10800;

    public void ApplyDefaults(JsonObject tree)
    {
        if (tree["spec"] is not JsonObject spec) return;
        var type = JsonTree.String(spec, "type");
        var affinity = JsonTree.String(spec, "sessionAffinity");
        if (affinity == "ClientIP")
        {
            var clientIp = JsonTree.Ensure(JsonTree.Ensure(spec, "sessionAffinityConfig"), "clientIP");
            if (clientIp["timeoutSeconds"] is null) clientIp["timeoutSeconds"] = ClientIpTimeoutSeconds;
        }
        else if (affinity == "None") spec.Remove("sessionAffinityConfig");

        DefaultPorts(spec);
        var external = type is "NodePort" or "LoadBalancer";
        if ((external || (type == "ClusterIP" && spec["externalIPs"] is JsonArray { Count: > 0 })) && IsUnset(spec, "externalTrafficPolicy"))
            spec["externalTrafficPolicy"] = "Cluster";
        if ((external || type == "ClusterIP") && IsUnset(spec, "internalTrafficPolicy")) spec["internalTrafficPolicy"] = "Cluster";
        if (type == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] is null) spec["allocateLoadBalancerNodePorts"] = true;
        if (type != "ExternalName") DefaultFamilies(spec);
        if (type == "LoadBalancer") DefaultModes(tree);
    }

    private static void DefaultModes(JsonObject tree)
    {
        if (JsonTree.At(tree, ["status", "loadBalancer", "ingress"]) is not JsonArray addresses) return;
        foreach (var node in addresses)
            if (node is JsonObject address && JsonTree.String(address, "ip") is { Length: > 0 } && address["ipMode"] is null) address["ipMode"] = "VIP";
    }

    private static void DefaultPorts(JsonObject spec)
    {
        if (spec["ports"] is not JsonArray ports) return;
        for (var i = 0; i < ports.Count; i++)
        {
            if (ports[i] is not JsonObject port) continue;
            var target = port["targetPort"];
            if (target is null || JsonTree.AsInt64(target) == 0 || JsonTree.AsString(target) is "") port["targetPort"] = port["port"]?.DeepClone();
        }
    }

    private static void DefaultFamilies(JsonObject spec)
    {
        if (IsUnset(spec, "ipFamilyPolicy")) spec["ipFamilyPolicy"] = "SingleStack";
        var ip = JsonTree.String(spec, "clusterIP");
        if (spec["ipFamilies"] is not JsonArray { Count: > 0 })
            spec["ipFamilies"] = new JsonArray(ip is not null && ip.Contains(':', StringComparison.Ordinal) ? "IPv6" : "IPv4");
        if (!string.IsNullOrEmpty(ip) && spec["clusterIPs"] is not JsonArray { Count: > 0 }) spec["clusterIPs"] = new JsonArray(ip);
        else if (string.IsNullOrEmpty(ip) && spec["clusterIPs"] is JsonArray { Count: > 0 } ips) spec["clusterIP"] = ips[0]?.DeepClone();
    }

    private static bool IsUnset(JsonObject spec, string name) => string.IsNullOrEmpty(JsonTree.String(spec, name));

    public void PrepareForCreate(JsonObject tree) => tree["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };

    public void PrepareForUpdate(JsonObject tree, JsonObject stored, string subresource)
    {
        if (subresource.Length > 0 || tree["spec"] is not JsonObject spec || stored["spec"] is not JsonObject old) return;
        var type = JsonTree.String(spec, "type") ?? "ClusterIP";
        var before = JsonTree.String(old, "type") ?? "ClusterIP";
        if (type == "ExternalName")
        {
            if (before != "ExternalName") GiveUpAddresses(spec, old);
            return;
        }
        // A client that leaves out what was allocated keeps it, as long as the type still has it.
        if (before != "ExternalName" && IsUnset(spec, "clusterIP") && old["clusterIP"] is { } ip)
        {
            spec["clusterIP"] = ip.DeepClone();
            spec["clusterIPs"] = old["clusterIPs"]?.DeepClone() ?? new JsonArray(ip.DeepClone());
        }
        // Older clients know only the first of the two linked fields. Source: kube-apiserver, registry/core/service normalizeClusterIPs.
        else if (JsonTree.String(spec, "clusterIP") is { Length: > 0 } given && given != JsonTree.String(old, "clusterIP") && JsonTree.DeepEquals(spec["clusterIPs"], old["clusterIPs"]))
            spec["clusterIPs"] = new JsonArray(given);
        var ports = spec["ports"] as JsonArray;
        if (type is "NodePort" or "LoadBalancer") KeepNodePorts(ports, old["ports"] as JsonArray);
        else if (before is "NodePort" or "LoadBalancer") GiveUpNodePorts(spec, old);
        if (type != "LoadBalancer" && before == "LoadBalancer") DropUnchanged(spec, old, ["allocateLoadBalancerNodePorts", "loadBalancerClass", "healthCheckNodePort"]);
    }

    // Who changes the type alone means the rest to follow; what was changed together with it is validated.
    // Source: kube-apiserver, registry/core/service dropTypeDependentFields.
    private static void GiveUpAddresses(JsonObject spec, JsonObject old)
    {
        DropUnchanged(spec, old, ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"]);
        GiveUpNodePorts(spec, old);
        DropUnchanged(spec, old, ["allocateLoadBalancerNodePorts", "loadBalancerClass", "healthCheckNodePort"]);
    }

    private static void GiveUpNodePorts(JsonObject spec, JsonObject old)
    {
        if (spec["externalIPs"] is not JsonArray { Count: > 0 }) DropUnchanged(spec, old, ["externalTrafficPolicy"]);
        var known = (old["ports"] as JsonArray ?? []).Select(static p => JsonTree.Int64(p as JsonObject, "nodePort")).ToHashSet();
        foreach (var node in spec["ports"] as JsonArray ?? [])
            if (node is JsonObject port && known.Contains(JsonTree.Int64(port, "nodePort"))) port.Remove("nodePort");
    }

    private static void DropUnchanged(JsonObject spec, JsonObject old, ReadOnlySpan<string> fields)
    {
        foreach (var field in fields)
            if (JsonTree.DeepEquals(spec[field], old[field])) spec.Remove(field);
    }

    private static void KeepNodePorts(JsonArray? ports, JsonArray? old)
    {
        if (ports is null || old is null) return;
        foreach (var node in ports)
        {
            if (node is not JsonObject port || (JsonTree.Int64(port, "nodePort") ?? 0) != 0) continue;
            foreach (var before in old)
            {
                if (before is not JsonObject known || JsonTree.Int64(known, "port") != JsonTree.Int64(port, "port")
                    || JsonTree.String(known, "protocol") != JsonTree.String(port, "protocol") || known["nodePort"] is not { } nodePort) continue;
                port["nodePort"] = nodePort.DeepClone();
                break;
            }
        }
    }
}
