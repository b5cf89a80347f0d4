using System.Globalization;
using System.Net;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Services;

/// <summary>What a Service of each type must have and may not have.</summary>
/// <remarks>Source: ValidateService of kubernetes pkg/apis/core/validation.</remarks>
public sealed class ServiceValidation : IKindValidation
{
    private const string None = "None";
    private const long AffinitySecondsMax = 86400;

    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (tree["spec"] is not JsonObject spec)
        {
            faults.Required(Spec.Child("ports"));
            return;
        }
        var type = JsonTree.String(spec, "type") ?? "ClusterIP";
        var headless = JsonTree.String(spec, "clusterIP") == None;
        if (spec.CountOf("ports") == 0 && !headless && type != "ExternalName") faults.Required(Spec.Child("ports"));
        ValidateType(spec, type, headless, faults);
        ValidatePorts(spec, type, faults);
        ValidateAddresses(spec, type, faults);
        ValidateAffinity(spec, faults);
        if (spec["selector"] is JsonObject selector) MetadataValidation.ValidateLabels(selector, Spec.Child("selector"), faults);
        ValidatePolicies(spec, type, faults);
        ServiceFamilies.Validate(spec, type, faults);
        FieldRules.OneOf(spec, "trafficDistribution", ["PreferClose"], Spec, faults);
    }

    private static void ValidateType(JsonObject spec, string type, bool headless, FaultList faults)
    {
        switch (type)
        {
            case "LoadBalancer" or "NodePort":
                if (headless) faults.Invalid(Spec.Child("clusterIPs").Index(0), None, $"may not be set to 'None' for {type} services");
                break;
            case "ExternalName":
                if (spec.CountOf("clusterIPs") > 0) faults.Forbidden(Spec.Child("clusterIPs"), "may not be set for ExternalName services");
                var name = JsonTree.String(spec, "externalName") ?? "";
                if (name.Length == 0) faults.Required(Spec.Child("externalName"));
                // A name with its final dot is as good.
                else if (ObjectNames.Subdomain(name.TrimEnd('.').ToLowerInvariant()) is { } fault) faults.Invalid(Spec.Child("externalName"), name, fault);
                break;
            default:
                break;
        }
    }

    private static void ValidatePorts(JsonObject spec, string type, FaultList faults)
    {
        var count = spec.CountOf("ports");
        var names = new HashSet<string>(StringComparer.Ordinal);
        var ports = new HashSet<string>(StringComparer.Ordinal);
        var nodePorts = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, port) in spec.Entries("ports"))
        {
            var path = Spec.Child("ports").Index(index);
            var name = JsonTree.String(port, "name") ?? "";
            if (name.Length == 0 && count > 1) faults.Required(path.Child("name"));
            if (name.Length > 0 && !names.Add(name)) faults.Duplicate(path.Child("name"), name);

            var protocol = JsonTree.String(port, "protocol") ?? "TCP";
            var number = JsonTree.Int64(port, "port") ?? 0;
            if (!ports.Add(string.Create(CultureInfo.InvariantCulture, $"{protocol}/{number}")))
                faults.Duplicate(path, new ShownValue(string.Create(CultureInfo.InvariantCulture,
                    $"core.ServicePort{{Name:\"\", Protocol:{GoQuote.Quote(protocol)}, AppProtocol:(*string)(nil), Port:{number}, TargetPort:intstr.IntOrString{{Type:0, IntVal:0, StrVal:\"\"}}, NodePort:0}}")));
            if (type != "ExternalName" && port["targetPort"] is { } target) SelectorValidation.ValidatePort(target, path.Child("targetPort"), faults);
            ValidateNodePort(port, protocol, type, path, nodePorts, faults);
        }
    }

    private static void ValidateNodePort(JsonObject port, string protocol, string type, FieldPath path, HashSet<string> taken, FaultList faults)
    {
        if (JsonTree.Int64(port, "nodePort") is not (> 0 and var nodePort)) return;
        if (type is "ClusterIP" or "ExternalName") faults.Forbidden(path.Child("nodePort"), $"may not be used when `type` is '{type}'");
        else if (!taken.Add(string.Create(CultureInfo.InvariantCulture, $"{protocol}/{nodePort}"))) faults.Duplicate(path.Child("nodePort"), nodePort);
    }

    private static void ValidateAddresses(JsonObject spec, string type, FaultList faults)
    {
        var ips = (spec["clusterIPs"] as JsonArray)?.Select(JsonTree.AsString).ToArray() ?? [];
        for (var i = 0; i < ips.Length && type != "ExternalName"; i++)
        {
            if (ips[i] == None && ips.Length == 1) continue;
            if (ips[i] == None) faults.Invalid(Spec.Child("clusterIPs").Index(i), None, "'None' must be the first and only value");
            else if (!AddressFaults.TryParse(ips[i] ?? "", out _)) faults.Invalid(Spec.Child("clusterIPs").Index(i), ips[i], AddressFaults.NotAnAddress);
        }
        var first = JsonTree.String(spec, "clusterIP") ?? "";
        if (ips.Length > 0 && first != ips[0]) faults.Invalid(Spec.Child("clusterIPs"), spec["clusterIPs"], "first value must match `clusterIP`");

        if (spec["externalIPs"] is JsonArray external)
        {
            for (var i = 0; i < external.Count; i++)
            {
                var text = JsonTree.AsString(external[i]) ?? "";
                var path = Spec.Child("externalIPs").Index(i);
                if (!AddressFaults.TryParse(text, out var address)) faults.Invalid(path, text, AddressFaults.NotAnAddress);
                else if (AddressFaults.NonSpecial(address) is { } fault) faults.Invalid(path, text, fault);
            }
        }
        if (spec["loadBalancerSourceRanges"] is not JsonArray { Count: > 0 } ranges) return;
        if (type != "LoadBalancer") faults.Forbidden(Spec.Child("loadBalancerSourceRanges"), "may only be used when `type` is 'LoadBalancer'");
        for (var i = 0; i < ranges.Count; i++)
        {
            var text = JsonTree.AsString(ranges[i]) ?? "";
            if (!IPNetwork.TryParse(text.Trim(), out _))
                faults.Invalid(Spec.Child("loadBalancerSourceRanges").Index(i), text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
        }
    }

    private static void ValidateAffinity(JsonObject spec, FaultList faults)
    {
        var path = Spec.Child("sessionAffinityConfig");
        var config = JsonTree.Object(spec, "sessionAffinityConfig");
        if (JsonTree.String(spec, "sessionAffinity") == "ClientIP")
        {
            if (JsonTree.Int64(JsonTree.Object(config, "clientIP"), "timeoutSeconds") is not (>= 1 and <= AffinitySecondsMax) and var seconds)
                faults.Invalid(path.Child("clientIP").Child("timeoutSeconds"), seconds ?? 0, $"must be greater than 0 and less than {AffinitySecondsMax}");
        }
        else if (config is not null)
        {
            faults.Forbidden(path, "must not be set when session affinity is None");
        }
    }

    private static void ValidatePolicies(JsonObject spec, string type, FaultList faults)
    {
        var reachable = type is "NodePort" or "LoadBalancer" || spec.CountOf("externalIPs") > 0;
        var policy = JsonTree.String(spec, "externalTrafficPolicy") ?? "";
        if (policy.Length > 0 && !reachable)
            faults.Invalid(Spec.Child("externalTrafficPolicy"), policy, "may only be set for externally-accessible services");
        if (JsonTree.Int64(spec, "healthCheckNodePort") is not (null or 0) and var health && !(type == "LoadBalancer" && policy == "Local"))
            faults.Invalid(Spec.Child("healthCheckNodePort"), health, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
        if (spec["allocateLoadBalancerNodePorts"] is not null && type != "LoadBalancer")
            faults.Forbidden(Spec.Child("allocateLoadBalancerNodePorts"), "may only be used when `type` is 'LoadBalancer'");
        if (JsonTree.String(spec, "loadBalancerClass") is { Length: > 0 } && type != "LoadBalancer")
            faults.Forbidden(Spec.Child("loadBalancerClass"), "may only be used when `type` is 'LoadBalancer'");
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (subresource.Length > 0 || tree["spec"] is not JsonObject spec || stored["spec"] is not JsonObject old) return;
        // Addresses are given up and taken only by way of ExternalName.
        if (JsonTree.String(spec, "type") == "ExternalName" || JsonTree.String(old, "type") == "ExternalName") return;
        var before = JsonTree.String(old, "clusterIP") ?? "";
        if (before.Length > 0 && JsonTree.String(spec, "clusterIP") != before)
            faults.Invalid(Spec.Child("clusterIPs").Index(0), spec["clusterIPs"] ?? spec["clusterIP"], "may not change once set");
        ServiceFamilies.ValidateUpdate(spec, old, faults);
    }
}
