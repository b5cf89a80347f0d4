using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster;

/// <summary>Coming in: asking to be let in, and letting others in.</summary>
internal sealed partial class ClusterCoreDaemon
{
    private void JoinSeedNodes(ImmutableArray<Address> seedNodes)
    {
        if (seedNodes.IsEmpty)
            return;
        if (IsMember || _joiningTo is not null || _seedNodeProcess is not null)
        {
            _cluster.LogInfo("Joining seed nodes is ignored, this member has joined or is joining already.");
            return;
        }

        _seedNodes = seedNodes;
        StartSeedNodeProcess();
    }

    private void StartSeedNodeProcess()
    {
        if (_seedNodes.Length == 1 && _seedNodes[0].Equals(_self.Address))
        {
            // Nobody else could have founded the cluster before.
            JoinTo(_self.Address);
            return;
        }

        var seeds = _seedNodes;
        var cluster = _cluster;
        _seedNodeProcess = Context.ActorOf(
            Props.Create(() => new JoinSeedNodeProcess(cluster, seeds)), $"joinSeedNodeProcess-{++_seedNodeProcesses}");
    }

    private void StopSeedNodeProcess()
    {
        if (_seedNodeProcess is not { } process)
            return;
        Context.Stop(process);
        _seedNodeProcess = null;
    }

    private void JoinTo(Address address)
    {
        if (IsMember)
        {
            _cluster.LogInfo($"Joining {address} is ignored, this member has joined already.");
            return;
        }

        if (address.Protocol != _self.Address.Protocol || address.System != _self.Address.System)
        {
            _cluster.Log.Warning("Cluster Node [{0}] - Cannot join {1}: the protocol or the name of the system differs.", _self.Address, address);
            return;
        }

        StopSeedNodeProcess();
        var join = new Join(_self, _settings.Roles, _settings.AppVersion);
        if (address.Equals(_self.Address))
        {
            Admit(join, Self);
            return;
        }

        _cluster.LogInfo($"Trying to join [{address}]");
        _joiningTo = address;
        _retryJoinAt = _settings.RetryUnsuccessfulJoinAfter is { } after ? DateTime.UtcNow + after : DateTime.MaxValue;
        Peer(address).Tell(join);
    }

    /// <summary>Tries again when the member that was asked has not answered.</summary>
    private void RetryJoinIfDue()
    {
        if (IsMember || _joiningTo is not { } address || DateTime.UtcNow < _retryJoinAt)
            return;
        _joiningTo = null;
        if (_seedNodes.IsEmpty)
            JoinTo(address);
        else
            StartSeedNodeProcess();
    }

    private void ReceiveJoin(Join join)
    {
        if (!IsMember)
        {
            _cluster.LogInfo($"The join of {join.Node} is ignored, since this member is in no cluster.");
            return;
        }

        Admit(join, Sender);
    }

    private void Admit(Join join, IActorRef sender)
    {
        var node = join.Node;
        if (node.Address.Protocol != _self.Address.Protocol || node.Address.System != _self.Address.System)
        {
            _cluster.Log.Warning("Cluster Node [{0}] - {1} wants to join, but belongs to another system.", _self.Address, node.Address);
            return;
        }

        if (SelfMember is { Status: MemberStatus.Down or MemberStatus.Exiting or MemberStatus.Leaving })
        {
            _cluster.LogInfo($"The join of {node.Address} is ignored, since this member is {SelfMember.Status}.");
            return;
        }

        var known = Latest.Members.FirstOrDefault(m => m.Address.Equals(node.Address));
        if (known is not null && known.UniqueAddress.Equals(node))
        {
            // The welcome must have been lost.
            if (!node.Equals(_self))
                sender.Tell(new Welcome(_self, Latest));
            return;
        }

        if (known is not null)
        {
            ReplaceIncarnation(known, join, sender);
            return;
        }

        _cluster.FailureDetector.Remove(node.Address);
        var isFirst = Latest.Members.IsEmpty;
        UpdateLatest(Latest.Update([Member.Create(node, join.Roles, join.AppVersion)]));
        _cluster.LogInfo($"Node [{node.Address}] is JOINING, roles [{string.Join(", ", join.Roles)}], version [{join.AppVersion}]");
        if (node.Equals(_self))
        {
            _joiningTo = null;
            // The founder need not wait for any tick: it agrees with itself.
            if (isFirst)
                LeaderActions();
        }
        else
        {
            sender.Tell(new Welcome(_self, Latest));
        }
    }

    /// <summary>
    /// A system restarted on the address of a member: the old one is certainly dead, since the new one has its port. It is
    /// taken out first; the new one is let in as soon as the old one is gone.
    /// </summary>
    private void ReplaceIncarnation(Member old, Join join, IActorRef sender)
    {
        if (!_waitingForRemoval.ContainsKey(old.Address))
            _cluster.LogInfo($"A new incarnation of {old} wants to join. The old one is removed first.");
        _waitingForRemoval[old.Address] = (join, sender);
        if (old.Status == MemberStatus.Down)
            return;
        UpdateLatest(Latest.WithReachability(Latest.Reachability.Terminated(_self, old.UniqueAddress)));
        Downing(old.Address);
        ActOnConvergence();
    }

    private void AdmitWaiting()
    {
        if (_waitingForRemoval.Count == 0)
            return;
        foreach (var (address, (join, sender)) in _waitingForRemoval.ToArray())
        {
            if (Latest.Members.Any(m => m.Address.Equals(address) && !m.UniqueAddress.Equals(join.Node)))
                continue;
            _waitingForRemoval.Remove(address);
            if (IsMember)
                Admit(join, sender);
        }
    }

    private void ReceiveWelcome(Welcome welcome)
    {
        if (IsMember || _joiningTo is not { } address)
            return;
        if (!address.Equals(welcome.From.Address))
        {
            _cluster.LogInfo($"The welcome from {welcome.From.Address} is ignored, since {address} was asked.");
            return;
        }

        if (!welcome.Gossip.HasMember(_self))
        {
            _cluster.LogInfo($"The welcome from {welcome.From.Address} does not name this member and is ignored.");
            return;
        }

        _joiningTo = null;
        StopSeedNodeProcess();
        _cluster.LogInfo($"Welcome from [{welcome.From.Address}]");
        SetLatest(welcome.Gossip.MarkSeen(_self));
        GossipTo(welcome.From);
    }
}
