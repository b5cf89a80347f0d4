using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ResourceQuotas;

/// <summary>Keeps what quotas say that they use equal to what there is: the cluster's only counter, as a singleton.</summary>
/// <remarks>
/// Admission charges quotas; this takes back what was charged for objects that are gone or never came, and counts anew when a quota
/// changes. It is level-triggered: a count never depends on an earlier one. Writes are compare-and-swap, so that a charge meanwhile is
/// never lost. Source of what is counted when: kube-controller-manager, resourcequota.
/// </remarks>
public sealed class ResourceQuotaActor : UntypedActor, IWithTimers
{
    /// <summary>How long changes of one namespace gather before it is counted.</summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(100);

    /// <summary>How long what was charged is given before it is counted.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(2);

    /// <summary>How often everything is counted although nothing changed. Source: resource-quota-sync-period, 5m.</summary>
    private static readonly TimeSpan Resync = TimeSpan.FromMinutes(5);

    private static readonly WriteOptions AsController = new() { User = ComponentUsers.Controller("resourcequota-controller") };

    private static readonly ResourceType[] Always = [ResourceTypes.ResourceQuotas, ResourceTypes.Pods, ResourceTypes.Services, ResourceTypes.PersistentVolumeClaims];

    private readonly RegistryClient _registries;
    private readonly ResourceStore _store;
    private readonly TimeProvider _clock;
    private readonly Dictionary<ObjectKey, Tracked> _quotas = [];
    private readonly Dictionary<string, List<Tracked>> _byNamespace = new(StringComparer.Ordinal);
    // By when they are due: there may be a quota in each of many namespaces, and each change of anything asks which is next.
    private readonly SortedSet<(DateTimeOffset Due, ObjectKey Key)> _order = [];
    private readonly HashSet<ResourceType> _subscribed = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private bool _counting;
    private DateTimeOffset _waitingFor;

    public ResourceQuotaActor(RegistryClient registries, ResourceStore store, TimeProvider clock)
    {
        _registries = registries;
        _store = store;
        _clock = clock;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(RegistryClient registries, ResourceStore store, TimeProvider clock) =>
        Akka.Actor.Props.Create(() => new ResourceQuotaActor(registries, store, clock));

    protected override void PreStart()
    {
        foreach (var type in Always) Subscribe(type);
    }

    protected override void PostStop()
    {
        foreach (var type in _subscribed) _registries.Unsubscribe(type, Self);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InformerSynced synced when synced.Type == ResourceTypes.ResourceQuotas:
                foreach (var o in synced.Objects.EnumerateFrom()) Track(o);
                break;
            case InformerSynced: break;
            case ObjectsChanged changed:
                foreach (var change in changed.Changes) Handle(changed.Type, change);
                break;
            case Due: break;
            case Counted counted: Handle(counted); break;
            case Written written: Handle(written); break;
            case Status.Failure failure:
                _log.Debug("Quotas could not be counted: {0}", failure.Cause.Message);
                _counting = false;
                break;
            default: Unhandled(message); break;
        }
        Work();
    }

    private void Handle(ResourceType type, ObjectChange change)
    {
        if (type == ResourceTypes.ResourceQuotas)
        {
            if (change.Kind == ChangeKind.Deleted) Forget(change.Object.Key);
            else Track(change.Object);
        }
        if (!_byNamespace.TryGetValue(change.Object.Key.Namespace, out var quotas)) return;
        // What is new has been charged; it is counted once the charge is no longer in flight, in case it has not.
        var wait = change.Kind == ChangeKind.Added ? Settle : Gather;
        var now = _clock.GetUtcNow();
        foreach (var quota in quotas)
        {
            if (change.Kind == ChangeKind.Added && type != ResourceTypes.ResourceQuotas) quota.Arrive(type, change.Object, null, now);
            else if (change is { Kind: ChangeKind.Modified, Previous: { } before } && MayHaveGrown(type, before, change.Object)) quota.Arrive(type, change.Object, before, now);
            quota.DueBy(now + wait);
        }
    }

    // What updates are charged for. Most changes of pods are of their status alone.
    private static bool MayHaveGrown(ResourceType type, StoredObject before, StoredObject after) =>
        type == ResourceTypes.Services || type == ResourceTypes.PersistentVolumeClaims || (type == ResourceTypes.Pods && before.Meta.Generation != after.Meta.Generation);

    private void Track(StoredObject o)
    {
        var view = ResourceQuotaView.Of(o);
        var now = _clock.GetUtcNow();
        if (!_quotas.TryGetValue(o.Key, out var tracked))
        {
            _quotas[o.Key] = tracked = new Tracked(o.Key, now, _order);
            if (!_byNamespace.TryGetValue(o.Key.Namespace, out var quotas)) _byNamespace[o.Key.Namespace] = quotas = [];
            quotas.Add(tracked);
        }
        tracked.View = view;
        tracked.Charges.See(view, now);
        tracked.DueBy(now + (IsCurrent(view) ? Settle : TimeSpan.Zero));
        foreach (var resource in view.SpecHard.Keys)
            if (QuotaItem.CountedType(resource) is { } type && IsServed(type)) Subscribe(type);
    }

    // A change of the status alone is a charge, whose object is on its way.
    private static bool IsCurrent(ResourceQuotaView quota) => quota.SpecHard.Count == quota.Hard.Count && quota.SpecHard.All(h => quota.Hard.TryGetValue(h.Key, out var hard) && hard == h.Value);

    private void Forget(ObjectKey key)
    {
        if (!_quotas.Remove(key, out var tracked)) return;
        _order.Remove((tracked.Due, key));
        var quotas = _byNamespace[key.Namespace];
        quotas.Remove(tracked);
        if (quotas.Count == 0) _byNamespace.Remove(key.Namespace);
    }

    private void Subscribe(ResourceType type)
    {
        if (_subscribed.Add(type)) _registries.Subscribe(type, Self);
    }

    private bool IsServed(ResourceType type) => _store.Catalog.Find(type) is { Namespaced: true, IsVirtual: false };

    private void Work()
    {
        if (_counting || _quotas.Count == 0) return;
        var now = _clock.GetUtcNow();
        var next = _quotas[_order.Min.Key];
        if (next.Due > now)
        {
            if (next.Due == _waitingFor && Timers.IsTimerActive(nameof(Due))) return;
            _waitingFor = next.Due;
            Timers.StartSingleTimer(nameof(Due), Due.Instance, next.Due - now + TimeSpan.FromMilliseconds(1));
            return;
        }
        _counting = true;
        next.Rest(now + Resync);
        CountAsync(next.Key, next.Charges.Arrived).PipeTo(Self);
    }

    /// <summary>Counts what is there after the quota's version was read, so that all that was charged long before is seen.</summary>
    private async Task<object> CountAsync(ObjectKey key, long arrived)
    {
        var quotas = await _registries.ConsistentAsync(ResourceTypes.ResourceQuotas).ConfigureAwait(false);
        if (quotas.Get(key) is not { Meta.Deleting: false } stored) return new Counted(key, null, ImmutableSortedDictionary<string, Quantity>.Empty, arrived);
        var quota = ResourceQuotaView.Of(stored);
        var objects = new List<(ResourceType, IEnumerable<StoredObject>)>();
        foreach (var type in quota.SpecHard.Keys.Select(QuotaItem.CountedType).OfType<ResourceType>().Distinct().Where(IsServed))
        {
            var informer = await _registries.ConsistentAsync(_store.SchemaOf(type).StoredAs).ConfigureAwait(false);
            objects.Add((type, informer.Objects.InNamespace(key.Namespace)));
        }
        return new Counted(key, quota, QuotaCount.Count(quota, objects, _clock.GetUtcNow()), arrived);
    }

    private void Handle(Counted counted)
    {
        _counting = false;
        if (counted.Quota is not { } quota || !_quotas.TryGetValue(counted.Key, out var tracked)) return;
        var now = _clock.GetUtcNow();
        tracked.Charges.See(quota, now);
        var inFlight = tracked.Charges.Since(now, counted.Arrived);
        var used = QuotaCount.Next(counted.Used, quota.Used, inFlight);
        // What a charge in flight explains now has to be explained by an object then.
        if (used.Any(u => u.Value != counted.Used[u.Key])) tracked.DueBy(now + Settle);
        if (IsCurrent(quota) && used.Count == quota.Used.Count && used.All(u => quota.Used.TryGetValue(u.Key, out var says) && says == u.Value)) return;
        _counting = true;
        var status = JsonTree.ToUtf8(QuotaCheck.Status(quota.SpecHard, used));
        _store.UpdateStatusAsync(ResourceTypes.ResourceQuotas, new StatusUpdate(quota.Key, status, quota.Source.Meta.Uid, quota.Source.Revision), AsController)
            .PipeTo(Self, success: result => new Written(counted.Key, result.Object, result.Error), failure: static e => new Status.Failure(e));
    }

    private void Handle(Written written)
    {
        _counting = false;
        if (!_quotas.TryGetValue(written.Key, out var tracked)) return;
        if (written.Object is { } o) tracked.Charges.SeeOwn(ResourceQuotaView.Of(o));
        else if (written.Error is { Reason: not "NotFound" }) tracked.DueBy(_clock.GetUtcNow() + Gather);
    }

    /// <summary>One quota, what it was charged lately, and when it is to be counted.</summary>
    private sealed class Tracked
    {
        private readonly SortedSet<(DateTimeOffset Due, ObjectKey Key)> _order;

        public Tracked(ObjectKey key, DateTimeOffset due, SortedSet<(DateTimeOffset Due, ObjectKey Key)> order)
        {
            (Key, Due, _order) = (key, due, order);
            _order.Add((due, key));
        }

        public ObjectKey Key { get; }
        public QuotaCharges Charges { get; } = new();

        /// <summary>The quota as it was last told.</summary>
        public ResourceQuotaView? View { get; set; }

        public DateTimeOffset Due { get; private set; }

        public void DueBy(DateTimeOffset at)
        {
            if (at < Due) Rest(at);
        }

        /// <summary>An object has come, or has changed, that the quota may count.</summary>
        public void Arrive(ResourceType type, StoredObject o, StoredObject? before, DateTimeOffset now)
        {
            if (View is not { } quota) return;
            var amounts = QuotaCount.Count(quota, [(type, [o])], now);
            if (before is null) Charges.Arrive(amounts, now);
            else
            {
                var former = QuotaCount.Count(quota, [(type, [before])], now);
                Charges.Arrive(amounts.ToDictionary(static a => a.Key, a => a.Value - former[a.Key]), now);
            }
        }

        public void Rest(DateTimeOffset until)
        {
            _order.Remove((Due, Key));
            Due = until;
            _order.Add((Due, Key));
        }
    }

    private sealed record Counted(ObjectKey Key, ResourceQuotaView? Quota, ImmutableSortedDictionary<string, Quantity> Used, long Arrived);

    private sealed record Written(ObjectKey Key, StoredObject? Object, ApiError? Error);

    private sealed class Due
    {
        public static readonly Due Instance = new();
    }
}
