namespace Orchestrator.Actors.Scheduling;

/// <summary>What a filter says of a node.</summary>
public enum VerdictCode : byte
{
    Ok,

    /// <summary>The pod does not fit now; removing other pods may help.</summary>
    Unschedulable,

    /// <summary>The pod does not fit, whatever other pods do.</summary>
    UnschedulableAndUnresolvable,

    /// <summary>The filter could not decide.</summary>
    Error,
}

/// <summary>The answer of a filter, with the reason that users read in <c>FailedScheduling</c>.</summary>
public readonly record struct Verdict(VerdictCode Code, string Reason)
{
    public static Verdict Ok => default;

    public bool IsOk => Code == VerdictCode.Ok;

    public static Verdict Unschedulable(string reason) => new(VerdictCode.Unschedulable, reason);

    public static Verdict Unresolvable(string reason) => new(VerdictCode.UnschedulableAndUnresolvable, reason);
}

/// <summary>Changes of the cluster that may let a rejected pod fit.</summary>
[Flags]
public enum ClusterEvents
{
    None = 0,
    NodeAdded = 1,

    /// <summary>Labels, taints, readiness or capacity of a node changed.</summary>
    NodeChanged = 2,

    /// <summary>A pod went and left its resources, ports or place.</summary>
    PodRemoved = 4,

    /// <summary>A pod was placed, beside which another may want to be.</summary>
    PodPlaced = 8,

    /// <summary>A claim, a volume or a storage class came, went or changed.</summary>
    StorageChanged = 16,

    All = NodeAdded | NodeChanged | PodRemoved | PodPlaced | StorageChanged,
}
