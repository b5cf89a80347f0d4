using System.Globalization;
using System.Net;
using Akka.Actor;
using Akka.Event;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Kinds.Endpoints;
using Orchestrator.Actors.Kinds.EndpointSlices;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.Processes;

/// <summary>Tells the cluster that the API server of this process is there, and keeps the Service <c>kubernetes</c> leading to all of them.</summary>
/// <remarks>
/// Each server renews a lease of its own; whose lease has run out is no endpoint any more. All servers publish the same, so it does not
/// matter which of them does. Source: kube-apiserver, pkg/controlplane/controller/apiserverleasegc and kubernetesservice.
/// </remarks>
internal sealed class ApiServerPresence : UntypedActor, IWithTimers
{
    private const string LeaseNamespace = "kube-system", IdentityLabel = "apiserver.kubernetes.io/identity", Identity = "kube-apiserver";
    private static readonly ObjectKey Service = new("default", ApiServerEndpoints.Name);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>How long a server counts as present without a word of it (seconds).</summary>
    private const int LeaseSeconds = 30;

    private readonly ResourceStore _store;
    private readonly IPEndPoint _self;
    private readonly TimeProvider _clock;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public ApiServerPresence(ResourceStore store, IPEndPoint self, TimeProvider clock)
    {
        _store = store;
        _self = self;
        _clock = clock;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Self.Tell(Tick.Instance);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tick: PublishAsync().PipeTo(Self, success: static () => Done.Instance, failure: static e => new Status.Failure(e)); break;
            case Done: Timers.StartSingleTimer(nameof(Tick), Tick.Instance, Interval); break;
            case Status.Failure failure:
                _log.Warning("The endpoints of the API servers could not be written: {0}", failure.Cause.Message);
                Timers.StartSingleTimer(nameof(Tick), Tick.Instance, Interval);
                break;
            default: Unhandled(message); break;
        }
    }

    private async Task PublishAsync()
    {
        if (await _store.GetAsync(ResourceTypes.Services, Service).ConfigureAwait(false) is null)
            await _store.CreateAsync(_store.SchemaOf(ResourceTypes.Services), Service.Namespace, BootstrapObjects.KubernetesService(_store.ServiceRanges.ApiServerAddress, _self.Port)).ConfigureAwait(false);
        await RenewAsync().ConfigureAwait(false);
        var servers = await ServersAsync().ConfigureAwait(false);
        await PutAsync(ResourceTypes.Endpoints, Service.Name, new JsonObject { ["subsets"] = ApiServerEndpoints.Subsets(servers) },
            new Dictionary<string, string> { [MirroringReconciler.SkipLabel] = "true" }).ConfigureAwait(false);
        var slices = ApiServerEndpoints.Slices(servers);
        var labels = new Dictionary<string, string> { [EndpointSliceReconciler.ServiceLabel] = Service.Name };
        foreach (var (name, slice) in slices) await PutAsync(ResourceTypes.EndpointSlices, name, slice, labels).ConfigureAwait(false);
        var informer = await _store.Registries.ConsistentAsync(ResourceTypes.EndpointSlices).ConfigureAwait(false);
        var left = informer.Objects.InNamespace(Service.Namespace).Where(o => o.Meta.Controller is null && !slices.ContainsKey(o.Key.Name)
            && o.Meta.Labels.GetValueOrDefault(EndpointSliceReconciler.ServiceLabel) == Service.Name).Select(static o => new DeleteTarget(o.Key, o.Meta.Uid)).ToList();
        if (left.Count > 0) await _store.DeleteManyAsync(ResourceTypes.EndpointSlices, left).ConfigureAwait(false);
    }

    private async Task RenewAsync()
    {
        var schema = _store.SchemaOf(ResourceTypes.Leases);
        var key = new ObjectKey(LeaseNamespace, string.Create(CultureInfo.InvariantCulture,
            $"apiserver-{_self.Address.ToString().Replace(':', '-').Replace('.', '-')}-{_self.Port}"));
        var now = _clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
        var renewed = await _store.PatchAsync(schema, key, tree =>
        {
            JsonTree.Ensure(tree, "spec")["renewTime"] = now;
            return (tree, null);
        }).ConfigureAwait(false);
        if (renewed.Error is not { Reason: "NotFound" }) return;
        await _store.CreateAsync(schema, key.Namespace, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace, ["labels"] = new JsonObject { [IdentityLabel] = Identity } },
            ["spec"] = new JsonObject { ["holderIdentity"] = _self.ToString(), ["leaseDurationSeconds"] = LeaseSeconds, ["acquireTime"] = now, ["renewTime"] = now },
        }).ConfigureAwait(false);
    }

    private async Task<List<IPEndPoint>> ServersAsync()
    {
        var informer = await _store.Registries.ConsistentAsync(ResourceTypes.Leases).ConfigureAwait(false);
        var servers = new List<IPEndPoint> { _self };
        var expired = new List<DeleteTarget>();
        foreach (var lease in informer.Objects.InNamespace(LeaseNamespace))
        {
            if (lease.Meta.Labels.GetValueOrDefault(IdentityLabel) != Identity) continue;
            var spec = lease.ToTree()["spec"];
            var alive = DateTimeOffset.TryParse((string?)spec?["renewTime"], CultureInfo.InvariantCulture, out var at)
                && at.AddSeconds((int?)spec["leaseDurationSeconds"] ?? 0) > _clock.GetUtcNow();
            if (!alive) expired.Add(new DeleteTarget(lease.Key, lease.Meta.Uid));
            else if (IPEndPoint.TryParse((string?)spec?["holderIdentity"] ?? "", out var server)) servers.Add(server);
        }
        if (expired.Count > 0) await _store.DeleteManyAsync(ResourceTypes.Leases, expired).ConfigureAwait(false);
        return servers;
    }

    // A server that listens on the loopback address alone, as for trying things out, is reached there by what runs beside it, but
    // validation rightly refuses such an address to everybody else: that goes straight to the registry.
    private async Task PutAsync(ResourceType type, string name, JsonObject content, Dictionary<string, string> labels)
    {
        var schema = _store.SchemaOf(type);
        var key = Service with { Name = name };
        var stored = await _store.GetAsync(type, key).ConfigureAwait(false);
        var tree = stored?.ToTree() ?? new JsonObject
        {
            ["apiVersion"] = schema.ApiVersion,
            ["kind"] = schema.Kind,
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = key.Namespace },
        };
        var meta = JsonTree.Ensure(tree, "metadata");
        if (stored is null) ObjectStrategy.PrepareForCreate(schema, tree, key.Namespace, new RandomIdentitySource().NewUid(), _clock.GetUtcNow(), Random.Shared);
        foreach (var (label, value) in labels) JsonTree.Ensure(meta, "labels")[label] = value;
        foreach (var (field, value) in content) tree[field] = value?.DeepClone();
        if (stored is not null && JsonTree.DeepEquals(tree, stored.ToTree())) return;
        meta.Remove("resourceVersion");
        var json = UncommittedJson.From(tree);
        ObjectWrite write = stored is null ? new CreateObject(key, json) : new ReplaceObject(key, json, stored.Meta.Uid, stored.Revision);
        var result = (await (IPAddress.IsLoopback(_self.Address)
            ? _store.Registries.WriteAsync(type, [write])
            : _store.WriteAsync(type, [write], static _ => UserInfo.ApiServer)).ConfigureAwait(false))[0];
        // Another server was faster; the next round sees what it wrote.
        if (result.Error is { Reason: not ("Conflict" or "AlreadyExists" or "NotFound") } error) throw new InvalidOperationException(error.Message);
    }

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }

    private sealed class Done
    {
        public static readonly Done Instance = new();
    }
}
