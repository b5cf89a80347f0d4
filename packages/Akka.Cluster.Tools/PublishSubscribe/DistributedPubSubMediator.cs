using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Tools.PublishSubscribe;

/// <summary>
/// Keeps the local subscribers, and the registry of which member has subscribers of what. A publication is one message to each
/// of these members; the mediator there delivers it to its subscribers. The registry spreads by gossip of changes.
/// </summary>
public class DistributedPubSubMediator : UntypedActor, IWithTimers
{
    /// <summary>Members told of a change at once (count); the others learn it by gossip.</summary>
    private const int MaxEagerPeers = 10;

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly DistributedPubSubSettings _settings;
    private readonly Registry _registry;
    private readonly HashSet<Address> _nodes = [];
    private readonly Dictionary<Address, IActorRef> _mediators = [];
    private readonly Dictionary<string, HashSet<IActorRef>> _subscribers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IActorRef> _byPath = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, HashSet<string>> _keysOf = [];
    private readonly Random _random = new();
    private int _next;

    public DistributedPubSubMediator(DistributedPubSubSettings settings)
    {
        _settings = settings;
        _registry = new Registry(_cluster.SelfAddress, () => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    public ILoggingAdapter Log { get; } = Context.GetLogger();

    public static Props Props(DistributedPubSubSettings settings) =>
        Actor.Props.Create(() => new DistributedPubSubMediator(settings)).WithDeploy(Deploy.Local);

    /// <inheritdoc />
    protected override void PreStart()
    {
        _cluster.Subscribe(Self, typeof(ClusterEvent.IMemberEvent));
        Timers.StartPeriodicTimer("gossip", GossipTick.Instance, _settings.GossipInterval);
        Timers.StartPeriodicTimer("prune", PruneTick.Instance, _settings.RemovedTimeToLive / 2);
    }

    /// <inheritdoc />
    protected override void PostStop() => _cluster.Unsubscribe(Self);

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Publish publish:
                OnPublish(publish);
                break;
            case DeliverToTopic deliver:
                DeliverLocally(deliver);
                break;
            case Send send:
                OnSend(send);
                break;
            case SendToAll send:
                OnSendToAll(send);
                break;
            case DeliverToPath deliver:
                if (_byPath.TryGetValue(deliver.Path, out var target))
                    target.Tell(deliver.Message, Sender);
                else
                    DeadLetter(deliver.Message);
                break;
            case Subscribe subscribe:
                AddSubscriber(TopicKey(subscribe.Topic, subscribe.Group), subscribe.Ref);
                Sender.Tell(new SubscribeAck(subscribe));
                break;
            case Unsubscribe unsubscribe:
                RemoveSubscriber(TopicKey(unsubscribe.Topic, unsubscribe.Group), unsubscribe.Ref);
                Sender.Tell(new UnsubscribeAck(unsubscribe));
                break;
            case Put put:
                OnPut(put);
                break;
            case Remove remove:
                OnRemove(remove.Path);
                break;
            case GetTopics:
                Sender.Tell(new CurrentTopics([.. _registry.Keys.Select(TopicOf).OfType<string>()]));
                break;
            case Terminated terminated:
                OnTerminated(terminated.ActorRef);
                break;
            default:
                OnGossip(message);
                break;
        }
    }

    private void OnGossip(object message)
    {
        switch (message)
        {
            case GossipTick:
                if (_nodes.Count > 0)
                    Mediator(_nodes.ElementAt(_random.Next(_nodes.Count))).Tell(new Status(_registry.Digest, null, false));
                break;
            case Status status when _nodes.Contains(Sender.Path.Address):
                OnStatus(status);
                break;
            case Delta delta when _nodes.Contains(Sender.Path.Address):
                foreach (var bucket in delta.Buckets.Where(b => _nodes.Contains(b.Owner)))
                    _registry.Apply(bucket);
                break;
            case PruneTick:
                _registry.Prune(_settings.RemovedTimeToLive);
                break;
            case ClusterEvent.CurrentClusterState state:
                foreach (var member in state.Members)
                    OnMember(member);
                break;
            case ClusterEvent.IMemberEvent changed:
                OnMember(changed.Member);
                break;
        }
    }

    /// <summary>A topic and a group are one key; the separator cannot be typed into a name by accident.</summary>
    private static string TopicKey(string topic, string? group) => string.IsNullOrEmpty(group) ? $"t\n{topic}" : $"t\n{topic}\n{group}";

    private static string? TopicOf(string key) => key.StartsWith("t\n", StringComparison.Ordinal) ? key.Split('\n')[1] : null;

    private static string PathKey(string path) => $"p\n{path}";

    private void OnMember(Member member)
    {
        if (member.UniqueAddress.Equals(_cluster.SelfUniqueAddress))
        {
            if (member.Status == MemberStatus.Removed)
                Context.Stop(Self);
            return;
        }

        if (!string.IsNullOrEmpty(_settings.Role) && !member.HasRole(_settings.Role))
            return;
        if (member.Status is MemberStatus.Up or MemberStatus.WeaklyUp or MemberStatus.Leaving)
        {
            if (_nodes.Add(member.Address))
                Mediator(member.Address).Tell(new Status(_registry.Digest, null, false));
        }
        else if (member.Status is not MemberStatus.Joining && _nodes.Remove(member.Address))
        {
            _mediators.Remove(member.Address);
            _registry.RemoveOwner(member.Address);
        }
    }

    private void OnStatus(Status status)
    {
        if (status.Digest == _registry.Digest)
            return;
        if (status.Versions is not { } versions)
        {
            Sender.Tell(new Status(_registry.Digest, _registry.Versions, false));
            return;
        }

        var delta = _registry.Delta(versions, _settings.MaxDeltaElements);
        if (!delta.IsEmpty)
            Sender.Tell(new Delta(delta));
        if (!status.IsReply && _registry.IsBehind(versions))
            Sender.Tell(new Status(_registry.Digest, _registry.Versions, true));
    }

    private void Change(string key, bool present)
    {
        if (_registry.SetOwn(key, present) is not { } change)
            return;
        var delta = new Delta([change]);
        foreach (var node in _nodes.Count <= MaxEagerPeers ? _nodes : _nodes.OrderBy(_ => _random.Next()).Take(MaxEagerPeers))
            Mediator(node).Tell(delta);
    }

    private void AddSubscriber(string key, IActorRef subscriber)
    {
        if (!_subscribers.TryGetValue(key, out var known))
            _subscribers[key] = known = [];
        known.Add(subscriber);
        Remember(subscriber, key);
        Change(key, true);
    }

    private void RemoveSubscriber(string key, IActorRef subscriber)
    {
        Forget(subscriber, key);
        if (!_subscribers.TryGetValue(key, out var known) || !known.Remove(subscriber) || known.Count > 0)
            return;
        _subscribers.Remove(key);
        Change(key, false);
    }

    private void OnPut(Put put)
    {
        if (put.Ref.Path.Address.HasGlobalScope && !put.Ref.Path.Address.Equals(_cluster.SelfAddress))
        {
            Log.Warning("Registered actor must be local: [{0}]", put.Ref);
            return;
        }

        var path = put.Ref.Path.ToStringWithoutAddress();
        if (_byPath.TryGetValue(path, out var old) && !old.Equals(put.Ref))
            Forget(old, PathKey(path));
        _byPath[path] = put.Ref;
        Remember(put.Ref, PathKey(path));
        Change(PathKey(path), true);
    }

    private void OnRemove(string path)
    {
        if (!_byPath.Remove(path, out var old))
            return;
        Forget(old, PathKey(path));
        Change(PathKey(path), false);
    }

    private void OnTerminated(IActorRef actor)
    {
        if (!_keysOf.Remove(actor, out var keys))
            return;
        foreach (var key in keys)
        {
            if (_subscribers.TryGetValue(key, out var known))
            {
                if (known.Remove(actor) && known.Count == 0)
                {
                    _subscribers.Remove(key);
                    Change(key, false);
                }
            }
            else if (key.StartsWith("p\n", StringComparison.Ordinal))
            {
                _byPath.Remove(key[2..]);
                Change(key, false);
            }
        }
    }

    private void Remember(IActorRef actor, string key)
    {
        if (!_keysOf.TryGetValue(actor, out var keys))
        {
            _keysOf[actor] = keys = new HashSet<string>(StringComparer.Ordinal);
            Context.Watch(actor);
        }

        keys.Add(key);
    }

    private void Forget(IActorRef actor, string key)
    {
        if (!_keysOf.TryGetValue(actor, out var keys) || !keys.Remove(key) || keys.Count > 0)
            return;
        _keysOf.Remove(actor);
        Context.Unwatch(actor);
    }

    private void OnPublish(Publish publish)
    {
        var sent = publish.SendOneMessageToEachGroup ? PublishToGroups(publish) : PublishToAll(publish);
        if (!sent && _settings.SendToDeadLettersWhenNoSubscribers)
            DeadLetter(publish.Message);
    }

    private bool PublishToAll(Publish publish)
    {
        var owners = _registry.OwnersOf(TopicKey(publish.Topic, null));
        foreach (var owner in owners)
            Mediator(owner).Tell(new DeliverToTopic(publish.Topic, null, publish.Message), Sender);
        return !owners.IsEmpty;
    }

    private bool PublishToGroups(Publish publish)
    {
        var prefix = $"t\n{publish.Topic}\n";
        var any = false;
        foreach (var key in _registry.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).ToList())
        {
            any = true;
            var group = key[prefix.Length..];
            Mediator(Choose(_registry.OwnersOf(key))).Tell(new DeliverToTopic(publish.Topic, group, publish.Message), Sender);
        }

        return any;
    }

    private void DeliverLocally(DeliverToTopic deliver)
    {
        if (!_subscribers.TryGetValue(TopicKey(deliver.Topic, deliver.Group), out var subscribers))
        {
            DeadLetter(deliver.Message);
            return;
        }

        if (deliver.Group is not null)
        {
            subscribers.ElementAt(_settings.RoundRobin ? Next(subscribers.Count) : _random.Next(subscribers.Count))
                .Tell(deliver.Message, Sender);
            return;
        }

        foreach (var subscriber in subscribers)
            subscriber.Tell(deliver.Message, Sender);
    }

    private void OnSend(Send send)
    {
        if (send.LocalAffinity && _byPath.TryGetValue(send.Path, out var local))
        {
            local.Tell(send.Message, Sender);
            return;
        }

        var owners = _registry.OwnersOf(PathKey(send.Path));
        if (owners.IsEmpty)
            DeadLetter(send.Message);
        else
            Mediator(Choose(owners)).Tell(new DeliverToPath(send.Path, send.Message), Sender);
    }

    private void OnSendToAll(SendToAll send)
    {
        var owners = _registry.OwnersOf(PathKey(send.Path));
        if (send.ExcludeSelf)
            owners = owners.Remove(_cluster.SelfAddress);
        if (owners.IsEmpty)
            DeadLetter(send.Message);
        foreach (var owner in owners)
            Mediator(owner).Tell(new DeliverToPath(send.Path, send.Message), Sender);
    }

    private Address Choose(ImmutableHashSet<Address> owners) => _settings.RoundRobin
        ? owners.Order(Member.AddressOrdering).ElementAt(Next(owners.Count))
        : owners.ElementAt(_random.Next(owners.Count));

    private int Next(int count) => (int)((uint)_next++ % (uint)count);

    private void DeadLetter(object message) => Context.System.DeadLetters.Tell(new DeadLetter(message, Sender, Self), Sender);

    private IActorRef Mediator(Address node)
    {
        if (node.Equals(_cluster.SelfAddress))
            return Self;
        if (!_mediators.TryGetValue(node, out var mediator))
        {
            _mediators[node] = mediator = ((ExtendedActorSystem)Context.System).Provider
                .ResolveActorRef(new RootActorPath(node) / Self.Path.Elements);
        }

        return mediator;
    }

    private sealed class GossipTick : INoSerializationVerificationNeeded
    {
        public static readonly GossipTick Instance = new();
    }

    private sealed class PruneTick : INoSerializationVerificationNeeded
    {
        public static readonly PruneTick Instance = new();
    }
}
