using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.PodDisruptionBudgets;

/// <param name="catalog">The kinds as they are now: any that can be scaled may control the pods of a budget.</param>
public sealed class PodDisruptionBudgetController(Func<SchemaCatalog> catalog) : KindController
{
    public override string Name => "disruption";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.PodDisruptionBudgets, ResourceTypes.Pods, ResourceTypes.ReplicaSets, ResourceTypes.Deployments, ResourceTypes.StatefulSets, ResourceTypes.ReplicationControllers];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type == ResourceTypes.PodDisruptionBudgets) return [change.Object.Key];
        var budgets = caches[ResourceTypes.PodDisruptionBudgets].Objects;
        if (budgets.Count == 0) return [];
        return type == ResourceTypes.Pods ? OfPod(change, budgets) : OfScale(type, change, budgets);
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        if (caches[ResourceTypes.PodDisruptionBudgets].Get(key) is not { Meta.Deleting: false } stored) return ReconcileResult.None;
        var budget = PodDisruptionBudgetView.Of(stored);
        var pods = caches[ResourceTypes.Pods].Objects.InNamespace(key.Namespace).Where(p => budget.Selector.Matches(p.Meta.Labels)).Select(PodView.Of).ToList();
        return PodDisruptionBudgetReconciler.Reconcile(budget, new DisruptionObserved(pods, p => ScaleOf(p, caches)), context);
    }

    private static IEnumerable<ObjectKey> OfPod(ObjectChange change, ObjectIndex budgets)
    {
        var now = PodView.Of(change.Object);
        var before = change.Previous is { } previous ? PodView.Of(previous) : null;
        if (change.Kind == ChangeKind.Modified && before is not null && before.Ready == now.Ready && before.Terminating == now.Terminating
            && before.Meta.Controller?.Uid == now.Meta.Controller?.Uid && SameLabels(before.Meta.Labels, now.Meta.Labels))
            return [];
        return budgets.InNamespace(change.Object.Key.Namespace)
            .Where(b => PodDisruptionBudgetView.Of(b).Selector is var selector
                && (selector.Matches(now.Meta.Labels) || (before is not null && selector.Matches(before.Meta.Labels))))
            .Select(static b => b.Key);
    }

    private static bool SameLabels(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b) =>
        a.Count == b.Count && a.All(l => b.GetValueOrDefault(l.Key) == l.Value);

    // Few budgets stand in one namespace, and the spec of a workload changes seldom.
    private static IEnumerable<ObjectKey> OfScale(ResourceType type, ObjectChange change, ObjectIndex budgets) =>
        type != ResourceTypes.Pods && change.Kind == ChangeKind.Modified && change.Previous?.Meta.Generation == change.Object.Meta.Generation
            ? []
            : budgets.InNamespace(change.Object.Key.Namespace).Select(static b => b.Key);

    private (string Uid, int Replicas)? ScaleOf(PodView pod, ControllerCaches caches)
    {
        if (pod.Meta.Controller is not { } owner || Find(pod.Key.Namespace, owner, caches) is not { } found) return null;
        // A ReplicaSet shrinks and grows during a rollout; what counts is what the Deployment wants.
        if (owner.Kind == "ReplicaSet" && found.Object.Meta.Controller is { Kind: "Deployment" } above && Find(pod.Key.Namespace, above, caches) is { } deployment) found = deployment;
        var scale = ScaleSubresource.Read(found.Schema.Subresource("scale")!, found.Object.ToTree());
        return (found.Object.Meta.Uid, (int)Math.Clamp(JsonTree.Int64(JsonTree.Object(scale, "spec"), "replicas") ?? 0, 0, int.MaxValue));
    }

    private (StoredObject Object, ResourceSchema Schema)? Find(string ns, OwnerReference owner, ControllerCaches caches)
    {
        var slash = owner.ApiVersion.IndexOf('/', StringComparison.Ordinal);
        var (group, version) = slash < 0 ? ("", owner.ApiVersion) : (owner.ApiVersion[..slash], owner.ApiVersion[(slash + 1)..]);
        return catalog().FindKind(group, version, owner.Kind) is { } schema && schema.Subresource("scale") is not null
            && caches.Find(schema.StoredAs)?.Get(new ObjectKey(ns, owner.Name)) is { } o && o.Meta.Uid == owner.Uid
                ? (o, schema)
                : null;
    }
}
