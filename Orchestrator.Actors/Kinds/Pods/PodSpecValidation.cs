using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>The rules across the fields of a pod's spec, wherever it stands.</summary>
/// <remarks>Source of paths and words: ValidatePodSpec of kubernetes pkg/apis/core/validation.</remarks>
internal static class PodSpecValidation
{
    /// <summary>Bounds of what a resolver takes. Source: MaxDNSNameservers, MaxDNSSearchPaths and MaxDNSSearchListChars of the same package.</summary>
    private const int NameserversMax = 3;
    private const int SearchesMax = 32;
    private const int SearchLengthMax = 2048;

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
        if (JsonTree.Int64(spec, "activeDeadlineSeconds") is { } deadline && deadline is < 1 or > int.MaxValue)
            faults.Invalid(path.Child("activeDeadlineSeconds"), deadline, $"must be between 1 and {int.MaxValue}, inclusive");
        foreach (var (index, gate) in spec.Entries("readinessGates"))
            faults.QualifiedName(path.Child("readinessGates").Index(index).Child("conditionType"), JsonTree.String(gate, "conditionType") ?? "");
        foreach (var (index, alias) in spec.Entries("hostAliases")) ValidateAlias(alias, path.Child("hostAliases").Index(index), faults);
        var gates = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, gate) in spec.Entries("schedulingGates"))
        {
            var name = JsonTree.String(gate, "name") ?? "";
            var here = path.Child("schedulingGates").Index(index);
            if (!gates.Add(name)) faults.Duplicate(here, name);
        }
    }

    private static void ValidateAlias(JsonObject alias, FieldPath path, FaultList faults)
    {
        var ip = JsonTree.String(alias, "ip") ?? "";
        if (!AddressFaults.TryParse(ip, out _)) faults.Invalid(path.Child("ip"), ip, AddressFaults.NotAnAddress);
        foreach (var (index, name) in alias.Texts("hostnames").Index())
            if (ObjectNames.Subdomain(name) is { } fault) faults.Invalid(path.Child("hostnames").Index(index), name, fault);
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
        if (config is not null) ValidateDnsConfig(config, path.Child("dnsConfig"), faults);
    }

    private static void ValidateDnsConfig(JsonObject config, FieldPath path, FaultList faults)
    {
        var servers = config.Texts("nameservers");
        if (servers.Length > NameserversMax) faults.Invalid(path.Child("nameservers"), servers, $"must not have more than {NameserversMax} nameservers");
        foreach (var (index, server) in servers.Index())
            if (!AddressFaults.TryParse(server, out _)) faults.Invalid(path.Child("nameservers").Index(index), server, AddressFaults.NotAnAddress);

        var searches = config.Texts("searches");
        if (searches.Length > SearchesMax) faults.Invalid(path.Child("searches"), searches, $"must not have more than {SearchesMax} search paths");
        if (string.Join(' ', searches).Length > SearchLengthMax)
            faults.Invalid(path.Child("searches"), searches, $"must not have more than {SearchLengthMax} characters (including spaces) in the search list");
        foreach (var (index, search) in searches.Index())
        {
            // A name may end with a dot, as DNS means it; the dot alone is the root.
            var name = search.Length > 1 && search[^1] == '.' ? search[..^1] : search;
            if (name != "." && ObjectNames.Subdomain(name) is { } fault) faults.Invalid(path.Child("searches").Index(index), search, fault);
        }
        foreach (var (index, option) in config.Entries("options"))
            if (string.IsNullOrEmpty(JsonTree.String(option, "name"))) faults.Required(path.Child("options").Index(index), "must not be empty");
    }
}
