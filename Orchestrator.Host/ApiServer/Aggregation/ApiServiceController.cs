using Microsoft.Extensions.Logging;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.ApiServices;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer.Aggregation;

/// <summary>Keeps APIServices: makes those of what is served here, tells of each whether it is available, and reads the documents of other servers.</summary>
/// <remarks>
/// Every API server does so for itself, as its own way to another server counts; they agree or the last one to look is believed.
/// Source: kube-aggregator, autoregister and availability controllers.
/// </remarks>
internal sealed partial class ApiServiceController(
    ResourceStore store, RemoteApis remotes, AggregatedDocuments documents, BackendClient backends, AuthenticationConfigMap trust, TimeProvider clock, ILogger logger)
{
    /// <summary>How often a server that answers is asked again. Source: kube-aggregator, resyncPeriod of the available controller.</summary>
    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(30);

    /// <summary>How soon a server that does not is asked again, at first; doubled each time, up to <see cref="Recheck"/>.</summary>
    private static readonly TimeSpan RetryMin = TimeSpan.FromMilliseconds(200);

    /// <summary>Least time between two looks, however much changes.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<ObjectKey, Entry> _entries = [];

    /// <summary>Goes on until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var started = false;
        var delay = RetryMin;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var apiServices = await store.Registries.InformerAsync(ResourceTypes.ApiServices, cancellationToken).ConfigureAwait(false);
                remotes.Follow(apiServices);
                var definitions = await store.Registries.InformerAsync(ResourceTypes.CustomResourceDefinitions, cancellationToken).ConfigureAwait(false);
                if (!started)
                {
                    await store.Registries.ConsistentAsync(ResourceTypes.ApiServices, cancellationToken).ConfigureAwait(false);
                    await EnsureBuiltInAsync(apiServices, cancellationToken).ConfigureAwait(false);
                    started = true;
                }
                await FollowAsync(apiServices, definitions, () => delay = RetryMin, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailure(logger, e);
            }
            await Task.Delay(delay, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = delay * 2 < Recheck ? delay * 2 : Recheck;
        }
    }

    private async Task FollowAsync(Informer apiServices, Informer definitions, Action wentWell, CancellationToken cancellationToken)
    {
        var trusted = false;
        ObjectIndex? registered = null, defined = null;
        while (true)
        {
            var (all, custom) = (apiServices.Objects, definitions.Objects);
            // Ways to other servers are followed only where there are such servers: in a large cluster they change all the time.
            Informer[] ways = remotes.All.Count == 0 ? [] :
            [
                await store.Registries.InformerAsync(ResourceTypes.Services, cancellationToken).ConfigureAwait(false),
                await store.Registries.InformerAsync(ResourceTypes.EndpointSlices, cancellationToken).ConfigureAwait(false),
            ];
            (Informer Informer, long Seen)[] followed = [(apiServices, all.Revision), (definitions, custom.Revision), .. ways.Select(static w => (w, w.Revision))];
            trusted = trusted || await trust.PublishAsync(cancellationToken).ConfigureAwait(false);
            if (!ReferenceEquals(all, registered) || !ReferenceEquals(custom, defined)) await RegisterAsync(all, custom, cancellationToken).ConfigureAwait(false);
            (registered, defined) = (all, custom);
            var next = await CheckAsync(all, cancellationToken).ConfigureAwait(false);
            wentWell();
            if (!trusted && next > RetryMin) next = RetryMin;

            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            List<Task> changes = [.. followed.Select(f => f.Informer.WaitForAsync(f.Seen + 1, waiting.Token).AsTask())];
            if (next < TimeSpan.MaxValue) changes.Add(Task.Delay(next, clock, waiting.Token));
            await Task.WhenAny(changes).ConfigureAwait(false);
            await waiting.CancelAsync().ConfigureAwait(false);
            await Task.Delay(Pause, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task EnsureBuiltInAsync(Informer apiServices, CancellationToken cancellationToken)
    {
        var missing = new List<JsonObject>();
        foreach (var wanted in LocalApiServices.BuiltIn(store.Catalog))
        {
            if (apiServices.Get(KeyOf(wanted)) is not { } stored) missing.Add(wanted);
            else if (stored.Meta.Labels.ContainsKey(ApiServiceView.ManagedLabel)) await CorrectAsync(stored, wanted, cancellationToken).ConfigureAwait(false);
        }
        await CreateAsync(missing, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes, corrects and removes what stands for custom resources.</summary>
    private async Task RegisterAsync(ObjectIndex services, ObjectIndex definitions, CancellationToken cancellationToken)
    {
        var wanted = LocalApiServices.OfDefinitions(definitions.EnumerateFrom().Select(static d => d.ToTree())).ToDictionary(KeyOf);
        var obsolete = new List<DeleteTarget>();
        foreach (var stored in services.EnumerateFrom())
        {
            var managed = stored.Meta.Labels.GetValueOrDefault(ApiServiceView.ManagedLabel);
            if (wanted.Remove(stored.Key, out var tree))
            {
                if (managed is not null) await CorrectAsync(stored, tree, cancellationToken).ConfigureAwait(false);
            }
            else if (managed == LocalApiServices.Always) obsolete.Add(new DeleteTarget(stored.Key, stored.Meta.Uid));
        }
        await CreateAsync([.. wanted.Values], cancellationToken).ConfigureAwait(false);
        if (obsolete.Count > 0) await store.DeleteManyAsync(ResourceTypes.ApiServices, obsolete, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    // Another server may make them at the same time, which is as good.
    private async Task CreateAsync(List<JsonObject> trees, CancellationToken cancellationToken)
    {
        if (trees.Count > 0) await store.CreateManyAsync(ResourceTypes.ApiServices, trees, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    private async Task CorrectAsync(StoredObject stored, JsonObject wanted, CancellationToken cancellationToken)
    {
        if (JsonTree.DeepEquals(stored.ToTree()["spec"], wanted["spec"])) return;
        await store.PatchAsync(store.SchemaOf(ResourceTypes.ApiServices), stored.Key, tree =>
        {
            tree["spec"] = wanted["spec"]!.DeepClone();
            return (tree, null);
        }, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Looks at what is due and writes what is new; returns how long nothing else will be.</summary>
    private async Task<TimeSpan> CheckAsync(ObjectIndex services, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var checks = new List<Task<StatusUpdate?>>();
        var present = new HashSet<ObjectKey>();
        foreach (var stored in services.EnumerateFrom())
        {
            var view = stored.View(ApiServiceView.Parse);
            if (view.Service is null)
            {
                if (ApiServiceCondition.Local.StatusFor(stored.ToTree(), view.Available, now) is { } status) checks.Add(Task.FromResult<StatusUpdate?>(UpdateOf(stored, status)));
                continue;
            }
            present.Add(stored.Key);
            if (!_entries.TryGetValue(stored.Key, out var entry)) _entries[stored.Key] = entry = new Entry(new BackendProbe(backends, store.Registries));
            var basis = (view with { Available = null }, stored.Meta.Uid, await entry.Probe.WayAsync(view, cancellationToken).ConfigureAwait(false));
            if (entry.Due > now && entry.Basis == basis) continue;
            entry.Basis = basis;
            checks.Add(ProbeAsync(stored, view, entry, cancellationToken));
        }
        foreach (var gone in _entries.Keys.Where(k => !present.Contains(k)).ToList()) _entries.Remove(gone);
        var updates = (await Task.WhenAll(checks).ConfigureAwait(false)).Where(static u => u is not null).Select(static u => u!).ToList();
        Publish(services);
        if (updates.Count > 0) await store.UpdateStatusManyAsync(ResourceTypes.ApiServices, updates, cancellationToken: cancellationToken).ConfigureAwait(false);
        if (_entries.Count == 0) return TimeSpan.MaxValue;
        var next = _entries.Values.Min(static e => e.Due) - clock.GetUtcNow();
        return next > TimeSpan.Zero ? next : TimeSpan.Zero;
    }

    private async Task<StatusUpdate?> ProbeAsync(StoredObject stored, ApiServiceView view, Entry entry, CancellationToken cancellationToken)
    {
        var condition = await entry.Probe.CheckAsync(view, cancellationToken).ConfigureAwait(false);
        var now = clock.GetUtcNow();
        var wait = condition.IsTrue ? Recheck : RetryMin * Math.Pow(2, Math.Min(entry.Failures, 10));
        entry.Failures = condition.IsTrue ? 0 : entry.Failures + 1;
        entry.Due = now + (wait < Recheck ? wait : Recheck);
        return condition.StatusFor(stored.ToTree(), view.Available, now) is { } status ? UpdateOf(stored, status) : null;
    }

    private void Publish(ObjectIndex services)
    {
        var apis = _entries.Select(e => (View: services.Get(e.Key)?.View(ApiServiceView.Parse), e.Value.Probe)).Where(static e => e.View is not null).ToList();
        documents.Set([.. apis.Select(static e => e.Probe.Version(e.View!))], [.. apis.Select(static e => e.Probe.OpenApi(e.View!))]);
    }

    private static StatusUpdate UpdateOf(StoredObject stored, byte[] status) => new(stored.Key, status, stored.Meta.Uid, stored.Revision);

    private static ObjectKey KeyOf(JsonObject tree) => new("", JsonTree.String(JsonTree.Object(tree, "metadata"), "name")!);

    [LoggerMessage(Level = LogLevel.Error, Message = "APIServices could not be kept; trying again")]
    private static partial void LogFailure(ILogger logger, Exception exception);

    private sealed class Entry(BackendProbe probe)
    {
        public BackendProbe Probe { get; } = probe;
        public DateTimeOffset Due { get; set; }

        /// <summary>What the last check went by: with anything of it changed, another is due.</summary>
        public (ApiServiceView Spec, string Uid, int Way)? Basis { get; set; }

        public int Failures { get; set; }
    }
}
