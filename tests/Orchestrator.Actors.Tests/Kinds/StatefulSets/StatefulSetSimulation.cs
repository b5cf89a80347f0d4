using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.StatefulSets;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.StatefulSets;

/// <summary>The set <c>web</c> in the namespace <c>d</c>, and its controller.</summary>
internal sealed class StatefulSetSimulation
{
    public static readonly ObjectKey Key = new("d", "web");

    public SimulatedCluster Cluster { get; } = new();

    public JsonObject Status => StatusWrite.Current(Cluster.Get(ResourceTypes.StatefulSets, Key)!);

    public string[] PodNames => [.. Cluster.Pods.Select(static p => p.Key.Name)];

    public string[] Images => [.. Cluster.Pods.OrderBy(static p => StatefulPods.Parse(p.Key.Name)!.Value.Ordinal).Select(static p => p.Images[0])];

    public (int Replicas, int Ready, int Current, int Updated) Counts => (Count("replicas"), Count("readyReplicas"), Count("currentReplicas"), Count("updatedReplicas"));

    public void Deploy(int replicas = 3, string more = "") => Cluster.Put(ResourceTypes.StatefulSets, $$$"""
        {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web","namespace":"d"},"spec":{"replicas":{{{replicas}}},"serviceName":"svc",
         "selector":{"matchLabels":{"app":"a"}},"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":0}},
         "template":{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"c","image":"v1"}]} } {{{more}}} } }
        """);

    public int Count(string name) => (int?)Status[name] ?? 0;

    public void SetImage(string image) => Edit(spec => spec["template"]!["spec"]!["containers"]![0]!["image"] = image);

    public void Edit(Action<JsonObject> change) => Cluster.Change(ResourceTypes.StatefulSets, Key, tree => change(tree["spec"]!.AsObject()));

    public static ObjectKey Pod(int ordinal) => new("d", $"web-{ordinal}");

    public ReconcileResult Reconcile() => StatefulSetReconciler.Reconcile(new StatefulSetObserved(
        StatefulSetView.Of(Cluster.Get(ResourceTypes.StatefulSets, Key)!), Cluster.Pods, [.. Cluster.All(ResourceTypes.ControllerRevisions)],
        (type, name) => Cluster.Get(type, new ObjectKey("d", name))), Cluster.Context());

    /// <summary>One pass; returns what it did besides the status.</summary>
    public ControllerAction[] Pass()
    {
        var actions = Reconcile().Actions;
        Cluster.Apply(actions);
        return [.. actions.Where(static a => a is not (StatusAction or EventAction))];
    }

    /// <summary>Passes, with a kubelet that readies one pod after each, until nothing happens any more.</summary>
    public void Settle(Action? check = null, Func<PodView, bool>? runs = null)
    {
        for (var pass = 0; pass < 200; pass++)
        {
            var actions = Reconcile().Actions;
            Cluster.Apply(actions);
            check?.Invoke();
            var starting = Cluster.Pods.FirstOrDefault(p => p.Phase == "Pending" && (runs?.Invoke(p) ?? true));
            if (actions.IsEmpty && starting is null) return;
            if (starting is not null) Cluster.MakeReady(starting.Key);
        }
        Assert.Fail("does not settle");
    }

    public void Terminate(ObjectKey pod) => Cluster.Change(ResourceTypes.Pods, pod, tree => tree["metadata"]!["deletionTimestamp"] = KindTime.Format(Cluster.Now));

    public void SetPhase(ObjectKey pod, string phase) => Cluster.Change(ResourceTypes.Pods, pod, tree => tree["status"] = new JsonObject { ["phase"] = phase });

    public void Remove(ResourceType type, ObjectKey key) => Cluster.Apply([new DeleteAction(type, key, Cluster.Get(type, key)!.Meta.Uid)]);
}
