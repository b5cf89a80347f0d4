namespace Akka.Cluster.Tools.Singleton;

/// <summary>
/// The members that may run a singleton, and those that may have run it and are not gone yet. The first by age (or by version
/// first, where that is configured) runs it.
/// </summary>
internal sealed class MembersByAge(string? role, bool considerAppVersion)
{
    private readonly Dictionary<UniqueAddress, Member> _candidates = [];
    private readonly Dictionary<UniqueAddress, Member> _departing = [];

    /// <summary>The member that runs the singleton; null while there is none.</summary>
    public Member? Oldest => _candidates.Values.Min(Order);

    /// <summary>Members on their way out which may still be running the singleton.</summary>
    public IReadOnlyCollection<Member> Departing => _departing.Values;

    public bool IsCandidate(UniqueAddress node) => _candidates.ContainsKey(node);

    public bool IsDeparting(UniqueAddress node) => _departing.ContainsKey(node);

    private IComparer<Member> Order { get; } = considerAppVersion
        ? Comparer<Member>.Create((a, b) =>
        {
            var byVersion = b.AppVersion.CompareTo(a.AppVersion);
            return byVersion != 0 ? byVersion : Member.AgeOrdering.Compare(a, b);
        })
        : Member.AgeOrdering;

    /// <summary>Begins with a snapshot.</summary>
    public void Reset(IEnumerable<Member> members)
    {
        _candidates.Clear();
        _departing.Clear();
        foreach (var member in members)
            Update(member);
    }

    /// <summary>Takes note of a member's new status.</summary>
    public void Update(Member member)
    {
        if (!string.IsNullOrEmpty(role) && !member.HasRole(role))
            return;
        switch (member.Status)
        {
            case MemberStatus.Up or MemberStatus.Leaving:
                // The status may be older than a departure that was noted otherwise.
                if (!_departing.ContainsKey(member.UniqueAddress))
                    _candidates[member.UniqueAddress] = member;
                break;
            case MemberStatus.Exiting or MemberStatus.Down:
                Depart(member);
                break;
        }
    }

    /// <summary>The member does not run the singleton any more, or must stop to.</summary>
    public void Depart(Member member)
    {
        if (_candidates.Remove(member.UniqueAddress) || member.Status is MemberStatus.Exiting or MemberStatus.Down)
            _departing[member.UniqueAddress] = member;
    }

    /// <summary>The member is gone for good.</summary>
    public void Remove(UniqueAddress node)
    {
        _candidates.Remove(node);
        _departing.Remove(node);
    }
}
