using System.Globalization;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>The completion index of a pod of an Indexed Job.</summary>
internal static class JobIndex
{
    /// <summary>The index, or -1.</summary>
    public static int Of(PodView pod) =>
        pod.Meta.Annotations.TryGetValue(JobView.IndexAnnotation, out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : -1;

    /// <summary>Writes the index where pods look for it: annotation, label, host name and environment.</summary>
    public static void Give(JsonObject pod, string jobName, int index)
    {
        var text = index.ToString(CultureInfo.InvariantCulture);
        var metadata = pod["metadata"]!.AsObject();
        JsonTree.Ensure(metadata, "annotations")[JobView.IndexAnnotation] = text;
        JsonTree.Ensure(metadata, "labels")[JobView.IndexAnnotation] = text;
        var spec = pod["spec"]!.AsObject();
        spec["hostname"] ??= $"{jobName}-{text}";
        foreach (var list in (string[])["initContainers", "containers"])
        {
            foreach (var container in JsonTree.Array(spec, list) ?? [])
            {
                var owner = container!.AsObject();
                if (owner["env"] is not JsonArray env) owner["env"] = env = [];
                if (!env.Any(static e => JsonTree.String(e as JsonObject, "name") == "JOB_COMPLETION_INDEX"))
                    env.Add(new JsonObject
                    {
                        ["name"] = "JOB_COMPLETION_INDEX",
                        ["valueFrom"] = new JsonObject { ["fieldRef"] = new JsonObject { ["fieldPath"] = $"metadata.labels['{JobView.IndexAnnotation}']" } },
                    });
            }
        }
    }
}
