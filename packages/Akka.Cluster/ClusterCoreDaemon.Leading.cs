using Akka.Actor;

namespace Akka.Cluster;

/// <summary>What the leader does: moves members through their lives when all agree on the state.</summary>
internal sealed partial class ClusterCoreDaemon
{
    private void LeaderActionsTick()
    {
        if (!IsMember)
            return;
        LeaderActions();
        ForgetConfirmed();
        ShutDownWhenDown();
    }

    /// <summary>Acts without waiting for the tick, if this member leads and there is something to do.</summary>
    private void ActOnConvergence()
    {
        if (IsMember && _state.IsLeader && _state.Convergence(_exitingConfirmed))
            LeaderActionsOnConvergence();
    }

    private void LeaderActions()
    {
        if (!_state.IsLeader)
        {
            _noConvergenceSince = null;
            return;
        }

        if (_state.Convergence(_exitingConfirmed))
        {
            _noConvergenceSince = null;
            LeaderActionsOnConvergence();
            return;
        }

        _noConvergenceSince ??= DateTime.UtcNow;
        if (_settings.AllowWeaklyUpAfter is { } after && DateTime.UtcNow - _noConvergenceSince >= after)
            MoveJoiningToWeaklyUp();
    }

    private void LeaderActionsOnConvergence()
    {
        var now = DateTimeOffset.UtcNow;
        var removed = _state.ReachabilityNoDownedObservers.AllUnreachableOrTerminated
            .Select(Latest.FindMember)
            .OfType<Member>()
            .Where(m => m.Status is MemberStatus.Down or MemberStatus.Exiting)
            .Concat(_exitingConfirmed.Select(Latest.FindMember).OfType<Member>().Where(m => m.Status == MemberStatus.Exiting))
            .Distinct()
            .ToList();
        var changed = ChangedByLeader();
        if (removed.Count == 0 && changed.Count == 0)
            return;

        var gossip = Latest.Update(changed);
        foreach (var member in removed)
            gossip = gossip.Remove(member.UniqueAddress, now.ToUnixTimeMilliseconds());
        gossip = gossip.PruneTombstones((now - TombstoneLife).ToUnixTimeMilliseconds());
        var willExit = changed.Any(m => m.UniqueAddress.Equals(_self) && m.Status == MemberStatus.Exiting);
        if (willExit)
            _exitingTasksInProgress = true;
        UpdateLatest(gossip);
        ForgetConfirmed();
        foreach (var member in changed)
            _cluster.LogInfo($"Leader is moving node [{member.Address}] to [{member.Status}]");
        foreach (var member in removed)
        {
            _cluster.LogInfo($"Leader is removing {(member.Status == MemberStatus.Exiting ? "confirmed Exiting" : "unreachable")} node [{member.Address}]");
        }

        if (willExit)
        {
            // The successor must know as soon as possible, since this leader will soon be silent.
            GossipToRandom(NumberToTellOfExit);
            OnSelfExiting();
        }
        else
        {
            // The changes are news to everybody; they do not wait for the next round.
            GossipToRandom(Math.Min(3, Latest.Members.Count));
        }
    }

    private List<Member> ChangedByLeader()
    {
        var changed = new List<Member>();
        var enough = IsMinNrOfMembersFulfilled();
        var youngest = Latest.Members.Where(m => m.UpNumber != int.MaxValue).Select(m => m.UpNumber).DefaultIfEmpty(0).Max();
        foreach (var member in Latest.Members)
        {
            if (member.Status is MemberStatus.Joining or MemberStatus.WeaklyUp && enough)
                changed.Add(member.CopyUp(++youngest));
            else if (member.Status == MemberStatus.Leaving)
                changed.Add(member.Copy(MemberStatus.Exiting));
        }

        return changed;
    }

    private bool IsMinNrOfMembersFulfilled() =>
        Latest.Members.Count >= _settings.MinNrOfMembers &&
        _settings.MinNrOfMembersOfRole.All(r => Latest.Members.Count(m => m.HasRole(r.Key)) >= r.Value);

    private void MoveJoiningToWeaklyUp()
    {
        if (!IsMinNrOfMembersFulfilled())
            return;
        var changed = Latest.Members
            .Where(m => m.Status == MemberStatus.Joining && _state.ReachabilityNoDownedObservers.IsReachable(m.UniqueAddress))
            .Select(m => m.Copy(MemberStatus.WeaklyUp))
            .ToList();
        if (changed.Count == 0)
            return;
        UpdateLatest(Latest.Update(changed));
        foreach (var member in changed)
            _cluster.LogInfo($"Leader is moving node [{member.Address}] to [{member.Status}]");
    }

    private void ForgetConfirmed()
    {
        if (!_exitingConfirmed.IsEmpty)
            _exitingConfirmed = _exitingConfirmed.Intersect(Latest.Members.Select(m => m.UniqueAddress));
    }
}
