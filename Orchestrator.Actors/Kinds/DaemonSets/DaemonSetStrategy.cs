using System.Globalization;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.DaemonSets;

/// <summary>Defaults of a DaemonSet that depend on other fields.</summary>
public sealed class DaemonSetStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
        PodSpecDefaults.ApplyToTemplate(tree);
        if (JsonTree.At(tree, ["spec", "updateStrategy"]) is not JsonObject strategy || JsonTree.String(strategy, "type") != "RollingUpdate") return;
        var rolling = JsonTree.Ensure(strategy, "rollingUpdate");
        if (rolling["maxUnavailable"] is null) rolling["maxUnavailable"] = 1L;
        if (rolling["maxSurge"] is null) rolling["maxSurge"] = 0L;
    }

    public void DropClosed(JsonObject tree, JsonObject? stored) => ClosedPodFields.DropFromTemplate(tree, stored);

    public void PrepareForCreate(JsonObject tree)
    {
        tree["status"] = new JsonObject
        {
            ["currentNumberScheduled"] = 0L,
            ["numberMisscheduled"] = 0L,
            ["desiredNumberScheduled"] = 0L,
            ["numberReady"] = 0L,
        };
        Number(tree, Math.Max(1, DaemonSetView.TemplateGenerationOf(JsonTree.AsString(JsonTree.At(tree, ["metadata", "annotations", DaemonSetView.TemplateGenerationAnnotation]))) ?? 1));
    }

    // The number of the template rises with it, and with nothing else. Source: kubernetes pkg/registry/apps/daemonset/strategy.go.
    public void PrepareForUpdate(JsonObject tree, JsonObject stored, string subresource)
    {
        if (subresource.Length > 0) return;
        var before = DaemonSetView.TemplateGenerationOf(JsonTree.AsString(JsonTree.At(stored, ["metadata", "annotations", DaemonSetView.TemplateGenerationAnnotation]))) ?? 1;
        Number(tree, JsonTree.DeepEquals(JsonTree.At(tree, ["spec", "template"]), JsonTree.At(stored, ["spec", "template"])) ? before : before + 1);
    }

    private static void Number(JsonObject tree, long generation) =>
        JsonTree.Ensure(JsonTree.Ensure(tree, "metadata"), "annotations")[DaemonSetView.TemplateGenerationAnnotation] = generation.ToString(CultureInfo.InvariantCulture);
}
