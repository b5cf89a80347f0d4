using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Authorization;

/// <summary>Something that a node may read because one of its pods uses it.</summary>
internal readonly record struct NodeReference(string Node, string Resource, string Namespace, string Name);

/// <summary>What the pods of a node use.</summary>
/// <remarks>Source: plugin/pkg/auth/authorizer/node/graph.go of Kubernetes.</remarks>
internal static class NodeReferences
{
    /// <summary>The references of one pod; none while it has no node.</summary>
    public static IEnumerable<(NodeReference, bool)> Of(StoredObject pod)
    {
        using var document = JsonDocument.Parse(pod.Json);
        var spec = document.RootElement.Get("spec");
        var node = spec.Text("nodeName");
        if (node.Length == 0) return [];
        var ns = pod.Key.Namespace;
        var found = new HashSet<NodeReference> { new(node, "pods", ns, pod.Key.Name) };
        // A mirror pod is a node's own word, so it grants nothing.
        if (!pod.Meta.Annotations.ContainsKey("kubernetes.io/config.mirror"))
            foreach (var (resource, name) in OfSpec(spec, pod.Key.Name)) found.Add(new NodeReference(node, resource, ns, name));
        return [.. found.Select(static r => (r, true))];
    }

    /// <summary>What a pod of this specification uses, in its own namespace.</summary>
    public static HashSet<(string Resource, string Name)> OfSpec(JsonElement spec, string pod)
    {
        var found = new HashSet<(string, string)>();
        void Add(string resource, string name)
        {
            if (name.Length > 0) found.Add((resource, name));
        }
        Add("serviceaccounts", spec.Text("serviceAccountName"));
        foreach (var secret in spec.Items("imagePullSecrets")) Add("secrets", secret.Text("name"));
        foreach (var list in (string[])["initContainers", "containers", "ephemeralContainers"])
            foreach (var container in spec.Items(list)) AddContainer(container, Add);
        foreach (var volume in spec.Items("volumes")) AddVolume(volume, pod, Add);
        return found;
    }

    private static void AddContainer(JsonElement container, Action<string, string> add)
    {
        foreach (var from in container.Items("envFrom"))
        {
            add("configmaps", from.Get("configMapRef").Text("name"));
            add("secrets", from.Get("secretRef").Text("name"));
        }
        foreach (var variable in container.Items("env"))
        {
            add("configmaps", variable.Get("valueFrom", "configMapKeyRef").Text("name"));
            add("secrets", variable.Get("valueFrom", "secretKeyRef").Text("name"));
        }
    }

    private static void AddVolume(JsonElement volume, string pod, Action<string, string> add)
    {
        add("configmaps", volume.Get("configMap").Text("name"));
        add("secrets", volume.Get("secret").Text("secretName"));
        add("persistentvolumeclaims", volume.Get("persistentVolumeClaim").Text("claimName"));
        if (volume.Get("ephemeral").ValueKind == JsonValueKind.Object) add("persistentvolumeclaims", $"{pod}-{volume.Text("name")}");
        foreach (var source in volume.Get("projected").Items("sources"))
        {
            add("configmaps", source.Get("configMap").Text("name"));
            add("secrets", source.Get("secret").Text("name"));
        }
        // Whatever the driver, its credentials are under one of these names.
        if (volume.ValueKind != JsonValueKind.Object) return;
        foreach (var source in volume.EnumerateObject())
        {
            if (source.Value.ValueKind != JsonValueKind.Object) continue;
            foreach (var name in (string[])["secretRef", "nodePublishSecretRef"]) add("secrets", source.Value.Get(name).Text("name"));
        }
    }
}
