using System.Net.Sockets;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Services;

/// <summary>The IP families of a Service in a cluster that has IPv4 alone, and their agreement with its addresses.</summary>
/// <remarks>Source: kubernetes pkg/registry/core/service/storage/alloc.go and ValidateServiceClusterIPsRelatedFields.</remarks>
internal static class ServiceFamilies
{
    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public static void Validate(JsonObject spec, string type, FaultList faults)
    {
        var families = spec.Texts("ipFamilies");
        if (type == "ExternalName")
        {
            if (families.Length > 0) faults.Forbidden(Spec.Child("ipFamilies"), "may not be set for ExternalName services");
            if (JsonTree.String(spec, "ipFamilyPolicy") is { Length: > 0 }) faults.Forbidden(Spec.Child("ipFamilyPolicy"), "may not be set for ExternalName services");
            return;
        }
        // A Service without a selector and without an address takes no address, so it may name any families.
        var freeHeadless = JsonTree.String(spec, "clusterIP") == "None" && spec.CountOf("selector") == 0;
        if (JsonTree.String(spec, "ipFamilyPolicy") == "RequireDualStack" && !freeHeadless)
            faults.Invalid(Spec.Child("ipFamilyPolicy"), "RequireDualStack", "this cluster is not configured for dual-stack services");
        if (families.Length > 2) faults.Invalid(Spec.Child("ipFamilies"), spec["ipFamilies"], "may only hold up to 2 values");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < families.Length; i++)
        {
            if (!seen.Add(families[i])) faults.Duplicate(Spec.Child("ipFamilies").Index(i), families[i]);
            else if (families[i] == "IPv6" && !freeHeadless) faults.Invalid(Spec.Child("ipFamilies").Index(i), "IPv6", "not configured on this cluster");
        }
        ValidateAddresses(spec, families, faults);
    }

    private static void ValidateAddresses(JsonObject spec, string[] families, FaultList faults)
    {
        var ips = spec.Texts("clusterIPs");
        if (ips.Length > 2) faults.Invalid(Spec.Child("clusterIPs"), spec["clusterIPs"], "may only hold up to 2 values");
        for (var i = 0; i < Math.Min(ips.Length, families.Length); i++)
        {
            if (!AddressFaults.TryParse(ips[i], out var address)) continue;
            var family = address.AddressFamily == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
            if (family != families[i]) faults.Invalid(Spec.Child("clusterIPs").Index(i), ips[i], $"expected an {families[i]} value as indicated by `ipFamilies[{i}]`");
        }
    }

    /// <summary>What stays as long as the Service keeps its address and its kind of load balancer.</summary>
    public static void ValidateUpdate(JsonObject spec, JsonObject old, FaultList faults)
    {
        var (families, before) = (spec.Texts("ipFamilies"), old.Texts("ipFamilies"));
        if (before.Length > 0 && families.Length > 0 && families[0] != before[0])
            faults.Invalid(Spec.Child("ipFamilies").Index(0), families[0], "may not change once set");
        if (JsonTree.String(spec, "type") != "LoadBalancer" || JsonTree.String(old, "type") != "LoadBalancer") return;
        if (!JsonTree.DeepEquals(spec["loadBalancerClass"], old["loadBalancerClass"]))
            faults.Invalid(Spec.Child("loadBalancerClass"), spec["loadBalancerClass"], "may not change once set");
        if (JsonTree.String(spec, "externalTrafficPolicy") == "Local" && JsonTree.String(old, "externalTrafficPolicy") == "Local"
            && JsonTree.Int64(old, "healthCheckNodePort") is > 0 and var port && JsonTree.Int64(spec, "healthCheckNodePort") is var wanted && wanted != port)
            faults.Invalid(Spec.Child("healthCheckNodePort"), wanted ?? 0, "field is immutable");
    }
}
