using System.Globalization;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>What is allowed in a pod, or in the template of one, and is hardly what somebody means.</summary>
/// <remarks>Source: kubernetes pkg/api/pod/warnings.go and pkg/api/node.</remarks>
internal static class PodWarnings
{
    private const string NullSelector = "a null labelSelector results in matching no pod";
    private const string SeccompPod = "seccomp.security.alpha.kubernetes.io/pod";
    private const string SeccompContainer = "container.seccomp.security.alpha.kubernetes.io/";
    private const string AppArmor = "container.apparmor.security.beta.kubernetes.io/";

    private static readonly (string Key, string Text)[] OldAnnotations =
    [
        ("scheduler.alpha.kubernetes.io/critical-pod", "non-functional in v1.16+; use the \"priorityClassName\" field instead"),
        ("security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
        ("security.alpha.kubernetes.io/unsafe-sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
    ];

    private static readonly (string Field, string Text)[] OldVolumes =
    [
        ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
        ("gitRepo", "deprecated in v1.11"),
        ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
        ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
        ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
        ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
        ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
        ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
        ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
    ];

    /// <summary>What replaced a label of nodes, or null.</summary>
    public static string? OldNodeLabel(string? label) => label switch
    {
        "beta.kubernetes.io/arch" => "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
        "beta.kubernetes.io/os" => "deprecated since v1.14; use \"kubernetes.io/os\" instead",
        "failure-domain.beta.kubernetes.io/region" => "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
        "failure-domain.beta.kubernetes.io/zone" => "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
        "beta.kubernetes.io/instance-type" => "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead",
        _ => null,
    };

    /// <param name="pod">A pod, or what a workload makes pods of.</param>
    /// <param name="path">Where it is; the root for a pod.</param>
    public static void Tell(JsonObject? pod, FieldPath path, bool isTemplate, Action<string> warn)
    {
        if (JsonTree.Object(pod, "spec") is not { } spec) return;
        var annotations = JsonTree.Object(JsonTree.Object(pod, "metadata"), "annotations");
        var here = path.Child("spec");
        TellPlacement(spec, here, warn);
        foreach (var (key, text) in OldAnnotations)
            if (annotations?.ContainsKey(key) == true) warn($"{path.Child("metadata").Child("annotations").Key(key)}: {text}");
        TellVolumes(spec, here.Child("volumes"), warn);
        if (JsonTree.Array(spec, "hostAliases") is { } aliases) TellRepeated(aliases, here.Child("hostAliases"), "ip", warn);
        if (JsonTree.Array(spec, "imagePullSecrets") is { } secrets)
        {
            TellRepeated(secrets, here.Child("imagePullSecrets"), "name", warn);
            TellUnnamed(secrets, here.Child("imagePullSecrets"), warn);
        }
        if (JsonTree.Object(spec, "overhead") is { } overhead) TellFractions(overhead, here.Child("overhead"), warn);
        if (annotations?.ContainsKey(SeccompPod) == true && JsonTree.Object(spec, "securityContext")?["seccompProfile"] is null)
            warn($"{path.Child("metadata").Child("annotations").Key(SeccompPod)}: non-functional in v1.27+; use the \"seccompProfile\" field instead");
        TellContainers(spec, annotations, path, isTemplate, warn);
        if (JsonTree.Int64(spec, "terminationGracePeriodSeconds") is < 0)
            warn($"{here.Child("terminationGracePeriodSeconds")}: must be >= 0; negative values are invalid and will be treated as 1");
        foreach (var kind in (ReadOnlySpan<string>)["podAffinity", "podAntiAffinity"])
            if (JsonTree.Object(JsonTree.Object(spec, "affinity"), kind) is { } affinity) TellPodAffinity(affinity, here.Child("affinity").Child(kind), warn);
    }

    /// <summary>Tells of amounts of bytes that are no whole bytes.</summary>
    public static void TellFractions(JsonObject amounts, FieldPath path, Action<string> warn, params ReadOnlySpan<string> resources)
    {
        foreach (var name in resources.IsEmpty ? ["memory", "ephemeral-storage"] : resources)
            if (JsonTree.String(amounts, name) is { } text && Quantity.TryParse(text, out var amount) && amount.Milli % 1000 != 0)
                warn($"{path.Key(name)}: fractional byte value {GoQuote.Quote(amount.ToString())} is invalid, must be an integer");
    }

    /// <summary>Tells of labels in the terms of a node selector that nodes will not have for ever.</summary>
    public static void TellTerm(JsonObject? term, FieldPath path, Action<string> warn)
    {
        var expressions = JsonTree.Array(term, "matchExpressions") ?? [];
        for (var i = 0; i < expressions.Count; i++)
            if (JsonTree.String(expressions[i] as JsonObject, "key") is { } key && OldNodeLabel(key) is { } text)
                warn($"{path.Child("matchExpressions").Index(i).Child("key")}: {key} is {text}");
    }

    private static void TellPlacement(JsonObject spec, FieldPath path, Action<string> warn)
    {
        if (JsonTree.Object(spec, "nodeSelector") is { } selector)
        {
            foreach (var (key, _) in selector)
                if (OldNodeLabel(key) is { } text) warn($"{path.Child("nodeSelector").Key(key)}: {text}");
        }
        if (JsonTree.Object(JsonTree.Object(spec, "affinity"), "nodeAffinity") is { } affinity) TellNodeAffinity(affinity, path.Child("affinity").Child("nodeAffinity"), warn);
        if (JsonTree.Array(spec, "topologySpreadConstraints") is not { } spreads) return;
        for (var i = 0; i < spreads.Count; i++)
        {
            var at = path.Child("topologySpreadConstraints").Index(i);
            if (JsonTree.String(spreads[i] as JsonObject, "topologyKey") is { } key && OldNodeLabel(key) is { } text) warn($"{at.Child("topologyKey")}: {key} is {text}");
            if ((spreads[i] as JsonObject)?["labelSelector"] is null) warn($"{at.Child("labelSelector")}: {NullSelector}");
        }
    }

    private static void TellNodeAffinity(JsonObject affinity, FieldPath there, Action<string> warn)
    {
        var required = JsonTree.Array(JsonTree.Object(affinity, "requiredDuringSchedulingIgnoredDuringExecution"), "nodeSelectorTerms") ?? [];
        for (var i = 0; i < required.Count; i++)
            TellTerm(required[i] as JsonObject, there.Child("requiredDuringSchedulingIgnoredDuringExecution").Child("nodeSelectorTerms").Index(i), warn);
        var preferred = JsonTree.Array(affinity, "preferredDuringSchedulingIgnoredDuringExecution") ?? [];
        for (var i = 0; i < preferred.Count; i++)
            TellTerm(JsonTree.Object(preferred[i] as JsonObject, "preference"), there.Child("preferredDuringSchedulingIgnoredDuringExecution").Index(i).Child("preference"), warn);
    }

    private static void TellPodAffinity(JsonObject affinity, FieldPath path, Action<string> warn)
    {
        var required = JsonTree.Array(affinity, "requiredDuringSchedulingIgnoredDuringExecution") ?? [];
        for (var i = 0; i < required.Count; i++)
            if ((required[i] as JsonObject)?["labelSelector"] is null)
                warn($"{path.Child("requiredDuringSchedulingIgnoredDuringExecution").Index(i).Child("labelSelector")}: {NullSelector}");
        var preferred = JsonTree.Array(affinity, "preferredDuringSchedulingIgnoredDuringExecution") ?? [];
        for (var i = 0; i < preferred.Count; i++)
            if (JsonTree.Object(preferred[i] as JsonObject, "podAffinityTerm")?["labelSelector"] is null)
                warn($"{path.Child("preferredDuringSchedulingIgnoredDuringExecution").Index(i).Child("podAffinityTerm").Child("labelSelector")}: {NullSelector}");
    }

    private static void TellVolumes(JsonObject spec, FieldPath path, Action<string> warn)
    {
        if (JsonTree.Array(spec, "volumes") is not { } volumes) return;
        for (var i = 0; i < volumes.Count; i++)
        {
            if (volumes[i] is not JsonObject volume) continue;
            foreach (var (field, text) in OldVolumes)
                if (volume[field] is not null) warn($"{path.Index(i).Child(field == "storageos" ? "storageOS" : field)}: {text}");
            if (JsonTree.At(volume, ["ephemeral", "volumeClaimTemplate", "spec", "resources", "requests"]) is JsonObject requests)
                TellFractions(requests, path.Index(i).Child("ephemeral").Child("volumeClaimTemplate").Child("spec").Child("resources").Child("requests"), warn, "storage");
        }
    }

    private static void TellRepeated(JsonArray items, FieldPath path, string field, Action<string> warn)
    {
        if (items.Count < 2) return;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
            if (JsonTree.String(items[i] as JsonObject, field) is var value && !seen.Add(value ?? "")) warn($"{path.Index(i).Child(field)}: duplicate {field} {GoQuote.Quote(value ?? "")}");
    }

    private static void TellUnnamed(JsonArray secrets, FieldPath path, Action<string> warn)
    {
        for (var i = 0; i < secrets.Count; i++)
            if (JsonTree.String(secrets[i] as JsonObject, "name") is null or "") warn($"{path.Index(i).Child("name")}: invalid empty name \"\"");
    }

    private static void TellContainers(JsonObject spec, JsonObject? annotations, FieldPath path, bool isTemplate, Action<string> warn)
    {
        var ports = new Dictionary<(long, string), List<(FieldPath Path, long HostPort, string HostIP)>>();
        var podArmor = JsonTree.Object(spec, "securityContext")?["appArmorProfile"] is not null;
        foreach (var list in (ReadOnlySpan<string>)["initContainers", "containers", "ephemeralContainers"])
        {
            var containers = JsonTree.Array(spec, list);
            for (var i = 0; i < (containers?.Count ?? 0); i++)
            {
                if (containers![i] is not JsonObject container) continue;
                var here = path.Child("spec").Child(list).Index(i);
                if (annotations is not null) TellProfiles(container, annotations, path.Child("metadata").Child("annotations"), isTemplate && !podArmor, warn);
                var resources = JsonTree.Object(container, "resources");
                foreach (var side in (ReadOnlySpan<string>)["limits", "requests"])
                    if (JsonTree.Object(resources, side) is { } amounts) TellFractions(amounts, here.Child("resources").Child(side), warn);
                TellHiddenVariables(JsonTree.Array(container, "env"), here.Child("env"), warn);
                TellPorts(JsonTree.Array(container, "ports"), here.Child("ports"), ports, warn);
            }
        }
    }

    private static void TellProfiles(JsonObject container, JsonObject annotations, FieldPath path, bool armor, Action<string> warn)
    {
        var context = JsonTree.Object(container, "securityContext");
        var name = JsonTree.String(container, "name") ?? "";
        if (context?["seccompProfile"] is null && annotations.ContainsKey(SeccompContainer + name))
            warn($"{path.Key(SeccompContainer + name)}: non-functional in v1.27+; use the \"seccompProfile\" field instead");
        if (armor && context?["appArmorProfile"] is null && annotations.ContainsKey(AppArmor + name))
            warn($"{path.Key(AppArmor + name)}: deprecated since v1.30; use the \"appArmorProfile\" field instead");
    }

    // A later value that builds on the earlier one is meant.
    private static void TellHiddenVariables(JsonArray? variables, FieldPath path, Action<string> warn)
    {
        if (variables is not { Count: > 1 }) return;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < variables.Count; i++)
        {
            var variable = variables[i] as JsonObject;
            var name = JsonTree.String(variable, "name") ?? "";
            if (seen.Add(name)) continue;
            var (value, reference) = (JsonTree.String(variable, "value") ?? "", $"$({name})");
            if (variable?["valueFrom"] is null && value != reference && value.Contains(reference, StringComparison.Ordinal)) continue;
            warn($"{path.Index(i)}: hides previous definition of {GoQuote.Quote(name)}, which may be dropped when using apply");
        }
    }

    private static void TellPorts(
        JsonArray? declared, FieldPath path, Dictionary<(long, string), List<(FieldPath Path, long HostPort, string HostIP)>> known, Action<string> warn)
    {
        for (var i = 0; i < (declared?.Count ?? 0); i++)
        {
            if (declared![i] is not JsonObject port) continue;
            var (number, protocol) = (JsonTree.Int64(port, "containerPort") ?? 0, JsonTree.String(port, "protocol") ?? "TCP");
            var (hostPort, hostIP) = (JsonTree.Int64(port, "hostPort") ?? 0, JsonTree.String(port, "hostIP") ?? "");
            var here = path.Index(i);
            if (hostIP.Length > 0 && hostPort == 0)
            {
                warn(string.Create(CultureInfo.InvariantCulture,
                    $"{here}: hostIP set without hostPort: {{Name:{JsonTree.String(port, "name")} HostPort:0 ContainerPort:{number} Protocol:{protocol} HostIP:{hostIP}}}"));
            }
            if (!known.TryGetValue((number, protocol), out var others)) known[(number, protocol)] = others = [];
            foreach (var other in others)
            {
                if (hostIP == other.HostIP && hostPort == other.HostPort) warn($"{here}: duplicate port definition with {other.Path}");
                else if (hostPort == 0 || other.HostPort == 0) warn($"{here}: overlapping port definition with {other.Path}");
                else if (hostPort == other.HostPort && (hostIP.Length == 0) != (other.HostIP.Length == 0)) warn($"{here}: dangerously ambiguous port definition with {other.Path}");
            }
            others.Add((here, hostPort, hostIP));
        }
    }
}
