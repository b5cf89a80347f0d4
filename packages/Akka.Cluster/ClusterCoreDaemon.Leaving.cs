using Akka.Actor;

namespace Akka.Cluster;

/// <summary>Going: leaving in good order, and being taken out.</summary>
internal sealed partial class ClusterCoreDaemon
{
    /// <summary>Marks the member at the address as leaving; the leader does the rest.</summary>
    private void Leaving(Address address)
    {
        if (!IsMember)
        {
            // Not in a cluster (yet): there is nobody to say goodbye to.
            if (address.Equals(_self.Address))
                ShutDown(CoordinatedShutdown.ClusterLeavingReason.Instance);
            return;
        }

        var leaving = Latest.Members.Where(m => m.Address.Equals(address) &&
                                                m.Status is MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Up).ToList();
        if (leaving.Count == 0)
            return;
        UpdateLatest(Latest.Update(leaving.Select(m => m.Copy(MemberStatus.Leaving))));
        _cluster.LogInfo($"Marked address [{address}] as [Leaving]");
        ActOnConvergence();
        GossipToOne();
    }

    private void LeaveAndWait()
    {
        if (!IsMember || SelfMember!.Status is MemberStatus.Exiting or MemberStatus.Down)
        {
            Sender.Tell(Done.Instance);
            return;
        }

        _waitingForExit.Add(Sender);
        Leaving(_self.Address);
        AnswerWaitingForExit();
    }

    private void AnswerWaitingForExit()
    {
        if (_waitingForExit.Count == 0 || SelfMember is { Status: not (MemberStatus.Exiting or MemberStatus.Down) })
            return;
        foreach (var waiting in _waitingForExit)
            waiting.Tell(Done.Instance);
        _waitingForExit.Clear();
    }

    /// <summary>This member may go: singletons and shards are handed over by the phases of the coordinated shutdown first.</summary>
    private void OnSelfExiting()
    {
        if (_selfExiting)
            return;
        _selfExiting = true;
        _exitingTasksInProgress = true;
        _cluster.LogInfo("Exiting, starting coordinated shutdown");
        AnswerWaitingForExit();
        ShutDown(CoordinatedShutdown.ClusterLeavingReason.Instance);
    }

    /// <summary>All has been handed over: the leader may remove this member without waiting for its farewell to spread.</summary>
    private void ExitingCompleted()
    {
        if (!IsMember)
        {
            Sender.Tell(Done.Instance);
            return;
        }

        _cluster.LogInfo("Exiting completed");
        _exitingTasksInProgress = false;
        SetLatest(Latest.MarkSeen(_self));
        GossipToRandom(NumberToTellOfExit);
        var confirmed = new ExitingConfirmed(_self);
        var peers = Latest.Members.Where(m => !m.UniqueAddress.Equals(_self)).ToList();
        // The leader and some in reserve, in case that it goes itself; not everybody.
        foreach (var member in peers.Where(m => m.UniqueAddress.Equals(_state.Leader))
                     .Concat(peers.Where(m => _state.ValidNodeForGossip(m.UniqueAddress)).OrderBy(_ => _random.Next()).Take(NumberToTellOfExit))
                     .Distinct())
            Peer(member.Address).Tell(confirmed);
        Sender.Tell(Done.Instance);
    }

    private const int NumberToTellOfExit = 5;

    private void ReceiveExitingConfirmed(UniqueAddress node)
    {
        if (Latest.FindMember(node) is not { Status: MemberStatus.Exiting })
            return;
        _cluster.LogInfo($"Exiting confirmed [{node.Address}]");
        _exitingConfirmed = _exitingConfirmed.Add(node);
        ActOnConvergence();
    }

    /// <summary>Marks the member at the address as down. It will be removed as soon as the others agree.</summary>
    private void Downing(Address address)
    {
        var member = Latest.Members.FirstOrDefault(m => m.Address.Equals(address));
        if (member is null)
        {
            _cluster.LogInfo($"Ignoring down of unknown node [{address}]");
            return;
        }

        if (member.Status == MemberStatus.Down)
            return;
        UpdateLatest(Latest.Update([member.Copy(MemberStatus.Down)]));
        _cluster.LogInfo(_state.LatestGossip.Reachability.IsReachable(member.UniqueAddress)
            ? $"Marking node [{address}] as [Down]"
            : $"Marking unreachable node [{address}] as [Down]");
        if (member.UniqueAddress.Equals(_self))
            GossipToRandom(NumberToTellOfExit);
        ActOnConvergence();
    }

    /// <summary>A member that was taken out must not go on; it tells the others that it has understood, and stops.</summary>
    private void ShutDownWhenDown()
    {
        if (SelfMember is not { Status: MemberStatus.Down } || _shutdownStarted)
            return;
        var downed = Latest.Members.Where(m => m.Status == MemberStatus.Down).Select(m => m.UniqueAddress).ToList();
        var allKnow = downed.All(d => d.Equals(_self) || Latest.SeenByNode(d) || !Latest.Reachability.IsReachable(d));
        if (!allKnow && ++_ticksWhileDown < 3)
        {
            GossipToRandom(downed.Count);
            return;
        }

        _cluster.LogInfo("This member has been taken out of the cluster, it shuts down.");
        GossipToRandom(NumberToTellOfExit);
        ShutDown(CoordinatedShutdown.ClusterDowningReason.Instance);
    }

    private int _ticksWhileDown;
}
