using System.Collections.Immutable;

namespace Akka.Cluster.SBR;

/// <summary>What a split brain resolver decides about the members it cannot reach.</summary>
internal enum Decision
{
    None,
    DownReachable,
    DownUnreachable,
    DownAll,
    DownIndirectlyConnected,
}

/// <summary>
/// Decides which side of a partition stays. Each side decides alone, so the results must fit together: what one side keeps,
/// the other must give up. Pure.
/// </summary>
internal abstract class DowningStrategy(string? role)
{
    /// <summary>Only members with this role have a vote; null or empty for all.</summary>
    protected string? Role { get; } = role;

    /// <summary>What to do once the membership has been stable in this state.</summary>
    public Decision Decide(PartitionView view)
    {
        if (view.Unreachable.IsEmpty)
            return Decision.None;
        return view.IndirectlyConnected.IsEmpty ? DecideSides(view) : Decision.DownIndirectlyConnected;
    }

    /// <summary>The members that the decision takes out, this one possibly among them.</summary>
    public ImmutableHashSet<UniqueAddress> NodesToDown(PartitionView view, Decision decision)
    {
        var candidates = view.Members
            .Where(m => m.Status is not (MemberStatus.Down or MemberStatus.Removed))
            .Select(m => m.UniqueAddress);
        switch (decision)
        {
            case Decision.DownAll:
                return [.. candidates];
            case Decision.DownUnreachable:
                return [.. candidates.Where(view.Unreachable.Contains)];
            case Decision.DownReachable:
                return [.. candidates.Where(c => !view.Unreachable.Contains(c))];
            case Decision.DownIndirectlyConnected:
                // Those connected to some only are given up; what is then left may be a clean partition on top of it.
                var indirect = candidates.Where(view.IndirectlyConnected.Contains).ToImmutableHashSet();
                if (view.Unreachable.IsSubsetOf(view.IndirectlyConnected))
                    return indirect;
                var rest = view.WithoutIndirectObservations();
                return rest.Unreachable.IsEmpty
                    ? indirect
                    : indirect.Union(NodesToDown(rest, DecideSides(rest)));
            default:
                return [];
        }
    }

    /// <summary>Decides between the reachable and the unreachable side; there is at least one unreachable member.</summary>
    protected abstract Decision DecideSides(PartitionView view);
}
