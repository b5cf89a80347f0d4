namespace Orchestrator.Actors.Scheduling.Plugins;

/// <summary>Prefers nodes with fewer pods of the same controller, when the pod has no spread constraints of its own.</summary>
/// <remarks>
/// Stands for the default constraints of upstream's PodTopologySpread (hostname, then zone). The controller is what those find
/// by way of the selectors of services and replica sets, and counting by it costs nothing per node.
/// </remarks>
public sealed class OwnerSpread : IScorePlugin
{
    public string Name => "PodTopologySpread";

    public int Weight => 2;

    public ScoreScale Scale => ScoreScale.LessIsBetter;

    public long Score(PodToPlace pod, NodeSnapshot node) =>
        pod.View.Placement.Spread.IsEmpty && pod.View.Meta.Controller is { } owner ? node.PodsOf(owner.Uid) : 0;
}
