using System.Text.Json;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>What a node may write: itself, its lease and CSINode, and the pods that are bound to it.</summary>
/// <remarks>Source: kube-apiserver, admission plugin NodeRestriction. It concerns the users <c>system:node:NAME</c> alone.</remarks>
public sealed class NodeRestriction : IAdmissionPlugin
{
    private const string UserPrefix = "system:node:";
    private const string NodesGroup = "system:nodes";
    private const string MirrorAnnotation = "kubernetes.io/config.mirror";
    private const string LeaseNamespace = "kube-node-lease";

    // Source: k8s.io/kubelet, pkg/apis/well_known_labels.go.
    private static readonly HashSet<string> KubeletLabels = new(StringComparer.Ordinal)
    {
        "kubernetes.io/hostname", "topology.kubernetes.io/zone", "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region", "node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type",
        "kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/arch",
    };

    private static readonly string[] KubeletLabelNamespaces = ["kubelet.kubernetes.io", "node.kubernetes.io"];

    public string Name => "NodeRestriction";

    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (!request.User.Groups.Contains(NodesGroup) || !request.User.Name.StartsWith(UserPrefix, StringComparison.Ordinal)) return ValueTask.FromResult<ApiError?>(null);
        var node = request.User.Name[UserPrefix.Length..];
        if (node.Length == 0) return ValueTask.FromResult<ApiError?>(Forbidden(request, $"could not determine node from user {GoQuote.Quote(request.User.Name)}"));
        var type = request.Schema.Type;
        if (type == ResourceTypes.Pods) return PodAsync(request, node, registries, cancellationToken);
        if (type == ResourceTypes.ServiceAccounts && request.Subresource == "token") return TokenAsync(request, node, registries, cancellationToken);
        return ValueTask.FromResult(
            type == ResourceTypes.Nodes ? Node(request, node)
            : type == ResourceTypes.PersistentVolumeClaims ? Claim(request, node)
            : type == ResourceTypes.Leases ? Lease(request, node)
            : type == ResourceTypes.CsiNodes ? CsiNode(request, node)
            : null);
    }

    private static async ValueTask<ApiError?> PodAsync(AdmissionRequest request, string node, IRegistries registries, CancellationToken cancellationToken)
    {
        switch (request.Subresource)
        {
            case "" when request.Operation == AdmissionOperation.Create: return await CreatePodAsync(request, node, registries, cancellationToken).ConfigureAwait(false);
            case "" when request.Operation == AdmissionOperation.Delete: return OwnPod(request, request.Stored, node, $"node \"{node}\" can only delete pods");
            case "": return Forbidden(request, $"unexpected operation \"{Verb(request)}\", node \"{node}\" can only create and delete mirror pods");
            case "status":
                if (request.Operation != AdmissionOperation.Update) return Forbidden(request, $"unexpected operation \"{Verb(request)}\"");
                if (!JsonTree.DeepEquals(JsonTree.At(request.Object, ["metadata", "labels"]), JsonTree.At(request.Stored!.ToTree(), ["metadata", "labels"])))
                    return Forbidden(request, $"node \"{node}\" cannot update labels through pod status");
                return OwnPod(request, request.Stored, node, $"node \"{node}\" can only update pod status for pods");
            case "eviction":
                var pods = await registries.ConsistentAsync(ResourceTypes.Pods, cancellationToken).ConfigureAwait(false);
                return pods.Get(request.Key) is { } pod ? OwnPod(request, pod, node, $"node {node} can only evict pods") : ApiError.NotFound(ResourceTypes.Pods, request.Key.Name);
            default: return Forbidden(request, $"unexpected pod subresource \"{request.Subresource}\", only 'status' and 'eviction' are allowed");
        }
    }

    private static ApiError? OwnPod(AdmissionRequest request, StoredObject? pod, string node, string what) =>
        pod is not null && PodView.Of(pod).NodeName == node
            ? null
            : Forbidden(request, $"{what} with spec.nodeName set to itself");

    private static async ValueTask<ApiError?> CreatePodAsync(AdmissionRequest request, string node, IRegistries registries, CancellationToken cancellationToken)
    {
        if (JsonTree.At(request.Object, ["metadata", "annotations", MirrorAnnotation]) is null)
            return Forbidden(request, $"pod does not have \"{MirrorAnnotation}\" annotation, node \"{node}\" can only create mirror pods");
        var spec = JsonTree.Object(request.Object, "spec");
        if (JsonTree.String(spec, "nodeName") != node) return Forbidden(request, $"node \"{node}\" can only create pods with spec.nodeName set to itself");
        var owners = JsonTree.At(request.Object, ["metadata", "ownerReferences"]) as JsonArray ?? [];
        if (owners.Count > 1) return Forbidden(request, $"node \"{node}\" can only create pods with a single owner reference set to itself");
        if (owners.Count == 0 || owners[0] is not JsonObject owner
            || JsonTree.String(owner, "apiVersion") != "v1" || JsonTree.String(owner, "kind") != "Node" || JsonTree.String(owner, "name") != node)
            return Forbidden(request, $"node \"{node}\" can only create pods with an owner reference set to itself");
        if (JsonTree.Bool(owner, "controller") != true) return Forbidden(request, $"node \"{node}\" can only create pods with a controller owner reference set to itself");
        if (JsonTree.Bool(owner, "blockOwnerDeletion") == true) return Forbidden(request, $"node \"{node}\" must not set blockOwnerDeletion on an owner reference");
        var nodes = await registries.ConsistentAsync(ResourceTypes.Nodes, cancellationToken).ConfigureAwait(false);
        if (nodes.Get(new ObjectKey("", node)) is not { } own) return ApiError.NotFound(ResourceTypes.Nodes, node);
        var uid = JsonTree.String(owner, "uid") ?? "";
        if (uid != own.Meta.Uid) return Forbidden(request, $"node {node} UID mismatch: expected {uid} got {own.Meta.Uid}");
        if (!string.IsNullOrEmpty(JsonTree.String(spec, "serviceAccountName"))) return Forbidden(request, $"node \"{node}\" can not create pods that reference a service account");
        using var document = JsonDocument.Parse(JsonTree.ToText(spec));
        var used = NodeReferences.OfSpec(document.RootElement, request.Key.Name).Select(static r => r.Resource).ToHashSet(StringComparer.Ordinal);
        foreach (var what in (string[])["secrets", "configmaps"])
            if (used.Contains(what)) return Forbidden(request, $"node \"{node}\" can not create pods that reference {what}");
        foreach (var volume in JsonTree.Array(spec, "volumes")?.OfType<JsonObject>() ?? [])
            foreach (var source in JsonTree.Array(JsonTree.Object(volume, "projected"), "sources")?.OfType<JsonObject>() ?? [])
                if (source.ContainsKey("clusterTrustBundle")) return Forbidden(request, $"node \"{node}\" can not create pods that reference clustertrustbundles");
        return used.Contains("persistentvolumeclaims") ? Forbidden(request, $"node \"{node}\" can not create pods that reference persistentvolumeclaims") : null;
    }

    private static ApiError? Node(AdmissionRequest request, string node)
    {
        var name = request.Key.Name;
        if (name != node) return Forbidden(request, $"node \"{node}\" is not allowed to modify node \"{name}\"");
        if (request.Operation is not (AdmissionOperation.Create or AdmissionOperation.Update)) return null;
        var labels = JsonTree.At(request.Object, ["metadata", "labels"]) as JsonObject ?? [];
        if (request.Operation == AdmissionOperation.Create)
            return Reserved(labels, []) is { Count: > 0 } wrong ? Forbidden(request, $"node \"{node}\" is not allowed to set the following labels: {string.Join(", ", wrong)}") : null;
        var stored = request.Stored!.ToTree();
        if (!JsonTree.DeepEquals(JsonTree.At(request.Object, ["spec", "taints"]), JsonTree.At(stored, ["spec", "taints"])))
            return Forbidden(request, $"node \"{node}\" is not allowed to modify taints");
        if (JsonTree.At(request.Object, ["metadata", "ownerReferences"]) is { } owners && !JsonTree.DeepEquals(owners, JsonTree.At(stored, ["metadata", "ownerReferences"])))
            return Forbidden(request, $"node \"{node}\" is not allowed to modify ownerReferences");
        return Reserved(labels, JsonTree.At(stored, ["metadata", "labels"]) as JsonObject ?? []) is { Count: > 0 } changed
            ? Forbidden(request, $"is not allowed to modify labels: {string.Join(", ", changed)}")
            : null;
    }

    /// <summary>The labels that differ and are not a kubelet's to set, in order.</summary>
    private static List<string> Reserved(JsonObject labels, JsonObject before)
    {
        var changed = labels.Select(static l => l.Key).Union(before.Select(static l => l.Key), StringComparer.Ordinal)
            .Where(k => JsonTree.String(labels, k) != JsonTree.String(before, k));
        return [.. changed.Where(static k => !IsOwn(k)).Order(StringComparer.Ordinal)];
    }

    private static bool IsOwn(string label)
    {
        var slash = label.IndexOf('/', StringComparison.Ordinal);
        var ns = slash < 0 ? "" : label[..slash];
        if (InDomain(ns, "node-restriction.kubernetes.io")) return false;
        if (!InDomain(ns, "kubernetes.io") && !InDomain(ns, "k8s.io")) return true;
        return KubeletLabels.Contains(label) || Array.Exists(KubeletLabelNamespaces, n => InDomain(ns, n));
    }

    private static bool InDomain(string ns, string domain) => ns == domain || ns.EndsWith("." + domain, StringComparison.Ordinal);

    private static ApiError? Claim(AdmissionRequest request, string node)
    {
        if (request.Subresource != "status") return Forbidden(request, $"may only update PVC status");
        if (request.Operation != AdmissionOperation.Update) return Forbidden(request, $"unexpected operation \"{Verb(request)}\"");
        var (now, before) = (request.Object!.DeepClone().AsObject(), request.Stored!.ToTree());
        foreach (var tree in (JsonObject[])[now, before])
        {
            if (JsonTree.Object(tree, "status") is { } status)
                foreach (var field in (string[])["capacity", "conditions", "allocatedResourceStatuses", "allocatedResources", "currentVolumeAttributesClassName", "modifyVolumeStatus"]) status.Remove(field);
            foreach (var field in (string[])["resourceVersion", "managedFields"]) JsonTree.Object(tree, "metadata")?.Remove(field);
        }
        return JsonTree.DeepEquals(now, before) ? null : Forbidden(request, $"node \"{node}\" is not allowed to update fields other than status.quantity and status.conditions");
    }

    private static ApiError? Lease(AdmissionRequest request, string node) =>
        request.Key.Namespace != LeaseNamespace ? Forbidden(request, $"can only access leases in the \"{LeaseNamespace}\" system namespace")
        : request.Key.Name != node ? Forbidden(request, "can only access node lease with the same name as the requesting node")
        : null;

    private static ApiError? CsiNode(AdmissionRequest request, string node) =>
        request.Key.Name == node ? null : Forbidden(request, $"can only access CSINode with the same name as the requesting node");

    private static async ValueTask<ApiError?> TokenAsync(AdmissionRequest request, string node, IRegistries registries, CancellationToken cancellationToken)
    {
        var reference = JsonTree.At(request.Object, ["spec", "boundObjectRef"]) as JsonObject;
        if (JsonTree.String(reference, "apiVersion") != "v1" || JsonTree.String(reference, "kind") != "Pod" || JsonTree.String(reference, "name") is not { Length: > 0 } name)
            return Forbidden(request, "node requested token not bound to a pod");
        var uid = JsonTree.String(reference, "uid");
        if (string.IsNullOrEmpty(uid)) return Forbidden(request, "node requested token with a pod binding without a uid");
        var pods = await registries.ConsistentAsync(ResourceTypes.Pods, cancellationToken).ConfigureAwait(false);
        if (pods.Get(new ObjectKey(request.Key.Namespace, name)) is not { } pod) return ApiError.NotFound(ResourceTypes.Pods, name);
        if (pod.Meta.Uid != uid) return Forbidden(request, $"the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated");
        return PodView.Of(pod).NodeName == node ? null : Forbidden(request, "node requested token bound to a pod scheduled on a different node");
    }

    private static string Verb(AdmissionRequest request) => request.Operation.ToString().ToUpperInvariant();

    private static ApiError Forbidden(AdmissionRequest request, string why) => ApiError.Forbidden(request.Schema.Type, request.Key.Name, why);
}
