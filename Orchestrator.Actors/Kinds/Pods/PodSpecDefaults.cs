using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>Defaults of a pod's spec that need logic; they hold for pods and for every pod template.</summary>
/// <remarks>Source: kubernetes pkg/apis/core/v1/defaults.go. Plain defaults are in the schema.</remarks>
public static class PodSpecDefaults
{
    public static void Apply(JsonObject? spec)
    {
        if (spec is null) return;
        foreach (var list in (ReadOnlySpan<string>)["initContainers", "containers", "ephemeralContainers"])
        {
            if (spec[list] is not JsonArray containers) continue;
            for (var i = 0; i < containers.Count; i++)
                if (containers[i] is JsonObject container) ApplyToContainer(container);
        }
        if (spec["volumes"] is JsonArray volumes)
        {
            for (var i = 0; i < volumes.Count; i++)
                if (volumes[i] is JsonObject { Count: 1 } volume && volume.ContainsKey("name")) volume["emptyDir"] = new JsonObject();
        }
        MirrorServiceAccount(spec);
    }

    private static void ApplyToContainer(JsonObject container)
    {
        if (string.IsNullOrEmpty(JsonTree.String(container, "imagePullPolicy")))
            container["imagePullPolicy"] = HasMovingTag(JsonTree.String(container, "image") ?? "") ? "Always" : "IfNotPresent";
        // Clients expect the field even when nothing is asked for.
        if (container["resources"] is null) container["resources"] = new JsonObject();
    }

    /// <summary>The tag <c>latest</c>, or neither tag nor digest: the image may change under its name.</summary>
    /// <remarks>A digest beside the tag changes nothing about that. Source: SetDefaults_Container of kubernetes pkg/apis/core/v1/defaults.go.</remarks>
    private static bool HasMovingTag(string image)
    {
        var digest = image.IndexOf('@', StringComparison.Ordinal);
        var named = digest < 0 ? image.AsSpan() : image.AsSpan(0, digest);
        named = named[(named.LastIndexOf('/') + 1)..];
        var colon = named.IndexOf(':');
        return colon < 0 ? digest < 0 : named[(colon + 1)..].SequenceEqual("latest");
    }

    // The old name of the field is answered to old clients, and wins nowhere.
    private static void MirrorServiceAccount(JsonObject spec)
    {
        if (JsonTree.String(spec, "serviceAccountName") is { Length: > 0 } name) spec["serviceAccount"] = name;
        else if (JsonTree.String(spec, "serviceAccount") is { Length: > 0 } old) spec["serviceAccountName"] = old;
    }

    /// <summary>Applies to <c>spec.template.spec</c> of a workload.</summary>
    public static void ApplyToTemplate(JsonObject tree) =>
        Apply(JsonTree.At(tree, ["spec", "template", "spec"]) as JsonObject);
}
