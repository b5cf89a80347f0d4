using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster;

/// <summary>Spreading the state, and merging that of others.</summary>
internal sealed partial class ClusterCoreDaemon
{
    private void GossipTick()
    {
        RetryJoinIfDue();
        if (!IsMember)
            return;
        GossipToOne();
        if (!IsGossipSpeedupNeeded())
            return;
        // While fewer than half of the members have the state, two further rounds are fitted in.
        Timers.StartSingleTimer("speedup-1", DaemonCommand.GossipSpeedupTick.Instance, _settings.GossipInterval / 3);
        Timers.StartSingleTimer("speedup-2", DaemonCommand.GossipSpeedupTick.Instance, _settings.GossipInterval * 2 / 3);
    }

    private bool IsGossipSpeedupNeeded() => IsMember && Latest.Members.Count(m => Latest.SeenByNode(m.UniqueAddress)) < Latest.Members.Count / 2.0;

    /// <summary>One member gets the state, or its digest when it is known to have it. Those that lack it are preferred.</summary>
    private void GossipToOne()
    {
        if (!IsMember)
            return;
        var candidates = Latest.Members.Where(m => _state.ValidNodeForGossip(m.UniqueAddress)).ToList();
        if (candidates.Count == 0)
            return;
        var lacking = candidates.Where(m => !Latest.SeenByNode(m.UniqueAddress)).ToList();
        var target = lacking.Count > 0 && _random.NextDouble() < PreferenceForLacking()
            ? lacking[_random.Next(lacking.Count)]
            : candidates[_random.Next(candidates.Count)];
        if (Latest.SeenByNode(target.UniqueAddress))
            StatusTo(target.UniqueAddress, withClock: false);
        else
            GossipTo(target.UniqueAddress);
    }

    /// <summary>In a large cluster the preference is weakened, or many would send the same state to the same newcomer.</summary>
    private double PreferenceForLacking()
    {
        var low = _settings.ReduceGossipDifferentViewProbability;
        var high = low * 3;
        var size = Latest.Members.Count;
        var probability = _settings.GossipDifferentViewProbability;
        if (size <= low)
            return probability;
        var least = probability / 10;
        return size >= high ? least : probability - (probability - least) * (size - low) / (high - low);
    }

    private void GossipToRandom(int count)
    {
        foreach (var member in Latest.Members.Where(m => _state.ValidNodeForGossip(m.UniqueAddress)).OrderBy(_ => _random.Next()).Take(count))
            GossipTo(member.UniqueAddress);
    }

    private void GossipTo(UniqueAddress node)
    {
        if (_state.ValidNodeForGossip(node))
            Peer(node.Address).Tell(new GossipEnvelope(_self, node, Latest));
    }

    private void StatusTo(UniqueAddress node, bool withClock)
    {
        if (_state.ValidNodeForGossip(node))
            Peer(node.Address).Tell(new GossipStatus(_self, Latest.Version.Digest, Latest.SeenDigest, withClock ? Latest.Version : null));
    }

    private void ReceiveStatus(GossipStatus status)
    {
        if (!IsMember || !_state.ValidNodeForGossip(status.From))
            return;
        if (status.VersionDigest == Latest.Version.Digest)
        {
            if (status.SeenDigest != Latest.SeenDigest || !Latest.SeenByNode(status.From))
                GossipTo(status.From);
            return;
        }

        if (status.Version is null)
        {
            StatusTo(status.From, withClock: true);
            return;
        }

        // The newer side sends its state; with the clock in the answer, the other side sees that it is the newer one.
        if (status.Version.CompareTo(Latest.Version) == Ordering.After)
            StatusTo(status.From, withClock: true);
        else
            GossipTo(status.From);
    }

    private void ReceiveGossip(GossipEnvelope envelope)
    {
        var remote = envelope.Gossip;
        if (!IsMember || !envelope.To.Equals(_self) || !remote.HasMember(_self))
            return;
        if (!Latest.HasMember(envelope.From) || !Latest.Reachability.IsReachable(_self, envelope.From))
            return;

        var local = Latest;
        var comparison = remote.Version.CompareTo(local.Version);
        var (winning, talkBack) = comparison switch
        {
            Ordering.Same => (local.MergeSeen(remote), !_exitingTasksInProgress && !remote.SeenByNode(_self)),
            Ordering.Before => (local, true),
            Ordering.After => (remote, !_exitingTasksInProgress && !remote.SeenByNode(_self)),
            _ => (local.Merge(remote), true),
        };

        // While this member hands over its work, it does not agree to anything, so that its removal waits.
        if (!_exitingTasksInProgress)
            winning = winning.MarkSeen(_self);
        if (!winning.HasMember(_self))
            return;
        ForgetFailures(local, winning);
        if (!ReferenceEquals(winning, local))
            SetLatest(winning);
        if (SelfMember is { Status: MemberStatus.Exiting })
            OnSelfExiting();
        AnswerWaitingForExit();
        if (talkBack)
            GossipTo(envelope.From);
        ShutDownWhenDown();
        ActOnConvergence();
    }

    /// <summary>A newcomer begins without the bad record of the member that had its address before.</summary>
    private void ForgetFailures(Gossip before, Gossip after)
    {
        if (ReferenceEquals(before.Members, after.Members))
            return;
        foreach (var member in after.Members)
        {
            if (member.Status == MemberStatus.Joining && !before.HasMember(member.UniqueAddress))
                _cluster.FailureDetector.Remove(member.Address);
        }
    }

    /// <summary>Notes who has stopped or begun again to answer heartbeats.</summary>
    private void ReapUnreachable()
    {
        if (!IsMember || SelfMember!.Status == MemberStatus.Removed)
            return;
        var reachability = Latest.Reachability;
        foreach (var member in Latest.Members)
        {
            var node = member.UniqueAddress;
            if (node.Equals(_self))
                continue;
            var status = reachability.Status(_self, node);
            var available = _cluster.FailureDetector.IsAvailable(member.Address);
            if (status == ReachabilityStatus.Reachable && !available)
            {
                _cluster.Log.Warning("Cluster Node [{0}] - Marking node as UNREACHABLE [{1}]", _self.Address, member);
                reachability = reachability.Unreachable(_self, node);
            }
            else if (status == ReachabilityStatus.Unreachable && available)
            {
                _cluster.LogInfo($"Marking node as REACHABLE [{member}]");
                reachability = reachability.Reachable(_self, node);
            }
        }

        if (ReferenceEquals(reachability, Latest.Reachability))
            return;
        UpdateLatest(Latest.WithReachability(reachability));
        ActOnConvergence();
    }
}
