using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Controllers;

/// <summary>Feeds the controllers' caches of this process, and turns changes into triggers.</summary>
/// <remarks>
/// Every control-plane process keeps caches, but only the one that hosts the registry of the changed type sends triggers: so a
/// change triggers once, and without a detour. Triggers are at-most-once; what can be lost with a process is repeated by a
/// resync, which triggers for every object of a type: when this process becomes the host of its registry, and when a
/// control-plane member is removed, whose entities then start elsewhere.
/// </remarks>
public sealed class TriggerSource : UntypedActor, IWithTimers
{
    private static readonly TimeSpan LookForHosting = TimeSpan.FromSeconds(1);

    private readonly ImmutableArray<KindController> _controllers;
    private readonly ControllerCaches _caches;
    private readonly RegistryClient _registries;
    private readonly Func<ResourceType, bool> _hosts;
    private readonly Func<IEnumerable<ResourceType>> _types;
    private readonly IActorRef _region;
    private readonly string _role;
    private readonly Dictionary<ResourceType, bool> _hosting = [];
    private readonly HashSet<ResourceType> _opening = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public TriggerSource(
        ImmutableArray<KindController> controllers, ControllerCaches caches, RegistryClient registries, Func<ResourceType, bool> hosts,
        Func<IEnumerable<ResourceType>> types, IActorRef region, string role)
    {
        _controllers = controllers;
        _caches = caches;
        _registries = registries;
        _hosts = hosts;
        _types = types;
        _region = region;
        _role = role;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved));
        Timers.StartPeriodicTimer(nameof(Look), Look.Instance, TimeSpan.Zero, LookForHosting);
    }

    protected override void PostStop() => Cluster.Get(Context.System).Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Look: LookAround(); break;
            case Opened opened: _registries.Subscribe(opened.Type, Self); break;
            case Status.Failure failure: _log.Warning(failure.Cause, "An informer could not be opened"); _opening.Clear(); break;
            case InformerSynced synced: Handle(synced); break;
            case ObjectsChanged changed: Handle(changed); break;
            case ClusterEvent.MemberRemoved removed when removed.Member.HasRole(_role): ResyncAll(); break;
            case ClusterEvent.MemberRemoved: break;
            default: Unhandled(message); break;
        }
    }

    // New kinds come with CustomResourceDefinitions, and registries come and go with shards.
    private void LookAround()
    {
        foreach (var type in _types())
        {
            if (!_opening.Add(type)) continue;
            _caches.OpenAsync(type).AsTask().PipeTo(Self, success: _ => new Opened(type), failure: static e => new Status.Failure(e));
        }
        foreach (var type in _hosting.Keys.ToList())
        {
            var hosts = _hosts(type);
            if (hosts && !_hosting[type]) Resync(type);
            _hosting[type] = hosts;
        }
    }

    private void Handle(InformerSynced synced)
    {
        _caches[synced.Type].Reset(synced.Objects);
        _hosting[synced.Type] = _hosts(synced.Type);
        // A controller starts when the last type that it reads is in, and then with the objects of all of them.
        foreach (var controller in _controllers)
            if (controller.Reads.Contains(synced.Type)) Resync(controller, controller.Reads);
    }

    private void Handle(ObjectsChanged batch)
    {
        _caches[batch.Type].Apply(batch);
        // Instances of a new definition are followed before anyone can rely on their being seen.
        if (batch.Type == ResourceTypes.CustomResourceDefinitions) LookAround();
        if (!_hosts(batch.Type)) return;
        foreach (var controller in _controllers)
        {
            if (!controller.Follows(batch.Type) || !AreOpen(controller.Reads)) continue;
            var told = new HashSet<ObjectKey>();
            foreach (var change in batch.Changes) Trigger(controller, batch.Type, change, told);
        }
    }

    // A mapping may need a cache that is still being opened; its own resync will make up for it.
    private bool AreOpen(ImmutableArray<ResourceType> types)
    {
        foreach (var type in types)
            if (!_hosting.ContainsKey(type)) return false;
        return true;
    }

    private void Trigger(KindController controller, ResourceType type, ObjectChange change, HashSet<ObjectKey> told)
    {
        foreach (var key in controller.KeysOf(type, change, _caches))
        {
            if (!told.Add(key)) continue;
            _region.Tell(new TriggerReconcile(controller.Name, key.Namespace, key.Name,
                new DecisionCause(type.ToString(), change.Object.Key.ToString(), change.Object.Revision)));
        }
    }

    private void ResyncAll()
    {
        foreach (var (type, hosts) in _hosting)
            if (hosts) Resync(type);
    }

    private void Resync(ResourceType type)
    {
        foreach (var controller in _controllers)
            if (controller.Follows(type)) Resync(controller, [type]);
    }

    private void Resync(KindController controller, ImmutableArray<ResourceType> types)
    {
        if (!AreOpen(controller.Reads)) return;
        var told = new HashSet<ObjectKey>();
        foreach (var type in types)
        {
            if (!_hosting[type]) continue;
            foreach (var o in _caches[type].Objects.EnumerateFrom()) Trigger(controller, type, new ObjectChange(ChangeKind.Added, o, null), told);
        }
    }

    private sealed record Opened(ResourceType Type);

    private sealed class Look
    {
        public static readonly Look Instance = new();
    }
}
