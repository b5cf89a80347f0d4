using System.Text;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Kinds.Deployments;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Controllers;

/// <summary>A store that carries out the actions of reconcilers, and a kubelet that runs pods when told to.</summary>
internal sealed class SimulatedCluster
{
    private readonly Dictionary<(ResourceType, ObjectKey), StoredObject> _objects = [];
    private long _revision;
    private int _uid;

    public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public int Passes { get; private set; }

    public List<EventAction> Events { get; } = [];

    public List<DeleteAction> Deletions { get; } = [];

    public StoredObject Put(ResourceType type, string json) => Put(type, JsonNode.Parse(json)!.AsObject());

    public StoredObject Put(ResourceType type, JsonObject tree)
    {
        var metadata = JsonTree.Ensure(tree, "metadata");
        metadata["uid"] ??= $"uid-{++_uid:0000}";
        metadata["creationTimestamp"] ??= KindTime.Format(Now);
        metadata["generation"] ??= 1;
        metadata["resourceVersion"] = (++_revision).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var key = new ObjectKey(JsonTree.String(metadata, "namespace") ?? "", JsonTree.String(metadata, "name")!);
        var stored = new StoredObject(key, _revision, Encoding.UTF8.GetBytes(tree.ToJsonString()));
        _objects[(type, key)] = stored;
        return stored;
    }

    public StoredObject? Get(ResourceType type, ObjectKey key) => _objects.GetValueOrDefault((type, key));

    public IEnumerable<StoredObject> All(ResourceType type) =>
        _objects.Where(o => o.Key.Item1 == type).Select(o => o.Value).OrderBy(o => o.Key);

    public IReadOnlyCollection<PodView> Pods => [.. All(ResourceTypes.Pods).Select(PodView.Of)];

    public IReadOnlyCollection<ReplicaSetView> ReplicaSets => [.. All(ResourceTypes.ReplicaSets).Select(ReplicaSetView.Of)];

    public ReconcileContext Context() => new(Now, $"seed-{Passes++}");

    public void Apply(IEnumerable<ControllerAction> actions)
    {
        foreach (var action in actions) Apply(action);
    }

    public void Change(ResourceType type, ObjectKey key, Action<JsonObject> change)
    {
        var tree = Get(type, key)!.ToTree();
        var spec = tree["spec"]?.ToJsonString();
        change(tree);
        if (tree["spec"]?.ToJsonString() != spec) tree["metadata"]!["generation"] = Get(type, key)!.Meta.Generation + 1;
        Put(type, tree);
    }

    /// <summary>Makes a pod run, ready since now.</summary>
    public void MakeReady(ObjectKey pod, string node = "n1") => Change(ResourceTypes.Pods, pod, tree =>
    {
        tree["spec"]!["nodeName"] ??= node;
        tree["status"] = new JsonObject
        {
            ["phase"] = "Running",
            ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True", ["lastTransitionTime"] = KindTime.Format(Now) }),
        };
    });

    public ReconcileResult Reconcile(ReplicaSetView set) => ReplicaSetReconciler.Reconcile(new ReplicaSetObserved(set, Pods, []), Context());

    public ReconcileResult Reconcile(DeploymentView deployment) => DeploymentReconciler.Reconcile(
        new DeploymentObserved(deployment, ReplicaSets, Pods, name => Get(ResourceTypes.ReplicaSets, new ObjectKey(deployment.Key.Namespace, name)) is not null),
        Context());

    /// <summary>One pass of every controller; returns how many actions they took.</summary>
    public int Pass()
    {
        var count = 0;
        foreach (var deployment in All(ResourceTypes.Deployments).ToList())
        {
            var result = Reconcile(DeploymentView.Of(deployment));
            count += result.Actions.Length;
            Apply(result.Actions);
        }
        foreach (var set in All(ResourceTypes.ReplicaSets).ToList())
        {
            var result = Reconcile(ReplicaSetView.Of(set));
            count += result.Actions.Length;
            Apply(result.Actions);
        }
        return count;
    }

    private void Apply(ControllerAction action)
    {
        switch (action)
        {
            case CreateAction create:
                Assert.False(_objects.ContainsKey((create.Type, create.Key)), $"{create.Key} exists");
                Put(create.Type, create.Body.DeepClone().AsObject());
                if (create.News is { } news) Events.Add(news.Created);
                break;
            case PatchAction patch when Get(patch.Type, patch.Key) is { } target && target.Meta.Uid == patch.Uid:
                Change(patch.Type, patch.Key, tree => Merge(tree, patch.Patch));
                break;
            case StatusAction status when Get(status.Type, status.Key) is { } target && target.Meta.Uid == status.Uid:
                Change(status.Type, status.Key, tree => tree["status"] = status.Status.DeepClone());
                break;
            case DeleteAction delete:
                Deletions.Add(delete);
                if (Get(delete.Type, delete.Key)?.Meta.Uid == delete.Uid) _objects.Remove((delete.Type, delete.Key));
                break;
            case EventAction e:
                Events.Add(e);
                break;
        }
    }

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null) target.Remove(name);
            else if (value is JsonObject map) Merge(JsonTree.Ensure(target, name), map);
            else target[name] = value.DeepClone();
        }
    }
}
