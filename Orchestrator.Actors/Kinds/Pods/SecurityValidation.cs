using System.Text.RegularExpressions;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>Privileges, users and profiles of a pod and of its containers.</summary>
/// <remarks>Source: ValidatePodSecurityContext and ValidateSecurityContext of kubernetes pkg/apis/core/validation.</remarks>
internal static partial class SecurityValidation
{
    private const long IdMax = int.MaxValue;
    private const int SysctlLengthMax = 253;

    public static void ValidatePod(JsonObject spec, FieldPath path, FaultList faults)
    {
        if (JsonTree.Bool(spec, "shareProcessNamespace") == true && JsonTree.Bool(spec, "hostPID") == true)
            faults.Invalid(path.Child("shareProcessNamespace"), true, "ShareProcessNamespace and HostPID cannot both be enabled");
        if (JsonTree.Object(spec, "securityContext") is not { } context) return;
        var here = path.Child("securityContext");
        foreach (var (index, node) in (JsonTree.Array(context, "supplementalGroups") ?? []).Index())
        {
            if (JsonTree.AsInt64(node) is { } group && group is < 0 or > IdMax)
                faults.Invalid(here.Child("supplementalGroups").Index(index), group, $"must be between 0 and {IdMax}, inclusive");
        }
        ValidateProfiles(context, here, faults);
        ValidateSysctls(spec, context, here.Child("sysctls"), faults);
    }

    public static void ValidateContainer(JsonObject container, FieldPath path, FaultList faults)
    {
        if (JsonTree.Object(container, "securityContext") is not { } context) return;
        var here = path.Child("securityContext");
        ValidateProfiles(context, here, faults);
        if (JsonTree.Bool(context, "allowPrivilegeEscalation") != false) return;
        if (JsonTree.Bool(context, "privileged") == true) faults.Invalid(here, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
        if (JsonTree.Object(context, "capabilities").Texts("add").Contains("CAP_SYS_ADMIN", StringComparer.Ordinal))
            faults.Invalid(here, context, "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
    }

    private static void ValidateProfiles(JsonObject context, FieldPath path, FaultList faults)
    {
        foreach (var (field, name) in (ReadOnlySpan<(string, string)>)[("seccompProfile", "seccomp"), ("appArmorProfile", "AppArmor")])
        {
            if (JsonTree.Object(context, field) is not { } profile) continue;
            var here = path.Child(field).Child("localhostProfile");
            if (field == "seccompProfile") FieldRules.OneOf(profile, "type", ["Localhost", "RuntimeDefault", "Unconfined"], path.Child(field), faults, "type is required when seccompProfile is set");
            var file = JsonTree.String(profile, "localhostProfile");
            if (JsonTree.String(profile, "type") != "Localhost")
            {
                if (file is not null) faults.Invalid(here, file, $"can only be set when {name} type is Localhost");
            }
            else if (string.IsNullOrWhiteSpace(file)) faults.Required(here, $"must be set when {name} type is Localhost");
            else if (field == "seccompProfile") VolumeValidation.ValidateRelativePath(file, here, faults);
        }
    }

    private static void ValidateSysctls(JsonObject spec, JsonObject context, FieldPath path, FaultList faults)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, sysctl) in context.Entries("sysctls"))
        {
            var here = path.Index(index).Child("name");
            var name = JsonTree.String(sysctl, "name") ?? "";
            if (name.Length == 0) continue;
            if (name.Length > SysctlLengthMax || !SysctlName().IsMatch(name))
                faults.Invalid(here, name, $"must have at most {SysctlLengthMax} characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$");
            else if (!names.Add(name.Replace('/', '.'))) faults.Duplicate(here, name);
            if (JsonTree.Bool(spec, "hostNetwork") == true && name.StartsWith("net.", StringComparison.Ordinal))
                faults.Invalid(here, name, "may not be specified when 'hostNetwork' is true");
            if (JsonTree.Bool(spec, "hostIPC") == true && (name.StartsWith("kernel.shm", StringComparison.Ordinal) || name.StartsWith("kernel.msg", StringComparison.Ordinal)
                || name == "kernel.sem" || name.StartsWith("fs.mqueue.", StringComparison.Ordinal)))
                faults.Invalid(here, name, "may not be specified when 'hostIPC' is true");
        }
    }

    [GeneratedRegex(@"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$", RegexOptions.CultureInvariant)]
    private static partial Regex SysctlName();
}
