using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.PersistentVolumeClaims;
using Orchestrator.Actors.Kinds.PersistentVolumes;
using Orchestrator.Actors.Kinds.StorageClasses;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.PersistentVolumes;

/// <summary>Claims of the namespace <c>d</c>, volumes, classes and nodes, and the controller that binds them.</summary>
internal sealed class StorageSimulation
{
    public SimulatedCluster Cluster { get; } = new();

    public List<string> WaitingPods { get; } = [];

    public static ObjectKey Key(string claim) => new("d", claim);

    public void Volume(string name, string size = "1Gi", string more = "", string modes = "\"ReadWriteOnce\"", string labels = "", string annotations = "") =>
        Cluster.Put(ResourceTypes.PersistentVolumes, $$$"""
            {"metadata":{"name":"{{{name}}}","labels":{{{{labels}}}},"annotations":{{{{annotations}}}}},
             "spec":{"capacity":{"storage":"{{{size}}}"},"accessModes":[{{{modes}}}],"persistentVolumeReclaimPolicy":"Retain"{{{more}}}},"status":{"phase":"Pending"}}
            """);

    public void Claim(string name, string size = "1Gi", string more = "", string modes = "\"ReadWriteOnce\"") => Cluster.Put(ResourceTypes.PersistentVolumeClaims, $$$"""
        {"metadata":{"name":"{{{name}}}","namespace":"d"},
         "spec":{"accessModes":[{{{modes}}}],"resources":{"requests":{"storage":"{{{size}}}"} }{{{more}}}},"status":{"phase":"Pending"}}
        """);

    public void Class(string name, string provisioner = "example.com/x", string mode = "Immediate", bool isDefault = false) => Cluster.Put(ResourceTypes.StorageClasses, $$$"""
        {"metadata":{"name":"{{{name}}}","annotations":{"storageclass.kubernetes.io/is-default-class":"{{{(isDefault ? "true" : "false")}}}"} },
         "provisioner":"{{{provisioner}}}","volumeBindingMode":"{{{mode}}}"}
        """);

    public void Node(string name) => Cluster.Put(ResourceTypes.Nodes, $$$"""{"metadata":{"name":"{{{name}}}","labels":{"kubernetes.io/hostname":"{{{name}}}"} } }""");

    public static string OnNode(string name) =>
        $$$""", "nodeAffinity":{"required":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"kubernetes.io/hostname","operator":"In","values":["{{{name}}}"]}]}]} }""";

    public string VolumeOf(string claim) => (string?)Tree(ResourceTypes.PersistentVolumeClaims, Key(claim))["spec"]!["volumeName"] ?? "";

    public string Phase(string claim) => PersistentVolumeClaimView.Of(Cluster.Get(ResourceTypes.PersistentVolumeClaims, Key(claim))!).Phase;

    public PersistentVolumeView Of(string volume) => PersistentVolumeView.Of(Cluster.Get(ResourceTypes.PersistentVolumes, new ObjectKey("", volume))!);

    public JsonObject Tree(ResourceType type, ObjectKey key) => Cluster.Get(type, key)!.ToTree();

    public void EditClaim(string claim, Action<JsonObject> change) => Cluster.Change(ResourceTypes.PersistentVolumeClaims, Key(claim), change);

    public void EditVolume(string volume, Action<JsonObject> change) => Cluster.Change(ResourceTypes.PersistentVolumes, new ObjectKey("", volume), change);

    public void Remove(ResourceType type, ObjectKey key) => Cluster.Apply([new DeleteAction(type, key, Cluster.Get(type, key)!.Meta.Uid)]);

    public bool Told(string reason, string message) => Cluster.Events.Exists(e => e.Reason == reason && e.Message == message);

    /// <summary>Passes over every claim and volume until nothing is written any more.</summary>
    public void Settle()
    {
        for (var pass = 0; pass < 50; pass++)
        {
            var wrote = false;
            foreach (var claim in Cluster.All(ResourceTypes.PersistentVolumeClaims).ToList())
                wrote |= Run(context => PersistentVolumeClaimReconciler.Reconcile(PersistentVolumeClaimView.Of(claim), Observe(), context));
            foreach (var volume in Cluster.All(ResourceTypes.PersistentVolumes).ToList())
                wrote |= Run(context => PersistentVolumeReconciler.Reconcile(PersistentVolumeView.Of(volume), Observe(), context));
            if (!wrote) return;
        }
        Assert.Fail("does not settle");
    }

    public bool Run(Func<ReconcileContext, ReconcileResult> pass)
    {
        var result = pass(Cluster.Context());
        if (!result.Confirm.IsEmpty) result = pass(Cluster.Context() with { Confirmed = true });
        // The registry refuses what was decided on an older version.
        var actions = result.Actions.Where(a => a is not PatchAction { IfRevision: { } revision } patch || Cluster.Get(patch.Type, patch.Key)?.Revision == revision).ToList();
        Cluster.Apply(actions);
        return actions.Exists(static a => a is not EventAction);
    }

    public StorageObserved Observe() => new(
        Cluster.All(ResourceTypes.PersistentVolumes).Select(PersistentVolumeView.Of),
        name => Cluster.Get(ResourceTypes.PersistentVolumes, new ObjectKey("", name)) is { } volume ? PersistentVolumeView.Of(volume) : null,
        key => Cluster.Get(ResourceTypes.PersistentVolumeClaims, key) is { } claim ? PersistentVolumeClaimView.Of(claim) : null,
        Cluster.All(ResourceTypes.StorageClasses).Select(StorageClassView.Of),
        name => Cluster.Get(ResourceTypes.StorageClasses, new ObjectKey("", name)) is { } found ? StorageClassView.Of(found) : null,
        name => Cluster.Get(ResourceTypes.Nodes, new ObjectKey("", name)) is { } node ? new NodeToReach(name, node.Meta.Labels) : null,
        _ => WaitingPods);
}
