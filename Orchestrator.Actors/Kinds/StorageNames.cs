using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds;

/// <summary>Names and modes that the kinds of storage share.</summary>
/// <remarks>Source: kubernetes pkg/apis/core/validation and pkg/apis/storage/validation.</remarks>
internal static class StorageNames
{
    public static readonly string[] AccessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

    /// <summary>The name of a CSI driver: a domain, of at most 63 characters, in which capitals are allowed.</summary>
    public static void ValidateDriver(string name, FieldPath path, FaultList faults)
    {
        if (name.Length == 0) faults.Required(path);
        if (name.Length > ObjectNames.LabelLengthMax) faults.TooLong(path, ObjectNames.LabelLengthMax);
        if (name.Length > 0 && ObjectNames.Subdomain(name.ToLowerInvariant()) is { } fault) faults.Invalid(path, name, fault);
    }

    /// <summary>How a volume may be mounted. A volume for one pod alone can be nothing else at the same time.</summary>
    public static void ValidateAccessModes(JsonObject? spec, FieldPath path, string required, FaultList faults)
    {
        var modes = spec.Texts("accessModes");
        if (modes.Length == 0) faults.Required(path, required);
        foreach (var mode in modes)
            if (!AccessModes.Contains(mode, StringComparer.Ordinal)) faults.NotSupported(path, mode, AccessModes);
        if (modes.Contains("ReadWriteOncePod", StringComparer.Ordinal) && modes.Any(static m => m != "ReadWriteOncePod"))
            faults.Forbidden(path, "may not use ReadWriteOncePod with other access modes");
    }

    public static void ValidatePositive(Quantity amount, FieldPath path, FaultList faults)
    {
        if (amount.Sign <= 0) faults.Invalid(path, amount.ToString(), "must be greater than zero");
    }

    public static void ValidateClass(string name, FieldPath path, FaultList faults)
    {
        if (ObjectNames.Subdomain(name) is { } fault) faults.Invalid(path, name, fault);
    }
}
