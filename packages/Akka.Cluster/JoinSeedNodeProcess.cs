using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster;

/// <summary>
/// Looks for a cluster at the seed addresses. The first seed founds a cluster if none of the others answers in time; it alone
/// may, so that a start of all members at once ends in one cluster. The others ask until somebody takes them.
/// </summary>
internal sealed class JoinSeedNodeProcess : UntypedActor, IWithTimers
{
    private readonly Cluster _cluster;
    private readonly ImmutableArray<Address> _others;
    private readonly bool _isFirst;
    private readonly DateTime? _giveUpAt;
    private ImmutableHashSet<Address> _unanswered;
    private DateTime _roundEndsAt;
    private int _attempts;
    private bool _accepted;

    public JoinSeedNodeProcess(Cluster cluster, ImmutableArray<Address> seedNodes)
    {
        _cluster = cluster;
        _others = [.. seedNodes.Where(s => !s.Equals(cluster.SelfAddress)).Distinct()];
        _isFirst = seedNodes[0].Equals(cluster.SelfAddress);
        _unanswered = [.. _others];
        _giveUpAt = cluster.Settings.ShutdownAfterUnsuccessfulJoinSeedNodes is { } after ? DateTime.UtcNow + after : null;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        if (_others.IsEmpty)
        {
            Context.Parent.Tell(new DaemonCommand.JoinTo(_cluster.SelfAddress));
            Context.Stop(Self);
            return;
        }

        _roundEndsAt = DateTime.UtcNow + _cluster.Settings.SeedNodeTimeout;
        // Asked often, so that a seed that is just starting is found early; the timeout only limits the waiting for all.
        var interval = _cluster.Settings.SeedNodeTimeout / 5;
        Timers.StartPeriodicTimer("ask", DaemonCommand.JoinSeedNode.Instance,
            TimeSpan.Zero, interval < TimeSpan.FromSeconds(1) ? interval : TimeSpan.FromSeconds(1));
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case DaemonCommand.JoinSeedNode:
                Ask();
                break;
            case InitJoinAck ack when !_accepted:
                // The others' answers are not needed any more.
                _accepted = true;
                Context.Parent.Tell(new DaemonCommand.JoinTo(ack.Address));
                Context.Stop(Self);
                break;
            case InitJoinNack nack:
                _unanswered = _unanswered.Remove(nack.Address);
                if (_isFirst && _unanswered.IsEmpty)
                    Found();
                break;
        }
    }

    private void Ask()
    {
        if (_giveUpAt is { } limit && DateTime.UtcNow >= limit)
        {
            _cluster.Log.Warning("Cluster Node [{0}] - No seed node could be joined in time, the actor system is shut down.", _cluster.SelfAddress);
            var system = _cluster.System;
            _ = Task.Run(() => CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClusterJoinUnsuccessfulReason.Instance));
            Context.Stop(Self);
            return;
        }

        if (DateTime.UtcNow >= _roundEndsAt)
        {
            if (_isFirst)
            {
                Found();
                return;
            }

            _roundEndsAt = DateTime.UtcNow + _cluster.Settings.SeedNodeTimeout;
            _cluster.Log.Warning("Cluster Node [{0}] - Couldn't join seed nodes after [{1}] attempts, will try again. seed-nodes=[{2}]",
                _cluster.SelfAddress, ++_attempts, string.Join(", ", _others));
        }

        foreach (var seed in _others)
            ClusterActors.At(_cluster.System, seed, "core", "daemon").Tell(new InitJoin(), Self);
    }

    private void Found()
    {
        if (_accepted)
            return;
        _accepted = true;
        _cluster.LogInfo("No seed node is in a cluster; this first seed founds one.");
        Context.Parent.Tell(new DaemonCommand.JoinTo(_cluster.SelfAddress));
        Context.Stop(Self);
    }
}
