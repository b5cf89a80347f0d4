using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>Where the environment of a container comes from: one source for each variable.</summary>
internal static class EnvValidation
{
    /// <summary>The fields of a pod that a variable may show, in the order in which messages list them.</summary>
    public static readonly string[] EnvFields =
    [
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs",
        "status.podIP", "status.podIPs",
    ];

    /// <summary>The fields of a pod that a file may show.</summary>
    public static readonly string[] VolumeFields = ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

    private static readonly string[] KnownFields =
        [.. EnvFields.Union(VolumeFields, StringComparer.Ordinal), "spec.restartPolicy", "spec.schedulerName", "status.phase", "status.nominatedNodeName"];

    private static readonly string[] Resources =
        ["limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"];

    private static readonly string[] CpuDivisors = ["1m", "1"];
    private static readonly string[] SizeDivisors = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

    public static void Validate(JsonObject container, FieldPath path, FaultList faults)
    {
        foreach (var (index, variable) in container.Entries("env"))
        {
            if (variable["valueFrom"] is not JsonObject source) continue;
            var here = path.Child("env").Index(index).Child("valueFrom");
            if (JsonTree.String(variable, "value") is { Length: > 0 }) faults.Invalid(here, "", "may not be specified when `value` is not empty");
            ValidateSource(source, here, faults);
        }
        foreach (var (index, from) in container.Entries("envFrom")) ValidateFrom(from, path.Child("envFrom").Index(index), faults);
    }

    private static void ValidateSource(JsonObject source, FieldPath path, FaultList faults)
    {
        var given = source.Count(static s => s.Value is JsonObject);
        if (given == 0) faults.Invalid(path, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`");
        else if (given > 1) faults.Invalid(path, "", "may not have more than one field specified at a time");
        if (source["fieldRef"] is JsonObject field) ValidateFieldRef(field, EnvFields, path.Child("fieldRef"), faults);
        foreach (var name in (ReadOnlySpan<string>)["configMapKeyRef", "secretKeyRef"])
        {
            if (source[name] is JsonObject reference) ValidateName(reference, path.Child(name), faults);
        }
        if (source["resourceFieldRef"] is JsonObject resource) ValidateResourceRef(resource, path.Child("resourceFieldRef"), faults);
    }

    private static void ValidateName(JsonObject reference, FieldPath path, FaultList faults)
    {
        var name = JsonTree.String(reference, "name") ?? "";
        if (name.Length == 0) faults.Required(path.Child("name"));
        else if (ObjectNames.Subdomain(name) is { } fault) faults.Invalid(path.Child("name"), name, fault);
    }

    /// <summary>An amount of a container that a variable or a file shows, and the unit in which.</summary>
    /// <param name="ofVolume">A file must say of which container; a variable may mean its own.</param>
    public static void ValidateResourceRef(JsonObject reference, FieldPath path, FaultList faults, bool ofVolume = false)
    {
        if (ofVolume && string.IsNullOrEmpty(JsonTree.String(reference, "containerName"))) faults.Required(path.Child("containerName"));
        if (JsonTree.String(reference, "resource") is not { Length: > 0 } resource) return;
        var unit = resource[(resource.IndexOf('.', StringComparison.Ordinal) + 1)..];
        var hugePages = unit.StartsWith("hugepages-", StringComparison.Ordinal) && (resource.StartsWith("limits.", StringComparison.Ordinal) || resource.StartsWith("requests.", StringComparison.Ordinal));
        if (!hugePages && !Resources.Contains(resource, StringComparer.Ordinal)) faults.NotSupported(path.Child("resource"), resource, Resources);
        var divisor = JsonTree.String(reference, "divisor") ?? (reference["divisor"] is { } number ? JsonTree.ToText(number) : "");
        if (divisor is "" or "0") return;
        var units = unit == "cpu" ? CpuDivisors : SizeDivisors;
        if (!units.Contains(divisor, StringComparer.Ordinal))
            faults.Invalid(path.Child("divisor"), unit == "cpu" ? "limits.cpu" : resource, unit == "cpu"
                ? "only divisor's values 1m and 1 are supported with the cpu resource"
                : $"only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the {(hugePages ? "hugepages" : unit == "memory" ? "memory" : "local ephemeral storage")} resource");
    }

    public static void ValidateFieldRef(JsonObject reference, string[] allowed, FieldPath path, FaultList faults)
    {
        if (JsonTree.String(reference, "fieldPath") is not { Length: > 0 } field) return;
        if (JsonTree.String(reference, "apiVersion") is { Length: > 0 } version && version != "v1")
        {
            faults.Invalid(path.Child("fieldPath"), field, $"error converting fieldPath: unsupported pod version: {version}");
            return;
        }
        var bracket = field.IndexOf('[', StringComparison.Ordinal);
        if (bracket >= 0)
        {
            var subject = field[..bracket];
            if (subject is not ("metadata.labels" or "metadata.annotations") || !field.EndsWith("']", StringComparison.Ordinal))
                faults.Invalid(path.Child("fieldPath"), field, "does not support subscript");
            return;
        }
        if (!KnownFields.Contains(field, StringComparer.Ordinal))
            faults.Invalid(path.Child("fieldPath"), field, $"error converting fieldPath: field label not supported: {field}");
        else if (!allowed.Contains(field, StringComparer.Ordinal)) faults.NotSupported(path.Child("fieldPath"), field, allowed);
    }

    private static void ValidateFrom(JsonObject from, FieldPath path, FaultList faults)
    {
        if (JsonTree.String(from, "prefix") is { Length: > 0 } prefix && ObjectNames.EnvironmentName(prefix) is { } fault)
            faults.Invalid(path.Child("prefix"), prefix, fault);
        var sources = 0;
        foreach (var name in (ReadOnlySpan<string>)["configMapRef", "secretRef"])
        {
            if (from[name] is not JsonObject reference) continue;
            sources++;
            ValidateName(reference, path.Child(name), faults);
        }
        if (sources == 0) faults.Invalid(path, "", "must specify one of: `configMapRef` or `secretRef`");
        else if (sources > 1) faults.Invalid(path, "", "may not have more than one field specified at a time");
    }
}
