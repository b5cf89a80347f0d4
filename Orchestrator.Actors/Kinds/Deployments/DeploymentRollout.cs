using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Deployments;

/// <summary>The working state of one pass over a Deployment: its sets, the status in the making, the actions so far.</summary>
internal sealed class DeploymentRollout(DeploymentView deployment, DateTimeOffset now)
{
    private readonly ImmutableArray<ControllerAction>.Builder _actions = ImmutableArray.CreateBuilder<ControllerAction>();
    private readonly Dictionary<string, int> _sizes = new(StringComparer.Ordinal);

    public DeploymentView Deployment { get; } = deployment;
    public DateTimeOffset Now { get; } = now;
    public List<ReplicaSetView> All { get; } = [];

    /// <summary>The set of the current template, or null before it is there.</summary>
    public ReplicaSetView? New { get; private set; }

    /// <summary>The other sets, oldest first.</summary>
    public List<ReplicaSetView> Old { get; } = [];

    /// <summary>The status as it will be written.</summary>
    public JsonObject Status { get; } = StatusWrite.Current(deployment.Source);

    public ImmutableArray<ControllerAction> Actions => _actions.ToImmutable();

    public void Add(ReplicaSetView set) => All.Add(set);

    /// <summary>Finds the new set: the oldest one of the current template.</summary>
    public void Sort()
    {
        All.Sort(static (a, b) => a.Meta.CreationTimestamp.CompareTo(b.Meta.CreationTimestamp) is var byAge and not 0
            ? byAge : string.CompareOrdinal(a.Key.Name, b.Key.Name));
        New = All.Find(s => s.TemplateIdentity == Deployment.TemplateIdentity);
        Old.AddRange(All.Where(s => s != New));
    }

    public void Do(ControllerAction action) => _actions.Add(action);

    /// <summary>The size of a set, with what this pass has decided.</summary>
    public int SizeOf(ReplicaSetView set) => _sizes.GetValueOrDefault(set.Key.Name, set.Replicas);

    /// <summary>The one set that has replicas, else the newest; null when several have.</summary>
    public ReplicaSetView? ActiveOrLatest()
    {
        var active = All.Where(static s => s.Replicas > 0).Take(2).ToList();
        return active.Count switch
        {
            0 => New ?? Old.LastOrDefault(),
            1 => active[0],
            _ => null,
        };
    }

    /// <summary>Sets the size of a set together with what it is sized for.</summary>
    public void Resize(ReplicaSetView set, int size)
    {
        _sizes[set.Key.Name] = size;
        Do(new PatchAction(ResourceTypes.ReplicaSets, set.Key, set.Uid, new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["annotations"] = new JsonObject
                {
                    [DeploymentAnnotations.DesiredReplicas] = Text(Deployment.Replicas),
                    [DeploymentAnnotations.MaxReplicas] = Text(DeploymentScaling.Total(Deployment.Replicas, Deployment.MaxSurge)),
                },
            },
            ["spec"] = new JsonObject { ["replicas"] = size },
        }));
        if (size != set.Replicas) Scaled(set.Key.Name, set.Replicas, size);
    }

    public void Scaled(string set, int from, int to) => Do(Event(Deployment, false, "ScalingReplicaSet",
        $"Scaled {(to > from ? "up" : "down")} replica set {set} from {from} to {to}"));

    public void SetCondition(string type, string value, string reason, string message) =>
        StatusWrite.SetCondition(Status, type, value, reason, message, Now, withUpdateTime: true);

    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    public static EventAction Event(DeploymentView deployment, bool warning, string reason, string message) =>
        new(ResourceTypes.Deployments, deployment.Key, "apps/v1", "Deployment", deployment.Uid, warning, reason, message);
}
