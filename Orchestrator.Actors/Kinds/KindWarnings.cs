using System.Net;
using System.Net.Sockets;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds;

/// <summary>Remarks on objects that are valid and yet hardly what somebody means; clients show them.</summary>
/// <remarks>Source: the strategies of kube-apiserver's registries, WarningsOnCreate and WarningsOnUpdate.</remarks>
internal static class KindWarnings
{
    private const string PodNames = "this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended";
    private const string OwnHostname = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
    private const string OldStorageClass = "volume.beta.kubernetes.io/storage-class";

    private const long ManyCompletions = 100_000;
    private const long ManyAtOnce = 10_000;

    private static readonly FieldPath Spec = FieldPath.Of("spec");
    private static readonly FieldPath Annotations = FieldPath.Of("metadata").Child("annotations");

    /// <summary>Tells what there is to say of a valid object.</summary>
    /// <param name="stored">What an update changes; null for a new object.</param>
    public static void Tell(ResourceSchema schema, JsonObject tree, JsonObject? stored, AdmissionNotes notes)
    {
        if (schema.IsCustom) TellFinalizers(tree, stored, notes.Warn);
        else if (schema.Group is "" or "apps" or "batch" or "networking.k8s.io") Tell(schema.Type.ToString(), tree, stored, notes.Warn);
    }

    private static void Tell(string type, JsonObject tree, JsonObject? stored, Action<string> warn)
    {
        switch (type)
        {
            // Hardly anybody changes a pod by hand, and much else does.
            case "pods" when stored is null:
                TellName(tree, OwnHostname, warn);
                TellPod(tree, warn);
                break;
            case "deployments.apps" or "replicasets.apps" or "statefulsets.apps" or "replicationcontrollers" or "jobs.batch":
                if (stored is null) TellName(tree, PodNames, warn);
                TellTemplate(tree, stored, ["spec", "template"], warn);
                if (type == "jobs.batch") TellIndexes(JsonTree.Object(tree, "spec"), warn);
                break;
            case "daemonsets.apps": TellTemplate(tree, stored, ["spec", "template"], warn); break;
            case "podtemplates": TellTemplate(tree, stored, ["template"], warn); break;
            case "cronjobs.batch":
                if (stored is null) TellName(tree, PodNames, warn);
                TellTemplate(tree, stored, ["spec", "jobTemplate", "spec", "template"], warn);
                break;
            case "services": TellService(tree, warn); break;
            case "persistentvolumes": TellVolume(tree, warn); break;
            case "persistentvolumeclaims":
                TellAnnotation(tree, OldStorageClass, "deprecated since v1.8; use \"storageClassName\" attribute instead", warn);
                if (JsonTree.At(tree, ["spec", "resources", "requests"]) is JsonObject requests)
                    PodWarnings.TellFractions(requests, Spec.Child("resources").Child("requests"), warn, "storage");
                break;
            case "ingresses.networking.k8s.io" when stored is null && HasOldClass(tree):
                warn("annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead");
                break;
            default: break;
        }
    }

    private static void TellPod(JsonObject pod, Action<string> warn)
    {
        // Annotations are the only other part that there may be something to say of.
        var known = AnnotationsOf(pod) is null ? AdmittedSpec.Find(pod["spec"]) : null;
        if (known is { IsPlain: true }) return;
        var told = Tells(pod, warn);
        if (known is not null) known.IsPlain = !told;
    }

    private static bool Tells(JsonObject pod, Action<string> warn)
    {
        var told = false;
        PodWarnings.Tell(pod, FieldPath.Root, false, text =>
        {
            told = true;
            warn(text);
        });
        return told;
    }

    private static bool HasOldClass(JsonObject ingress) =>
        JsonTree.String(JsonTree.Object(ingress, "spec"), "ingressClassName") is null && AnnotationsOf(ingress)?.ContainsKey("kubernetes.io/ingress.class") == true;

    private static JsonObject? AnnotationsOf(JsonObject tree) => JsonTree.Object(JsonTree.Object(tree, "metadata"), "annotations");

    private static void TellAnnotation(JsonObject tree, string key, string text, Action<string> warn)
    {
        if (AnnotationsOf(tree)?.ContainsKey(key) == true) warn($"{Annotations.Key(key)}: {text}");
    }

    private static void TellName(JsonObject tree, string text, Action<string> warn)
    {
        if (ObjectNames.Label(FieldRules.NameOf(tree)) is { } fault) warn($"metadata.name: {text}: [{fault}]");
    }

    // Only a change of the spec is a reason to look at the template again.
    private static void TellTemplate(JsonObject tree, JsonObject? stored, ReadOnlySpan<string> path, Action<string> warn)
    {
        if (stored is not null && JsonTree.DeepEquals(JsonTree.At(tree, path), JsonTree.At(stored, path))) return;
        var at = FieldPath.Root;
        foreach (var name in path) at = at.Child(name);
        PodWarnings.Tell(JsonTree.At(tree, path) as JsonObject, at, true, warn);
    }

    private static void TellIndexes(JsonObject? spec, Action<string> warn)
    {
        if (JsonTree.String(spec, "completionMode") == "Indexed" && JsonTree.Int64(spec, "completions") > ManyCompletions && JsonTree.Int64(spec, "parallelism") > ManyAtOnce)
        {
            warn("In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, "
                + "Kubernetes might not be able to track completedIndexes when a big number of indexes fail");
        }
    }

    private static void TellService(JsonObject tree, Action<string> warn)
    {
        var spec = JsonTree.Object(tree, "spec");
        if (AnnotationsOf(tree)?.ContainsKey("service.kubernetes.io/topology-aware-hints") == true)
            warn("annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead");
        var (type, ip) = (JsonTree.String(spec, "type"), JsonTree.String(spec, "clusterIP"));
        var addresses = JsonTree.Array(spec, "externalIPs") ?? [];
        if (ip is { Length: > 0 } and not "None") TellAddresses(JsonTree.Array(spec, "clusterIPs") ?? [], Spec.Child("clusterIPs"), warn);
        if (type == "ClusterIP" && ip == "None")
        {
            if (JsonTree.String(spec, "loadBalancerIP") is { Length: > 0 }) warn("spec.loadBalancerIP is ignored for headless services");
            if (addresses.Count > 0) warn("spec.externalIPs is ignored for headless services");
            if (JsonTree.String(spec, "sessionAffinity") is { Length: > 0 } and not "None") warn("spec.SessionAffinity is ignored for headless services");
        }
        TellAddresses(addresses, Spec.Child("externalIPs"), warn);
        if (JsonTree.String(spec, "loadBalancerIP") is { Length: > 0 } balancer) TellAddress(balancer, Spec.Child("loadBalancerIP"), warn);
        if (type == "ExternalName" && addresses.Count > 0) warn("spec.externalIPs is ignored when spec.type is \"ExternalName\"");
        if (type != "ExternalName" && JsonTree.String(spec, "externalName") is { Length: > 0 }) warn("spec.externalName is ignored when spec.type is not \"ExternalName\"");
    }

    private static void TellAddresses(JsonArray addresses, FieldPath path, Action<string> warn)
    {
        for (var i = 0; i < addresses.Count; i++) TellAddress(JsonTree.AsString(addresses[i]) ?? "", path.Index(i), warn);
    }

    private static void TellAddress(string address, FieldPath path, Action<string> warn)
    {
        if (!IPAddress.TryParse(address, out var parsed) || parsed.AddressFamily != AddressFamily.InterNetworkV6) return;
        var canonical = parsed.ToString();
        if (canonical != address)
            warn($"{path}: IPv6 address {GoQuote.Quote(address)} is not in RFC 5952 canonical format ({GoQuote.Quote(canonical)}), which may cause controller apply-loops");
    }

    private static void TellVolume(JsonObject tree, Action<string> warn)
    {
        var spec = JsonTree.Object(tree, "spec");
        TellAnnotation(tree, OldStorageClass, "deprecated since v1.8; use \"storageClassName\" attribute instead", warn);
        if (JsonTree.String(spec, "persistentVolumeReclaimPolicy") == "Recycle")
            warn($"{Spec.Child("persistentVolumeReclaimPolicy")}: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.");
        if (JsonTree.Object(spec, "capacity") is { } capacity) PodWarnings.TellFractions(capacity, Spec.Child("capacity"), warn, "storage");
        var terms = JsonTree.At(spec, ["nodeAffinity", "required", "nodeSelectorTerms"]) as JsonArray ?? [];
        for (var i = 0; i < terms.Count; i++)
            PodWarnings.TellTerm(terms[i] as JsonObject, Spec.Child("nodeAffinity").Child("required").Child("nodeSelectorTerms").Index(i), warn);
    }

    private static void TellFinalizers(JsonObject tree, JsonObject? stored, Action<string> warn)
    {
        if (JsonTree.Array(JsonTree.Object(tree, "metadata"), "finalizers") is not { Count: > 0 } finalizers) return;
        var before = JsonTree.Array(JsonTree.Object(stored, "metadata"), "finalizers")?.Select(JsonTree.AsString).ToHashSet(StringComparer.Ordinal) ?? [];
        foreach (var finalizer in finalizers.Select(JsonTree.AsString).OfType<string>().Where(f => !before.Contains(f)).Distinct().Order(StringComparer.Ordinal))
        {
            if (!finalizer.Contains('/', StringComparison.Ordinal) && finalizer is not ("orphan" or "foregroundDeletion"))
            {
                warn($"metadata.finalizers: {GoQuote.Quote(finalizer)}: prefer a domain-qualified finalizer name including a path (/) "
                    + "to avoid accidental conflicts with other finalizer writers");
            }
        }
    }
}
