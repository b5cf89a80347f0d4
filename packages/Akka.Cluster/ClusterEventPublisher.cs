using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Cluster;

/// <summary>Tells subscribers what has changed, in the order in which it changed.</summary>
internal sealed class ClusterEventPublisher : UntypedActor
{
    private readonly Cluster _cluster;
    private readonly Dictionary<IActorRef, ImmutableHashSet<Type>> _subscribers = [];
    private readonly MembershipState _empty;
    private MembershipState _state;

    public ClusterEventPublisher(Cluster cluster)
    {
        _cluster = cluster;
        _empty = new MembershipState(Gossip.Empty, cluster.SelfUniqueAddress);
        _state = _empty;
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        // Whoever relied on this member must know that nothing more comes: the end, and that everybody is gone for it.
        Publish(ClusterEvent.ClusterShuttingDown.Instance);
        PublishChanges(_empty);
        _cluster.Update(_empty);
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case DaemonCommand.PublishChanges changes:
                PublishChanges(changes.State);
                break;
            case SubscriptionCommand.Subscribe subscribe:
                Subscribe(subscribe);
                break;
            case SubscriptionCommand.Unsubscribe unsubscribe:
                Unsubscribe(unsubscribe.Subscriber, unsubscribe.To);
                break;
            case SubscriptionCommand.SendCurrentState send:
                send.Receiver.Tell(_state.Snapshot);
                break;
            case Terminated terminated:
                _subscribers.Remove(terminated.ActorRef);
                break;
        }
    }

    private void Subscribe(SubscriptionCommand.Subscribe subscribe)
    {
        if (subscribe.Mode == ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot)
        {
            subscribe.Subscriber.Tell(_state.Snapshot);
        }
        else
        {
            foreach (var change in ClusterEvent.Diff(_empty, _state).Where(c => subscribe.To.Any(t => t.IsInstanceOfType(c))))
                subscribe.Subscriber.Tell(change);
        }

        if (_subscribers.TryGetValue(subscribe.Subscriber, out var known))
        {
            _subscribers[subscribe.Subscriber] = known.Union(subscribe.To);
            return;
        }

        _subscribers[subscribe.Subscriber] = subscribe.To;
        Context.Watch(subscribe.Subscriber);
    }

    private void Unsubscribe(IActorRef subscriber, Type? to)
    {
        if (!_subscribers.TryGetValue(subscriber, out var known))
            return;
        var left = to is null ? [] : known.Remove(to);
        if (!left.IsEmpty)
        {
            _subscribers[subscriber] = left;
            return;
        }

        _subscribers.Remove(subscriber);
        Context.Unwatch(subscriber);
    }

    private void PublishChanges(MembershipState state)
    {
        var before = _state;
        _state = state;
        foreach (var change in ClusterEvent.Diff(before, state))
            Publish(change);
    }

    private void Publish(ClusterEvent.IClusterDomainEvent change)
    {
        foreach (var (subscriber, types) in _subscribers)
        {
            if (types.Any(t => t.IsInstanceOfType(change)))
                subscriber.Tell(change);
        }
    }
}
