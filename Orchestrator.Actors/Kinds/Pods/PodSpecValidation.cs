using System.Net;
using System.Text.Json.Nodes;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>The rules across the fields of a pod's spec, wherever it stands.</summary>
/// <remarks>Source of paths and words: ValidatePodSpec of kubernetes pkg/apis/core/validation.</remarks>
internal static class PodSpecValidation
{
    public static void Validate(JsonObject spec, FieldPath path, FaultList faults, bool template = false)
    {
        var volumes = VolumeValidation.Validate(spec, path.Child("volumes"), faults);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var hostPorts = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, container) in spec.Entries("containers"))
        {
            var here = path.Child("containers").Index(index);
            ContainerValidation.Validate(container, here, volumes, names, faults);
            ContainerPortValidation.ValidateHostPorts(container, here, hostPorts, faults);
            if (container["restartPolicy"] is not null) faults.Forbidden(here.Child("restartPolicy"), "may not be set for non-init containers");
        }
        foreach (var (index, container) in spec.Entries("initContainers"))
        {
            var here = path.Child("initContainers").Index(index);
            ContainerValidation.Validate(container, here, volumes, names, faults);
            ContainerValidation.ValidateInit(container, here, faults);
            // Init containers run one after the other, so each may use the same port of the host.
            ContainerPortValidation.ValidateHostPorts(container, here, new HashSet<string>(StringComparer.Ordinal), faults);
        }
        foreach (var (index, container) in spec.Entries("ephemeralContainers"))
            ContainerValidation.ValidateEphemeral(container, path.Child("ephemeralContainers").Index(index), volumes, names, faults);
        if (JsonTree.Bool(spec, "hostNetwork") == true) ContainerPortValidation.ValidateHostNetwork(spec, path, template, faults);

        SecurityValidation.ValidatePod(spec, path, faults);
        ValidateNames(spec, path, faults);
        ValidateDns(spec, path, faults);
        PlacementValidation.Validate(spec, path, faults);
    }

    private static void ValidateNames(JsonObject spec, FieldPath path, FaultList faults)
    {
        CheckName(spec, "nodeName", path, faults);
        CheckName(spec, "priorityClassName", path, faults);
        foreach (var (index, secret) in spec.Entries("imagePullSecrets"))
            if (string.IsNullOrEmpty(JsonTree.String(secret, "name"))) faults.Required(path.Child("imagePullSecrets").Index(index).Child("name"));
        foreach (var (index, alias) in spec.Entries("hostAliases"))
        {
            var ip = JsonTree.String(alias, "ip") ?? "";
            if (ip.Length > 0 && !IPAddress.TryParse(ip, out _))
                faults.Invalid(path.Child("hostAliases").Index(index).Child("ip"), ip, AddressFaults.NotAnAddress);
        }
        var gates = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, gate) in spec.Entries("schedulingGates"))
        {
            var name = JsonTree.String(gate, "name") ?? "";
            var here = path.Child("schedulingGates").Index(index);
            if (!gates.Add(name)) faults.Duplicate(here, name);
        }
    }

    private static void CheckName(JsonObject spec, string field, FieldPath path, FaultList faults)
    {
        if (JsonTree.String(spec, field) is { Length: > 0 } name && ObjectNames.Subdomain(name) is { } fault) faults.Invalid(path.Child(field), name, fault);
    }

    private static void ValidateDns(JsonObject spec, FieldPath path, FaultList faults)
    {
        var config = JsonTree.Object(spec, "dnsConfig");
        if (JsonTree.String(spec, "dnsPolicy") == "None" && config.CountOf("nameservers") == 0)
            faults.Required(path.Child("dnsConfig").Child("nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None");
        if (config?["nameservers"] is not JsonArray servers) return;
        for (var i = 0; i < servers.Count; i++)
        {
            var server = JsonTree.AsString(servers[i]) ?? "";
            if (!IPAddress.TryParse(server, out _)) faults.Invalid(path.Child("dnsConfig").Child("nameservers").Index(i), server, AddressFaults.NotAnAddress);
        }
    }
}
