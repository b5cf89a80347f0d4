using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.DaemonSets;

/// <summary>What is special about the pods of a DaemonSet: each is meant for one node.</summary>
public static class DaemonPods
{
    private static readonly ImmutableArray<(string Key, string Effect)> Borne =
    [
        (Taint.NotReadyKey, Taint.NoExecute),
        (Taint.UnreachableKey, Taint.NoExecute),
        ("node.kubernetes.io/disk-pressure", Taint.NoSchedule),
        ("node.kubernetes.io/memory-pressure", Taint.NoSchedule),
        ("node.kubernetes.io/pid-pressure", Taint.NoSchedule),
        (Taint.UnschedulableKey, Taint.NoSchedule),
    ];

    /// <summary>What every daemon pod bears; source: kube-controller-manager, AddOrUpdateDaemonPodTolerations.</summary>
    public static IEnumerable<Toleration> Tolerations(bool hostNetwork)
    {
        foreach (var (key, effect) in Borne) yield return new Toleration(key, "Exists", "", effect, null);
        if (hostNetwork) yield return new Toleration("node.kubernetes.io/network-unavailable", "Exists", "", Taint.NoSchedule, null);
    }

    /// <summary>Whether the node should get a pod, and whether one that runs there may stay.</summary>
    public static (bool Run, bool Stay) Eligible(DaemonSetView set, NodeView node)
    {
        if (set.NodeName.Length > 0 && set.NodeName != node.Name) return (false, false);
        if (!set.Placement.Allows(node.Name, node.Meta.Labels)) return (false, false);
        var run = true;
        foreach (var taint in node.Taints)
        {
            if (taint.Effect == Taint.PreferNoSchedule || Toleration.AnyTolerates(set.Tolerations, taint)) continue;
            if (taint.Effect == Taint.NoExecute) return (false, false);
            run = false;
        }
        return (run, true);
    }

    /// <summary>The node that the pod is on or is meant for, or empty.</summary>
    public static string NodeOf(PodView pod)
    {
        if (pod.NodeName.Length > 0) return pod.NodeName;
        foreach (var term in pod.Placement.RequiredNodeTerms ?? [])
            foreach (var field in term.Fields)
                if (field is { Key: "metadata.name", Operator: LabelOperator.In, Values.Length: 1 }) return field.Values[0];
        return "";
    }

    public static CreateAction Create(DaemonSetView set, JsonObject template, string node, string hash, string name)
    {
        var pod = OwnedBody.Pod(template, set.Key.Namespace, name, set.Key.Name + "-", set.Identity);
        var labels = JsonTree.Ensure(JsonTree.Ensure(pod, "metadata"), "labels");
        labels[DaemonSetView.HashLabel] = hash;
        labels["pod-template-generation"] = set.TemplateGeneration.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var spec = pod["spec"]!.AsObject();
        PinTo(spec, node);
        if (spec["tolerations"] is not JsonArray tolerations) spec["tolerations"] = tolerations = [];
        foreach (var toleration in Tolerations(JsonTree.Bool(spec, "hostNetwork") == true))
            tolerations.Add(new JsonObject { ["key"] = toleration.Key, ["operator"] = "Exists", ["effect"] = toleration.Effect });
        return new CreateAction(ResourceTypes.Pods, new ObjectKey(set.Key.Namespace, name), pod);
    }

    // The scheduler binds daemon pods as any other; the pin replaces the terms of the template, which have been checked.
    private static void PinTo(JsonObject spec, string node)
    {
        var nodeAffinity = JsonTree.Ensure(JsonTree.Ensure(spec, "affinity"), "nodeAffinity");
        nodeAffinity["requiredDuringSchedulingIgnoredDuringExecution"] = new JsonObject
        {
            ["nodeSelectorTerms"] = new JsonArray(new JsonObject
            {
                ["matchFields"] = new JsonArray(new JsonObject
                {
                    ["key"] = "metadata.name",
                    ["operator"] = "In",
                    ["values"] = new JsonArray(node),
                }),
            }),
        };
    }
}
