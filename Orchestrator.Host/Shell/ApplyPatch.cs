using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.Shell;

/// <summary>Client-side apply: what the last applied manifest had and this one lacks is removed, the rest is merged.</summary>
/// <remarks>The annotation is kubectl's, so that both may be used on one object.</remarks>
public static class ApplyPatch
{
    private const string Annotation = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>The manifest with itself in the annotation, for a first apply.</summary>
    public static string Annotated(JsonObject manifest)
    {
        var copy = manifest.DeepClone().AsObject();
        Annotate(copy, manifest);
        return copy.ToJsonString();
    }

    /// <summary>The patch that leads from the live object to the manifest.</summary>
    public static string Between(JsonNode live, JsonObject manifest)
    {
        var patch = manifest.DeepClone().AsObject();
        if ((string?)live["metadata"]?["annotations"]?[Annotation] is { } last && JsonNode.Parse(last) is JsonObject before) RemoveAbsent(before, manifest, patch);
        Annotate(patch, manifest);
        return patch.ToJsonString();
    }

    private static void RemoveAbsent(JsonObject before, JsonObject now, JsonObject patch)
    {
        foreach (var (name, value) in before)
        {
            if (!now.ContainsKey(name)) patch[name] = null;
            else if (value is JsonObject inner && now[name] is JsonObject innerNow && patch[name] is JsonObject innerPatch) RemoveAbsent(inner, innerNow, innerPatch);
        }
    }

    private static void Annotate(JsonObject target, JsonObject manifest)
    {
        var metadata = target["metadata"]!.AsObject();
        if (metadata["annotations"] is not JsonObject annotations) metadata["annotations"] = annotations = [];
        annotations[Annotation] = manifest.ToJsonString(JsonSerializerOptions.Default) + "\n";
    }
}
