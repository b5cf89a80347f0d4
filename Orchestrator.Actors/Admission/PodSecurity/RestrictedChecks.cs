using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.PodSecurity;

/// <summary>The checks that the level restricted adds: what is known to harden a pod.</summary>
internal static class RestrictedChecks
{
    private static readonly HashSet<string> VolumeTypes = new(StringComparer.Ordinal)
    {
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
    };

    public static ImmutableArray<PodSecurityCheck> All { get; } =
    [
        new("allowPrivilegeEscalation", 8, PrivilegeEscalation),
        new("capabilities_restricted", 22, Capability),
        new("restrictedVolumes", 0, Volumes),
        new("runAsNonRoot", 0, RunAsNonRoot),
        new("runAsUser", 23, RunAsUser),
        new("seccompProfile_restricted", 19, Seccomp),
    ];

    /// <summary>Whether a check of baseline has a stricter form here.</summary>
    public static bool Replaces(string baseline, int minor) =>
        (baseline == "capabilities_baseline" && minor >= 22) || baseline == "hostPathVolumes" || (baseline == "seccompProfile_baseline" && minor >= 19);

    // From 1.25 on the checks of Linux do not concern pods of Windows.
    private static bool IsExempt(PodToCheck pod) => pod.Minor >= 25 && pod.IsWindows;

    private static PodSecurityViolation? PrivilegeEscalation(PodToCheck pod)
    {
        if (IsExempt(pod)) return null;
        var bad = pod.Where(static c => JsonTree.Bool(PodToCheck.ContextOf(c), "allowPrivilegeEscalation") != false);
        return bad.Count == 0 ? null : new PodSecurityViolation("allowPrivilegeEscalation != false", $"{PodToCheck.Name(bad)} must set securityContext.allowPrivilegeEscalation=false");
    }

    private static PodSecurityViolation? Capability(PodToCheck pod)
    {
        if (IsExempt(pod)) return null;
        var added = new SortedSet<string>(StringComparer.Ordinal);
        var keeps = pod.Where(static c => !(JsonTree.At(PodToCheck.ContextOf(c), ["capabilities", "drop"]) as JsonArray ?? []).Any(static d => JsonTree.AsString(d) == "ALL"));
        var adds = pod.Where(c => PodToCheck.Collect(BaselineChecks.AddedBy(c).Where(static n => n != "NET_BIND_SERVICE"), added));
        if (keeps.Count == 0 && adds.Count == 0) return null;
        var detail = new List<string>();
        if (keeps.Count > 0) detail.Add($"{PodToCheck.Name(keeps)} must set securityContext.capabilities.drop=[\"ALL\"]");
        if (adds.Count > 0) detail.Add($"{PodToCheck.Name(adds)} must not include {PodToCheck.Quoted(added)} in securityContext.capabilities.add");
        return new PodSecurityViolation("unrestricted capabilities", string.Join("; ", detail));
    }

    private static PodSecurityViolation? Volumes(PodToCheck pod)
    {
        var bad = new List<string>();
        var types = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var volume in (JsonTree.Array(pod.Spec, "volumes") ?? []).OfType<JsonObject>())
        {
            var wrong = volume.Where(static f => f.Key != "name" && f.Value is not null && !VolumeTypes.Contains(f.Key)).Select(static f => f.Key).ToList();
            if (wrong.Count == 0) continue;
            bad.Add(JsonTree.String(volume, "name") ?? "");
            types.UnionWith(wrong);
        }
        return bad.Count == 0 ? null : new PodSecurityViolation("restricted volume types",
            $"{PodToCheck.Plural("volume", "volumes", bad.Count)} {PodToCheck.Quoted(bad)} {PodToCheck.Plural("uses", "use", bad.Count)} restricted volume {PodToCheck.Plural("type", "types", types.Count)} {PodToCheck.Quoted(types)}");
    }

    private static PodSecurityViolation? RunAsNonRoot(PodToCheck pod)
    {
        var ofPod = JsonTree.Bool(pod.SecurityContext, "runAsNonRoot");
        var setters = new List<string>();
        if (ofPod == false) setters.Add("pod");
        var explicitly = pod.Where(static c => JsonTree.Bool(PodToCheck.ContextOf(c), "runAsNonRoot") == false);
        var silent = ofPod == true ? [] : pod.Where(static c => JsonTree.Bool(PodToCheck.ContextOf(c), "runAsNonRoot") is null);
        if (explicitly.Count > 0) setters.Add(PodToCheck.Name(explicitly));
        if (setters.Count > 0) return new PodSecurityViolation("runAsNonRoot != true", $"{string.Join(" and ", setters)} must not set securityContext.runAsNonRoot=false");
        return silent.Count == 0 ? null : new PodSecurityViolation("runAsNonRoot != true", $"pod or {PodToCheck.Name(silent)} must set securityContext.runAsNonRoot=true");
    }

    private static PodSecurityViolation? RunAsUser(PodToCheck pod)
    {
        var setters = new List<string>();
        if (JsonTree.Int64(pod.SecurityContext, "runAsUser") == 0) setters.Add("pod");
        var bad = pod.Where(static c => JsonTree.Int64(PodToCheck.ContextOf(c), "runAsUser") == 0);
        if (bad.Count > 0) setters.Add(PodToCheck.Name(bad));
        return setters.Count == 0 ? null : new PodSecurityViolation("runAsUser=0", $"{string.Join(" and ", setters)} must not set runAsUser=0");
    }

    private static PodSecurityViolation? Seccomp(PodToCheck pod)
    {
        if (IsExempt(pod)) return null;
        var values = new SortedSet<string>(StringComparer.Ordinal);
        var setters = new List<string>();
        var ofPod = BaselineChecks.SeccompOf(pod.SecurityContext);
        if (ofPod is not null && !IsGood(ofPod))
        {
            values.Add(ofPod);
            setters.Add("pod");
        }
        var bad = pod.Where(static c => BaselineChecks.SeccompOf(PodToCheck.ContextOf(c)) is { } type && !IsGood(type));
        foreach (var container in bad) values.Add(BaselineChecks.SeccompOf(PodToCheck.ContextOf(container))!);
        if (bad.Count > 0) setters.Add(PodToCheck.Name(bad));
        if (setters.Count > 0) return new PodSecurityViolation("seccompProfile", $"{string.Join(" and ", setters)} must not set securityContext.seccompProfile.type to {PodToCheck.Quoted(values)}");
        var silent = ofPod is not null ? [] : pod.Where(static c => BaselineChecks.SeccompOf(PodToCheck.ContextOf(c)) is null);
        return silent.Count == 0 ? null : new PodSecurityViolation("seccompProfile", $"pod or {PodToCheck.Name(silent)} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"");

        static bool IsGood(string type) => type is "RuntimeDefault" or "Localhost";
    }
}
