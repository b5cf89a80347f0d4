using System.Globalization;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.StatefulSets;

/// <summary>The claims of a StatefulSet's pods, and who owns them.</summary>
/// <remarks>
/// A claim without an owner stays. One that is to go with the set is owned by the set; one that is to go when the set
/// shrinks is owned by its pod from the moment the pod is not wanted any more, and the collector does the rest.
/// Source: kube-controller-manager, statefulset/stateful_set_utils.go (isClaimOwnerUpToDate).
/// </remarks>
public static class StatefulClaims
{
    public static string NameOf(string claim, string set, int ordinal) => string.Create(CultureInfo.InvariantCulture, $"{claim}-{set}-{ordinal}");

    /// <summary>Whether a claim of that name may belong to the set.</summary>
    public static bool Concerns(StatefulSetView set, string claim) =>
        StatefulPods.Parse(claim) is { } parsed && set.Claims.Any(c => parsed.Set == $"{c}-{set.Key.Name}");

    public static IEnumerable<ObjectKey> KeysOf(StatefulSetView set, int ordinal) =>
        set.Claims.Select(c => new ObjectKey(set.Key.Namespace, NameOf(c, set.Key.Name, ordinal)));

    /// <summary>The claim of one template for one pod.</summary>
    /// <param name="spec">The set's spec, which is only read.</param>
    public static CreateAction Create(StatefulSetView set, JsonObject spec, int index, int ordinal)
    {
        var template = JsonTree.Array(spec, "volumeClaimTemplates")![index]!.AsObject();
        var key = new ObjectKey(set.Key.Namespace, NameOf(set.Claims[index], set.Key.Name, ordinal));
        var metadata = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace };
        var given = JsonTree.Object(template, "metadata");
        var labels = JsonTree.Object(given, "labels")?.DeepClone().AsObject() ?? [];
        foreach (var (name, value) in JsonTree.Object(JsonTree.Object(spec, "selector"), "matchLabels") ?? []) labels[name] = value?.DeepClone();
        if (labels.Count > 0) metadata["labels"] = labels;
        foreach (var field in (ReadOnlySpan<string>)["annotations", "finalizers"])
            if (given?[field] is { } value) metadata[field] = value.DeepClone();
        return new CreateAction(ResourceTypes.PersistentVolumeClaims, key, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "PersistentVolumeClaim",
            ["metadata"] = metadata,
            ["spec"] = template["spec"]?.DeepClone() ?? new JsonObject(),
        });
    }

    /// <summary>Whether the claim is owned by an earlier pod of the name, with which it is about to go.</summary>
    public static bool IsStale(StatefulSetView set, StoredObject claim, string pod, string? podUid) =>
        set.DeletesClaimsWhenScaled && HasStaleOwner(claim, "v1", "Pod", pod, podUid);

    /// <summary>The change of the claim's owners that the set's policy asks for, or null.</summary>
    public static PatchAction? Retain(StatefulSetView set, PodView pod, int ordinal, StoredObject claim)
    {
        // What an earlier set or pod of the same name has left is not touched.
        if (HasStaleOwner(claim, "apps/v1", "StatefulSet", set.Key.Name, set.Uid) || HasStaleOwner(claim, "v1", "Pod", pod.Key.Name, pod.Uid)) return null;
        var wanted = new List<OwnerIdentity>(1);
        var stranger = claim.Meta.OwnerReferences.Any(r => r.Controller && r.Uid != set.Uid && r.Uid != pod.Uid);
        if (!stranger)
        {
            if (set.DeletesClaimsWhenScaled && !set.Includes(ordinal)) wanted.Add(new OwnerIdentity("v1", "Pod", pod.Key.Name, pod.Uid));
            else if (set.DeletesClaimsWithSet) wanted.Add(set.Identity);
        }
        var ours = claim.Meta.OwnerReferences.Where(r => r.Uid == set.Uid || r.Uid == pod.Uid).ToList();
        if (ours.Count == wanted.Count && ours.TrueForAll(r => r.Controller && wanted.Exists(w => w.Uid == r.Uid))) return null;
        return OwnedBody.Reown(ResourceTypes.PersistentVolumeClaims, claim, r => r.Uid != set.Uid && r.Uid != pod.Uid, wanted);
    }

    private static bool HasStaleOwner(StoredObject claim, string apiVersion, string kind, string name, string? uid) =>
        claim.Meta.OwnerReferences.Any(r => r.ApiVersion == apiVersion && r.Kind == kind && r.Name == name && r.Uid != uid);
}
