namespace Akka.Cluster.SBR;

/// <summary>The side with more members stays; of two equal sides the one with the lowest address.</summary>
internal sealed class KeepMajority(string? role) : DowningStrategy(role)
{
    /// <inheritdoc />
    protected override Decision DecideSides(PartitionView view)
    {
        var voters = view.Voters(Role);
        if (voters.IsEmpty)
            return Decision.DownAll;
        var decision = Compare(view, voters.Count(m => !view.IsUnreachable(m)), voters.Count(view.IsUnreachable), voters[0]);
        if (decision == Decision.DownReachable)
            return decision;

        // The partition may have begun before this side heard that joining members over there are up, or that leaving ones
        // here are gone: then the other side counts differently and may see itself as the majority, too. If that is
        // possible, nobody may stay.
        var certain = view.Voters(Role, excludePossiblyExiting: true);
        if (certain.IsEmpty)
            return Decision.DownAll;
        var worst = Compare(view, certain.Count(m => !view.IsUnreachable(m)),
            view.Voters(Role, includePossiblyUp: true).Count(view.IsUnreachable), certain[0]);
        return worst == decision ? decision : Decision.DownAll;
    }

    private static Decision Compare(PartitionView view, int thisSide, int otherSide, Member lowest)
    {
        if (thisSide == otherSide)
            return view.IsUnreachable(lowest) ? Decision.DownReachable : Decision.DownUnreachable;
        return thisSide > otherSide ? Decision.DownUnreachable : Decision.DownReachable;
    }
}

/// <summary>The side with at least a fixed number of members stays.</summary>
internal sealed class StaticQuorum(int quorumSize, string? role) : DowningStrategy(role)
{
    public int QuorumSize { get; } = quorumSize;

    /// <summary>Whether there are so many members that both sides of a partition could have the quorum.</summary>
    public bool IsTooManyMembers(PartitionView view) => view.Voters(Role).Count > 2 * QuorumSize - 1;

    /// <inheritdoc />
    protected override Decision DecideSides(PartitionView view)
    {
        if (IsTooManyMembers(view))
            return Decision.DownAll;
        return view.Voters(Role).Count(m => !view.IsUnreachable(m)) >= QuorumSize ? Decision.DownUnreachable : Decision.DownReachable;
    }
}

/// <summary>The side with the oldest member stays, unless that one is alone and may be given up.</summary>
internal sealed class KeepOldest(bool downIfAlone, string? role) : DowningStrategy(role)
{
    /// <inheritdoc />
    protected override Decision DecideSides(PartitionView view)
    {
        var voters = view.Voters(Role);
        var oldest = voters.Min(Member.AgeOrdering);
        if (oldest is null)
            return Decision.DownAll;
        var decision = Decide(view, oldest, voters.Count(m => !view.IsUnreachable(m)), voters.Count(view.IsUnreachable));
        if (decision == Decision.DownReachable)
            return decision;

        // If the oldest is leaving, the other side may have let it go and follow the next one.
        var certain = view.Voters(Role, excludePossiblyExiting: true);
        var next = certain.Min(Member.AgeOrdering);
        if (next is null)
            return Decision.DownAll;
        var worst = Decide(view, next, certain.Count(m => !view.IsUnreachable(m)),
            view.Voters(Role, includePossiblyUp: true).Count(view.IsUnreachable));
        return worst == decision ? decision : Decision.DownAll;
    }

    private Decision Decide(PartitionView view, Member oldest, int thisSide, int otherSide)
    {
        if (view.IsUnreachable(oldest))
            return downIfAlone && otherSide == 1 ? Decision.DownUnreachable : Decision.DownReachable;
        return downIfAlone && thisSide == 1 && otherSide > 0 ? Decision.DownReachable : Decision.DownUnreachable;
    }
}

/// <summary>Any partition ends the whole cluster: safe always, available never.</summary>
internal sealed class DownAllNodes() : DowningStrategy(null)
{
    /// <inheritdoc />
    protected override Decision DecideSides(PartitionView view) => Decision.DownAll;
}
