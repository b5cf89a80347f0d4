using System.Text;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Scheduling;

namespace Orchestrator.Actors.Tests.Scheduling;

/// <summary>Nodes and pods in one line each.</summary>
internal static class SchedulingFixture
{
    public static NodeView Node(string name, string spec = "{}", string labels = "", string cpu = "4", string memory = "8Gi", int pods = 110,
        string ready = "True", string more = "") => NodeView.Of(Stored("", name, $$$"""
        {"metadata":{"name":"{{{name}}}","uid":"{{{name}}}","labels":{"kubernetes.io/hostname":"{{{name}}}"{{{labels}}}}},"spec":{{{spec}}},
         "status":{"allocatable":{"cpu":"{{{cpu}}}","memory":"{{{memory}}}","ephemeral-storage":"100Gi","pods":"{{{pods}}}"{{{more}}}},
         "conditions":[{"type":"Ready","status":"{{{ready}}}"}]}}
        """));

    public static PodView Pod(string name, string requests = "{}", string spec = "", string labels = "{}", string owner = "", string node = "", string ports = "") =>
        PodView.Of(Stored("d", name, $$$"""
        {"metadata":{"name":"{{{name}}}","namespace":"d","uid":"{{{name}}}","labels":{{{labels}}}
          {{{(owner.Length == 0 ? "" : $$""","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"{{owner}}","uid":"{{owner}}","controller":true}]""")}}}},
         "spec":{"containers":[{"name":"c","image":"i","resources":{"requests":{{{requests}}}}{{{ports}}}}]{{{(node.Length == 0 ? "" : $",\"nodeName\":\"{node}\"")}}}{{{spec}}}}}
        """));

    public static StoredObject Stored(string ns, string name, string json) => new(new ObjectKey(ns, name), 1, Encoding.UTF8.GetBytes(json));

    public static NodeModel Model(params NodeView[] nodes)
    {
        var model = new NodeModel();
        foreach (var node in nodes) model.Set(node);
        return model;
    }

    public static PlacementResult Place(NodeModel model, PodView pod, int seed = 1) =>
        new SchedulingCycle(model, SchedulerProfile.Default, new Random(seed)).Place(new PodToPlace(pod));
}
