using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>Asks the informer of this process for changes: answered with <see cref="InformerSynced"/> once, then <see cref="ObjectsChanged"/>.</summary>
public sealed record SubscribeToChanges(IActorRef Subscriber);

/// <summary>Ends what <see cref="SubscribeToChanges"/> began.</summary>
public sealed record UnsubscribeFromChanges(IActorRef Subscriber);

/// <summary>The whole state of a type, from which the following changes go on.</summary>
public sealed record InformerSynced(ResourceType Type, ObjectIndex Objects);

/// <summary>Feeds the <see cref="Informer"/> of one type from its registry, wherever that runs.</summary>
/// <remarks>Batches carry the version before them, so a gap is noticed and mended by following anew from the last version seen.</remarks>
public sealed class InformerActor : UntypedActor, IWithTimers
{
    /// <summary>How soon a registry that does not answer is asked again, at first and at most. All types of a process lose their registry
    /// at once when a member goes down, and its shards come up elsewhere only after that: asking in step would be a storm.</summary>
    private static readonly TimeSpan RetryMin = TimeSpan.FromMilliseconds(500), RetryMax = TimeSpan.FromSeconds(5);

    /// <summary>A lost last batch shows in no gap, so a feed over the network is compared with its registry this often.</summary>
    private static readonly TimeSpan CompareEvery = TimeSpan.FromSeconds(5);

    private readonly Informer _informer;
    private readonly IActorRef _region;
    private readonly HashSet<IActorRef> _subscribers = [];
    private readonly List<StoredObject> _listed = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Random _jitter;
    private IActorRef? _source;
    private int _unanswered;

    public InformerActor(Informer informer, IActorRef region)
    {
        _informer = informer;
        _region = region;
        _jitter = new Random(HashCode.Combine(informer.Type, Environment.ProcessId));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(Informer informer, IActorRef region) => Akka.Actor.Props.Create(() => new InformerActor(informer, region));

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(Compare), Compare.Instance, CompareEvery);
        if (Context.System.Settings.HasCluster) Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
        FollowRegistry();
    }

    protected override void PostStop()
    {
        if (Context.System.Settings.HasCluster) Cluster.Get(Context.System).Unsubscribe(Self);
        if (_source is not null) _source.Tell(new UnfollowObjects(_informer.Type), Self);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ObjectsChanged changed: Handle(changed); break;
            case ObjectsListed listed: Handle(listed); break;
            case CurrentRevision current when current.Revision > _informer.Revision: FollowRegistry(); break;
            case CurrentRevision: break;
            case SubscribeToChanges subscribe: Handle(subscribe); break;
            case UnsubscribeFromChanges unsubscribe: Unsubscribe(unsubscribe.Subscriber); break;
            case Retry: FollowRegistry(); break;
            case ClusterEvent.MemberUp or ClusterEvent.MemberRemoved: AskSoon(); break;
            case ClusterEvent.IMemberEvent: break;
            case Compare:
                _informer.Forget();
                if (_source is { Path.Address.HasGlobalScope: true }) _region.Tell(new GetRevision(_informer.Type, Confirmed: false), Self);
                break;
            case Terminated terminated when terminated.ActorRef.Equals(_source):
                _source = null;
                FollowRegistry();
                break;
            case Terminated terminated: Unsubscribe(terminated.ActorRef); break;
            default: Unhandled(message); break;
        }
    }

    private void Handle(ObjectsChanged batch)
    {
        Attend(Sender);
        if (!_informer.WhenSynced.IsCompleted) return;   // the whole state is on its way
        if (batch.Previous > _informer.Revision)
        {
            FollowRegistry();
            return;
        }
        if (batch.Revision <= _informer.Revision) return;
        var seen = _informer.Revision;
        var changes = batch.Previous == seen ? batch.Changes : [.. batch.Changes.Where(c => c.Object.Revision > seen)];
        Publish(_informer.Apply(changes, batch.Revision), seen);
    }

    private void Handle(ObjectsListed part)
    {
        Attend(Sender);
        if (part.First) _listed.Clear();
        _listed.AddRange(part.Objects);
        if (!part.Last) return;
        var seen = _informer.Revision;
        var first = !_informer.WhenSynced.IsCompleted;
        var changes = _informer.Reset(_listed, part.Revision);
        _listed.Clear();
        _listed.TrimExcess();
        if (first)
            foreach (var subscriber in _subscribers) subscriber.Tell(new InformerSynced(_informer.Type, _informer.Objects));
        else Publish(changes, seen);
    }

    private void Publish(IReadOnlyList<ObjectChange> changes, long previous = 0)
    {
        if (_subscribers.Count == 0 || changes.Count == 0) return;
        // All who follow read the same of each object, and begin at the same time: what they share is read before they are told.
        foreach (var change in changes)
        {
            if (_informer.Type == ResourceTypes.Pods) PodView.Of(change.Object);
            else _ = change.Object.Meta;
        }
        var message = new ObjectsChanged(_informer.Type, previous, _informer.Revision, [.. changes]);
        foreach (var subscriber in _subscribers) subscriber.Tell(message);
    }

    private void Handle(SubscribeToChanges subscribe)
    {
        if (!_subscribers.Add(subscribe.Subscriber)) return;
        Context.Watch(subscribe.Subscriber);
        if (_informer.WhenSynced.IsCompleted) subscribe.Subscriber.Tell(new InformerSynced(_informer.Type, _informer.Objects));
    }

    private void Unsubscribe(IActorRef subscriber)
    {
        if (_subscribers.Remove(subscriber)) Context.Unwatch(subscriber);
    }

    private void FollowRegistry()
    {
        _region.Tell(new FollowObjects(_informer.Type, _informer.WhenSynced.IsCompleted ? _informer.Revision : -1), Self);
        // The registry may be moving; until it answers, ask again.
        var wait = RetryMin * Math.Pow(2, Math.Min(_unanswered++, 8));
        Timers.StartSingleTimer(nameof(Retry), Retry.Instance, (wait < RetryMax ? wait : RetryMax) * (0.75 + (_jitter.NextDouble() * 0.5)));
    }

    // Shards move when members come and go, so what did not answer before may answer now.
    private void AskSoon()
    {
        _unanswered = 0;
        if (Timers.IsTimerActive(nameof(Retry))) Timers.StartSingleTimer(nameof(Retry), Retry.Instance, RetryMin * _jitter.NextDouble());
    }

    private void Attend(IActorRef source)
    {
        Timers.Cancel(nameof(Retry));
        _unanswered = 0;
        if (source.Equals(_source)) return;
        if (_source is not null) Context.Unwatch(_source);
        _source = Context.Watch(source);
        _log.Debug("{0} is fed by {1}", _informer.Type, source);
    }

    private sealed class Retry
    {
        public static readonly Retry Instance = new();
    }

    private sealed class Compare
    {
        public static readonly Compare Instance = new();
    }
}
