namespace Orchestrator.Actors.Scheduling;

/// <summary>One rule of the scheduler; upstream's name of it shows in events and metrics.</summary>
public interface ISchedulerPlugin
{
    string Name { get; }
}

/// <summary>Rejects nodes. Sees only its arguments: preemption asks "what if" with an edited node.</summary>
/// <remarks>The answer may depend on nothing but the pod's spec and the node, so that pods of equal spec share it.</remarks>
public interface IFilterPlugin : ISchedulerPlugin
{
    /// <summary>After which changes a pod that was rejected here is worth another try.</summary>
    ClusterEvents HelpedBy { get; }

    Verdict Filter(PodToPlace pod, NodeSnapshot node);
}

/// <summary>How the raw scores of the feasible nodes become 0 to 100.</summary>
public enum ScoreScale
{
    /// <summary>They are already.</summary>
    Absolute,

    /// <summary>The greatest becomes 100.</summary>
    MoreIsBetter,

    /// <summary>Zero becomes 100 and the greatest 0.</summary>
    LessIsBetter,
}

/// <summary>Ranks surviving nodes, 0 (worst) to 100 (best) once scaled.</summary>
public interface IScorePlugin : ISchedulerPlugin
{
    /// <summary>The share of this plugin in the sum; source: the default profile of kube-scheduler.</summary>
    int Weight { get; }

    ScoreScale Scale { get; }

    long Score(PodToPlace pod, NodeSnapshot node);
}

/// <summary>A rule over several nodes, such as spread: it gathers what it needs once for pods of equal spec and keeps it up to date.</summary>
public interface IClusterPlugin : ISchedulerPlugin
{
    ClusterEvents HelpedBy { get; }

    int Weight { get; }

    ScoreScale Scale { get; }

    /// <summary>The plugin's state for pods like <paramref name="pod"/>; null when the rule does not concern them.</summary>
    object? Prepare(PodToPlace pod, NodeModel model);

    /// <summary>Takes into <paramref name="state"/> that <paramref name="pod"/>, one of the equal pods, goes to <paramref name="node"/>.</summary>
    void Placed(object state, PodToPlace pod, NodeSnapshot node);

    Verdict Filter(PodToPlace pod, object state, NodeSnapshot node);

    long Score(PodToPlace pod, object state, NodeSnapshot node);
}
