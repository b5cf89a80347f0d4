using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.GarbageCollection;

/// <summary>Deletes what nobody owns any more, and Events that are too old: the cluster's only collector, as a singleton.</summary>
/// <remarks>
/// One actor and not an entity per object, because the graph spans types. It is rebuilt from the informers at each start and so
/// needs no journal; its writes name uid and version, so that a second collector in a split cluster does no harm.
/// </remarks>
public sealed class GarbageCollectorActor : UntypedActor, IWithTimers
{
    private static readonly TimeSpan LookForTypes = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ExpireEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Most objects looked at in one turn (count).</summary>
    private const int BatchMax = 500;

    private readonly RegistryClient _registries;
    private readonly ResourceStore _store;
    private readonly ActionRunner _runner;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _eventsKeptFor;
    private readonly OwnerGraph _graph = new();
    private readonly HashSet<ResourceType> _subscribed = [];
    private readonly HashSet<ResourceType> _synced = [];
    private readonly IActorRef _self = Context.Self;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly HashSet<GraphKey> _unserved = [];
    private readonly HashSet<GraphKey> _again = [];
    private bool _working;

    public GarbageCollectorActor(RegistryClient registries, ResourceStore store, ActionRunner runner, TimeProvider clock, TimeSpan eventsKeptFor)
    {
        _registries = registries;
        _store = store;
        _runner = runner;
        _clock = clock;
        _eventsKeptFor = eventsKeptFor;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(RegistryClient registries, ResourceStore store, ActionRunner runner, TimeProvider clock, TimeSpan eventsKeptFor) =>
        Akka.Actor.Props.Create(() => new GarbageCollectorActor(registries, store, runner, clock, eventsKeptFor));

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(Look), Look.Instance, TimeSpan.Zero, LookForTypes);
        Timers.StartPeriodicTimer(nameof(Expire), Expire.Instance, ExpireEvery, ExpireEvery);
    }

    protected override void PostStop()
    {
        foreach (var type in _subscribed) _registries.Unsubscribe(type, Self);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Look: Subscribe(); break;
            case Expire: ExpireEventsAsync().PipeTo(ActorRefs.Nobody); break;
            case InformerSynced synced:
                foreach (var o in synced.Objects.EnumerateFrom()) _graph.Set(synced.Type, o);
                _synced.Add(synced.Type);
                Work();
                break;
            case ObjectsChanged changed: Handle(changed); break;
            case Worked worked: Handle(worked); break;
            case Unserved unserved: _unserved.UnionWith(unserved.Keys); break;
            case Again:
                foreach (var key in _again) _graph.Enqueue(key);
                _again.Clear();
                Work();
                break;
            default: Unhandled(message); break;
        }
    }

    private void Subscribe()
    {
        var news = false;
        foreach (var type in Types())
        {
            if (!_subscribed.Add(type)) continue;
            _registries.Subscribe(type, Self);
            news = true;
        }
        if (news)
        {
            // Owners that could not be looked up may be of a kind that is served now.
            foreach (var key in _unserved) _graph.Enqueue(key);
            _unserved.Clear();
        }
        Work();
    }

    // Events go by themselves, and there are many of them.
    private IEnumerable<ResourceType> Types() => _store.Catalog.Resources.Where(static r => !r.IsVirtual).Select(static r => r.StoredAs).Distinct()
        .Where(static t => t != ResourceTypes.Events);

    private void Handle(ObjectsChanged changed)
    {
        foreach (var change in changed.Changes)
        {
            if (change.Kind == ChangeKind.Deleted) _graph.Remove(changed.Type, change.Object);
            else _graph.Set(changed.Type, change.Object);
        }
        Work();
    }

    // Until every type is in, an owner that is not in the graph may just not have been read yet.
    private void Work()
    {
        if (_working || _graph.Pending == 0 || _synced.Count == 0 || _synced.Count < _subscribed.Count) return;
        var keys = ImmutableArray.CreateBuilder<GraphKey>();
        var unknown = new List<(GraphKey Dependent, OwnerName Owner)>();
        while (keys.Count < BatchMax && _graph.TryTake(out var key))
        {
            keys.Add(key);
            foreach (var owner in _graph.UnknownOwners(key)) unknown.Add((key, owner));
        }
        _working = true;
        FindAbsentAsync(unknown).PipeTo(Self, success: found => new Worked(keys.ToImmutable(), found), failure: e => Failed(keys.ToImmutable(), e));
    }

    private void Handle(Worked worked)
    {
        _working = false;
        if (worked.Absent is null)
        {
            TryAgain(worked.Keys);
            return;
        }
        var actions = ImmutableArray.CreateBuilder<ControllerAction>();
        foreach (var key in worked.Keys) actions.AddRange(_graph.Decide(key, worked.Absent));
        if (actions.Count > 0)
        {
            _working = true;
            _runner.RunAsync(actions.ToImmutable(), "garbage-collector").PipeTo(Self,
                success: outcome => new Worked([], ImmutableHashSet<OwnerName>.Empty) { Retry = outcome.Refusal is null ? [] : worked.Keys },
                failure: e => Failed(worked.Keys, e));
        }
        TryAgain(worked.Retry);
        Work();
    }

    private void TryAgain(ImmutableArray<GraphKey> keys)
    {
        if (keys.IsEmpty) return;
        _again.UnionWith(keys);
        // What comes later does not put off what waits already.
        if (!Timers.IsTimerActive(nameof(Again))) Timers.StartSingleTimer(nameof(Again), Again.Instance, RetryAfter);
    }

    private Worked Failed(ImmutableArray<GraphKey> keys, Exception e)
    {
        _log.Warning(e, "Garbage collection will try again");
        return keys.IsEmpty ? new Worked([], ImmutableHashSet<OwnerName>.Empty) : new Worked(keys, null);
    }

    /// <summary>Which of the owners do not exist, as of now in their registries: an informer may be behind.</summary>
    private async Task<ImmutableHashSet<OwnerName>> FindAbsentAsync(List<(GraphKey Dependent, OwnerName Owner)> unknown)
    {
        var absent = ImmutableHashSet.CreateBuilder<OwnerName>();
        var unserved = new List<GraphKey>();
        foreach (var (owner, dependents) in unknown.GroupBy(static u => u.Owner, static u => u.Dependent).Select(static g => (g.Key, g)))
        {
            var slash = owner.ApiVersion.IndexOf('/', StringComparison.Ordinal);
            var (group, version) = slash < 0 ? ("", owner.ApiVersion) : (owner.ApiVersion[..slash], owner.ApiVersion[(slash + 1)..]);
            // An owner of a kind that is not served cannot be looked up, so nothing is deleted for its sake.
            if (_store.Catalog.FindKind(group, version, owner.Kind) is not { } schema)
            {
                unserved.AddRange(dependents);
                continue;
            }
            // Nothing without a namespace can name an owner in one, so that cannot be looked up either.
            if (schema.Namespaced && owner.Namespace.Length == 0) continue;
            var found = await _store.GetAsync(schema.StoredAs, new ObjectKey(schema.Namespaced ? owner.Namespace : "", owner.Name)).ConfigureAwait(false);
            if (found?.Meta.Uid != owner.Uid) absent.Add(owner);
        }
        if (unserved.Count > 0) _self.Tell(new Unserved(unserved));
        return absent.ToImmutable();
    }

    private async Task ExpireEventsAsync()
    {
        var events = await _registries.InformerAsync(ResourceTypes.Events).ConfigureAwait(false);
        var before = _clock.GetUtcNow() - _eventsKeptFor;
        foreach (var batch in events.Objects.EnumerateFrom().Where(o => o.Meta.CreationTimestamp < before && LastSeen(o) < before).Chunk(BatchMax))
            await _registries.WriteAsync(ResourceTypes.Events, [.. batch.Select(static o => (ObjectWrite)new RemoveObject(o.Key, o.Meta.Uid))]).ConfigureAwait(false);
    }

    private static DateTimeOffset LastSeen(StoredObject o) =>
        KindTime.Read(o.ToTree()["lastTimestamp"]) is { } last && last > o.Meta.CreationTimestamp ? last : o.Meta.CreationTimestamp;

    private sealed record Worked(ImmutableArray<GraphKey> Keys, ImmutableHashSet<OwnerName>? Absent)
    {
        public ImmutableArray<GraphKey> Retry { get; init; } = [];
    }

    private sealed record Unserved(IReadOnlyList<GraphKey> Keys);

    private sealed class Again
    {
        public static readonly Again Instance = new();
    }

    private sealed class Look
    {
        public static readonly Look Instance = new();
    }

    private sealed class Expire
    {
        public static readonly Expire Instance = new();
    }
}
