using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.PersistentVolumeClaims;

/// <summary>Makes the claims of pods' own volumes. The pod owns them, so they go with it.</summary>
/// <remarks>Source: kube-controller-manager, volume/ephemeral/controller.go.</remarks>
public sealed class EphemeralVolumeController : KindController
{
    public override string Name => "ephemeral-volume";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.Pods, ResourceTypes.PersistentVolumeClaims];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        // A claim that is gone may have been in the way of one of that name.
        if (type == ResourceTypes.PersistentVolumeClaims)
            return change.Kind == ChangeKind.Deleted ? Owners("Pod", change) : [];
        return change.Kind == ChangeKind.Added && change.Object.Json.Span.IndexOf("\"volumeClaimTemplate\""u8) >= 0 ? [change.Object.Key] : [];
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context) =>
        caches[ResourceTypes.Pods].Get(key) is { } pod
            ? Reconcile(pod, name => caches[ResourceTypes.PersistentVolumeClaims].Get(new ObjectKey(key.Namespace, name)) is not null)
            : ReconcileResult.None;

    /// <param name="exists">Whether a claim of that name is there, whosever it is: the scheduler tells of one that is not the pod's.</param>
    public static ReconcileResult Reconcile(StoredObject pod, Func<string, bool> exists)
    {
        if (pod.Meta.Deleting) return ReconcileResult.None;
        var actions = ImmutableArray.CreateBuilder<ControllerAction>();
        foreach (var node in JsonTree.At(pod.ToTree(), ["spec", "volumes"]) as JsonArray ?? [])
        {
            if (node is not JsonObject volume || JsonTree.At(volume, ["ephemeral", "volumeClaimTemplate"]) is not JsonObject template) continue;
            var name = $"{pod.Key.Name}-{JsonTree.String(volume, "name")}";
            if (!exists(name)) actions.Add(Create(pod, template, name));
        }
        return new ReconcileResult(actions.ToImmutable());
    }

    private static CreateAction Create(StoredObject pod, JsonObject template, string name)
    {
        var metadata = new JsonObject { ["name"] = name, ["namespace"] = pod.Key.Namespace };
        foreach (var field in (ReadOnlySpan<string>)["labels", "annotations"])
            if (JsonTree.Object(template, "metadata")?[field] is { } value) metadata[field] = value.DeepClone();
        metadata["ownerReferences"] = new JsonArray(new OwnerIdentity("v1", "Pod", pod.Key.Name, pod.Meta.Uid).ToReference());
        var created = new EventAction(ResourceTypes.Pods, pod.Key, "v1", "Pod", pod.Meta.Uid, false, "SuccessfulCreate", $"Created claim: {name}");
        return new CreateAction(ResourceTypes.PersistentVolumeClaims, new ObjectKey(pod.Key.Namespace, name), new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "PersistentVolumeClaim",
            ["metadata"] = metadata,
            ["spec"] = template["spec"]?.DeepClone() ?? new JsonObject(),
        }) with
        {
            News = new CreationNews(created, $"ephemeral volume: creating claim {name}: "),
        };
    }
}
