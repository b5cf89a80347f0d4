using System.Globalization;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.StatefulSets;

/// <summary>What is special about the pods of a StatefulSet: each keeps its number, and with it its name, host name and claims.</summary>
/// <remarks>Source: kube-controller-manager, statefulset/stateful_set_utils.go.</remarks>
public static class StatefulPods
{
    public const string NameLabel = "statefulset.kubernetes.io/pod-name";
    public const string IndexLabel = "apps.kubernetes.io/pod-index";

    public static string NameOf(string set, int ordinal) => string.Create(CultureInfo.InvariantCulture, $"{set}-{ordinal}");

    /// <summary>The set's name and the number that a pod's name says, or null.</summary>
    public static (string Set, int Ordinal)? Parse(string pod)
    {
        var dash = pod.LastIndexOf('-');
        if (dash <= 0 || !int.TryParse(pod.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)) return null;
        // web-01 is not the pod web-1.
        return NameOf(pod[..dash], ordinal) == pod ? (pod[..dash], ordinal) : null;
    }

    /// <summary>The pod's number in the set, or null when its name is not one of the set's.</summary>
    public static int? OrdinalIn(StatefulSetView set, PodView pod) =>
        Parse(pod.Key.Name) is { } parsed && parsed.Set == set.Key.Name ? parsed.Ordinal : null;

    public static string RevisionOf(PodView pod) => pod.Meta.Labels.GetValueOrDefault(StatefulSetView.RevisionLabel, "");

    public static bool RunningAndReady(PodView pod) => pod.Phase == "Running" && pod.Ready;

    public static bool RunningAndAvailable(PodView pod, StatefulSetView set, DateTimeOffset now) =>
        pod.Phase == "Running" && pod.Available(set.MinReadySeconds, now);

    /// <summary>Whether the labels that tell the pod's identity are there.</summary>
    public static bool IdentityMatches(PodView pod) => pod.Meta.Labels.GetValueOrDefault(NameLabel) == pod.Key.Name;

    public static PatchAction RestoreIdentity(PodView pod, int ordinal) => new(ResourceTypes.Pods, pod.Key, pod.Uid, new JsonObject
    {
        ["metadata"] = new JsonObject { ["labels"] = IdentityLabels(pod.Key.Name, ordinal) },
    });

    /// <param name="template">The template of the revision.</param>
    /// <param name="revision">The revision's name.</param>
    public static CreateAction Create(StatefulSetView set, JsonObject template, int ordinal, string revision)
    {
        var name = NameOf(set.Key.Name, ordinal);
        var pod = OwnedBody.Pod(template, set.Key.Namespace, name, set.Key.Name + "-", set.Identity);
        var labels = JsonTree.Ensure(JsonTree.Ensure(pod, "metadata"), "labels");
        foreach (var (label, value) in IdentityLabels(name, ordinal)) labels[label] = value!.DeepClone();
        labels[StatefulSetView.RevisionLabel] = revision;
        var spec = pod["spec"]!.AsObject();
        spec["hostname"] = name;
        if (set.ServiceName.Length == 0) spec.Remove("subdomain");
        else spec["subdomain"] = set.ServiceName;
        MountClaims(set, spec, ordinal);
        return new CreateAction(ResourceTypes.Pods, new ObjectKey(set.Key.Namespace, name), pod);
    }

    private static JsonObject IdentityLabels(string name, int ordinal) =>
        new() { [NameLabel] = name, [IndexLabel] = ordinal.ToString(CultureInfo.InvariantCulture) };

    // A claim takes the place of a volume of the template that has its name.
    private static void MountClaims(StatefulSetView set, JsonObject spec, int ordinal)
    {
        if (set.Claims.IsEmpty) return;
        var volumes = new JsonArray();
        foreach (var claim in set.Claims)
        {
            volumes.Add(new JsonObject
            {
                ["name"] = claim,
                ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = StatefulClaims.NameOf(claim, set.Key.Name, ordinal) },
            });
        }
        foreach (var volume in JsonTree.Array(spec, "volumes") ?? [])
            if (volume is JsonObject given && !set.Claims.Contains(JsonTree.String(given, "name") ?? "")) volumes.Add(given.DeepClone());
        spec["volumes"] = volumes;
    }
}
