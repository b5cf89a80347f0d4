using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.PodSecurity;

/// <summary>The checks of the level baseline, which shuts out known ways to become root of a node.</summary>
internal static class BaselineChecks
{
    // Source: check_capabilities_baseline.go.
    private static readonly HashSet<string> Capabilities = new(StringComparer.Ordinal)
    {
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    };

    private static readonly HashSet<string> SelinuxTypes = new(StringComparer.Ordinal) { "", "container_t", "container_init_t", "container_kvm_t" };

    private static readonly ImmutableArray<(string Name, int Since)> Sysctls =
    [
        ("kernel.shm_rmid_forced", 0), ("net.ipv4.ip_local_port_range", 0), ("net.ipv4.tcp_syncookies", 0), ("net.ipv4.ping_group_range", 0),
        ("net.ipv4.ip_unprivileged_port_start", 0), ("net.ipv4.ip_local_reserved_ports", 27), ("net.ipv4.tcp_keepalive_time", 29),
        ("net.ipv4.tcp_fin_timeout", 29), ("net.ipv4.tcp_keepalive_intvl", 29), ("net.ipv4.tcp_keepalive_probes", 29),
        ("net.ipv4.tcp_rmem", 32), ("net.ipv4.tcp_wmem", 32),
    ];

    public static ImmutableArray<PodSecurityCheck> All { get; } =
    [
        new("appArmorProfile", 0, AppArmor),
        new("capabilities_baseline", 0, Capability),
        new("hostNamespaces", 0, HostNamespaces),
        new("hostPathVolumes", 0, HostPaths),
        new("hostPorts", 0, HostPorts),
        new("privileged", 0, Privileged),
        new("procMount", 0, ProcMount),
        new("seccompProfile_baseline", 0, Seccomp),
        new("seLinuxOptions", 0, Selinux),
        new("sysctls", 0, SysctlNames),
        new("windowsHostProcess", 0, WindowsHostProcess),
    ];

    private static PodSecurityViolation? AppArmor(PodToCheck pod)
    {
        var found = new List<string>();
        var values = new SortedSet<string>(StringComparer.Ordinal);
        if (Profile(pod.SecurityContext) is { } ofPod && IsBad(ofPod))
        {
            found.Add("pod");
            values.Add(ofPod);
        }
        var bad = pod.Where(static c => Profile(PodToCheck.ContextOf(c)) is { } type && IsBad(type));
        foreach (var container in bad) values.Add(Profile(PodToCheck.ContextOf(container))!);
        if (bad.Count > 0) found.Add(PodToCheck.Name(bad));
        var annotations = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in JsonTree.Object(pod.Metadata, "annotations") ?? [])
            if (key.StartsWith("container.apparmor.security.beta.kubernetes.io/", StringComparison.Ordinal) && JsonTree.AsString(value) is { } text
                && text is not ("" or "runtime/default") && !text.StartsWith("localhost/", StringComparison.Ordinal))
                annotations[key] = text;
        if (found.Count == 0 && annotations.Count == 0) return null;
        var detail = new List<string>();
        if (found.Count > 0) detail.Add($"{string.Join(" and ", found)} must not set AppArmor profile type to {PodToCheck.Quoted(values)}");
        if (annotations.Count > 0)
            detail.Add($"{PodToCheck.Plural("annotation", "annotations", annotations.Count)} {string.Join(", ", annotations.Select(static a => GoQuote.Quote($"{a.Key}={GoQuote.Quote(a.Value)}")))}");
        return new PodSecurityViolation(PodToCheck.Plural("forbidden AppArmor profile", "forbidden AppArmor profiles", values.Count + annotations.Count), string.Join(" and ", detail));

        static string? Profile(JsonObject? context) => JsonTree.AsString(JsonTree.At(context, ["appArmorProfile", "type"]));
        static bool IsBad(string type) => type is not ("RuntimeDefault" or "Localhost");
    }

    private static PodSecurityViolation? Capability(PodToCheck pod)
    {
        var added = new SortedSet<string>(StringComparer.Ordinal);
        var bad = pod.Where(c => PodToCheck.Collect(AddedBy(c).Where(static n => !Capabilities.Contains(n)), added));
        return bad.Count == 0 ? null : new PodSecurityViolation("non-default capabilities",
            $"{PodToCheck.Name(bad)} must not include {PodToCheck.Quoted(added)} in securityContext.capabilities.add");
    }

    internal static IEnumerable<string> AddedBy(JsonObject container) =>
        (JsonTree.At(PodToCheck.ContextOf(container), ["capabilities", "add"]) as JsonArray ?? []).Select(static c => JsonTree.AsString(c) ?? "");

    private static PodSecurityViolation? HostNamespaces(PodToCheck pod)
    {
        var set = ((string[])["hostNetwork", "hostPID", "hostIPC"]).Where(f => JsonTree.Bool(pod.Spec, f) == true).Select(static f => f + "=true").ToList();
        return set.Count == 0 ? null : new PodSecurityViolation("host namespaces", string.Join(", ", set));
    }

    private static PodSecurityViolation? HostPaths(PodToCheck pod)
    {
        var volumes = (JsonTree.Array(pod.Spec, "volumes") ?? []).OfType<JsonObject>().Where(static v => v["hostPath"] is not null).Select(static v => JsonTree.String(v, "name") ?? "").ToList();
        return volumes.Count == 0 ? null : new PodSecurityViolation("hostPath volumes", $"{PodToCheck.Plural("volume", "volumes", volumes.Count)} {PodToCheck.Quoted(volumes)}");
    }

    private static PodSecurityViolation? HostPorts(PodToCheck pod)
    {
        var ports = new SortedSet<long>();
        var bad = pod.Where(c => PodToCheck.Collect((JsonTree.Array(c, "ports") ?? []).Select(static p => JsonTree.Int64(p as JsonObject, "hostPort") ?? 0).Where(static p => p != 0), ports));
        return bad.Count == 0 ? null : new PodSecurityViolation("hostPort",
            $"{PodToCheck.Name(bad)} {PodToCheck.Plural("uses", "use", bad.Count)} {PodToCheck.Plural("hostPort", "hostPorts", ports.Count)} {string.Join(", ", ports)}");
    }

    private static PodSecurityViolation? Privileged(PodToCheck pod)
    {
        var bad = pod.Where(static c => JsonTree.Bool(PodToCheck.ContextOf(c), "privileged") == true);
        return bad.Count == 0 ? null : new PodSecurityViolation("privileged", $"{PodToCheck.Name(bad)} must not set securityContext.privileged=true");
    }

    private static PodSecurityViolation? ProcMount(PodToCheck pod)
    {
        var values = new SortedSet<string>(StringComparer.Ordinal);
        var bad = pod.Where(c =>
        {
            if (JsonTree.String(PodToCheck.ContextOf(c), "procMount") is not { } mount || mount == "Default") return false;
            values.Add(mount);
            return true;
        });
        return bad.Count == 0 ? null : new PodSecurityViolation("procMount", $"{PodToCheck.Name(bad)} must not set securityContext.procMount to {PodToCheck.Quoted(values)}");
    }

    private static PodSecurityViolation? Seccomp(PodToCheck pod)
    {
        // Before 1.19 there were annotations, which no pod of ours has an effect from.
        var values = new SortedSet<string>(StringComparer.Ordinal);
        var setters = new List<string>();
        if (SeccompOf(pod.SecurityContext) is "Unconfined")
        {
            values.Add("Unconfined");
            setters.Add("pod");
        }
        var bad = pod.Where(static c => SeccompOf(PodToCheck.ContextOf(c)) is "Unconfined");
        if (bad.Count > 0)
        {
            values.Add("Unconfined");
            setters.Add(PodToCheck.Name(bad));
        }
        return setters.Count == 0 ? null : new PodSecurityViolation("seccompProfile", $"{string.Join(" and ", setters)} must not set securityContext.seccompProfile.type to {PodToCheck.Quoted(values)}");
    }

    internal static string? SeccompOf(JsonObject? context) => JsonTree.AsString(JsonTree.At(context, ["seccompProfile", "type"]));

    private static PodSecurityViolation? Selinux(PodToCheck pod)
    {
        var types = new SortedSet<string>(StringComparer.Ordinal);
        var (users, roles) = (false, false);
        var setters = new List<string>();
        if (IsBad(pod.SecurityContext)) setters.Add("pod");
        var bad = pod.Where(c => IsBad(PodToCheck.ContextOf(c)));
        if (bad.Count > 0) setters.Add(PodToCheck.Name(bad));
        if (setters.Count == 0) return null;
        var detail = new List<string>();
        if (types.Count > 0) detail.Add($"{PodToCheck.Plural("type", "types", types.Count)} {PodToCheck.Quoted(types)}");
        if (users) detail.Add("user may not be set");
        if (roles) detail.Add("role may not be set");
        return new PodSecurityViolation("seLinuxOptions", $"{string.Join(" and ", setters)} set forbidden securityContext.seLinuxOptions: {string.Join("; ", detail)}");

        bool IsBad(JsonObject? context)
        {
            if (JsonTree.Object(context, "seLinuxOptions") is not { } options) return false;
            var type = JsonTree.String(options, "type") ?? "";
            var allowed = SelinuxTypes.Contains(type) || (type == "container_engine_t" && pod.Minor >= 31);
            if (!allowed) types.Add(type);
            var user = !string.IsNullOrEmpty(JsonTree.String(options, "user"));
            var role = !string.IsNullOrEmpty(JsonTree.String(options, "role"));
            users |= user;
            roles |= role;
            return !allowed || user || role;
        }
    }

    private static PodSecurityViolation? SysctlNames(PodToCheck pod)
    {
        var bad = (JsonTree.Array(pod.SecurityContext, "sysctls") ?? []).Select(static s => JsonTree.String(s as JsonObject, "name") ?? "")
            .Where(n => !Sysctls.Any(s => s.Name == n && s.Since <= pod.Minor)).ToList();
        return bad.Count == 0 ? null : new PodSecurityViolation("forbidden sysctls", string.Join(", ", bad));
    }

    private static PodSecurityViolation? WindowsHostProcess(PodToCheck pod)
    {
        var setters = new List<string>();
        if (IsSet(pod.SecurityContext)) setters.Add("pod");
        var bad = pod.Where(static c => IsSet(PodToCheck.ContextOf(c)));
        if (bad.Count > 0) setters.Add(PodToCheck.Name(bad));
        return setters.Count == 0 ? null : new PodSecurityViolation("hostProcess", $"{string.Join(" and ", setters)} must not set securityContext.windowsOptions.hostProcess=true");

        static bool IsSet(JsonObject? context) => JsonTree.AsBool(JsonTree.At(context, ["windowsOptions", "hostProcess"])) == true;
    }
}
