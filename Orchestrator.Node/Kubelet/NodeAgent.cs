using System.Collections.Immutable;
using Akka.Actor;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Kinds.Events;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Volumes;

namespace Orchestrator.Node.Kubelet;

/// <summary>Everything of a node process: kubelets, their feed, their reports. One per process, for one node or many simulated ones.</summary>
public sealed class NodeAgent : IAsyncDisposable
{
    /// <summary>How often is looked whether a token in a volume has to be renewed.</summary>
    private static readonly TimeSpan TokenRound = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private readonly StatusReporter _statuses;
    private readonly PodEvents _events;
    private readonly ProbeRunner _probes;
    private readonly NodeFeed _feed;
    private readonly KubeletSettings _settings;
    private readonly LateConfigSource _config = new();
    private readonly PodOperations _operations;
    private readonly IRegistries _registries;
    private readonly TimeProvider _clock;
    private readonly string _data;
    private readonly PodTokens? _tokens;
    private Task _running = Task.CompletedTask;
    private ActorSystem? _system;
    private IActorRef? _keeper;

    public NodeAgent(IContainerRuntime runtime, IRegistries registries, KubeletSettings settings, string dataDirectory, TimeProvider clock, TokenRequests? tokens = null)
    {
        (_registries, _settings, _clock, _data, Runtime) = (registries, settings.For(runtime.Simulated), clock, Path.GetFullPath(dataDirectory), runtime);
        Directory.CreateDirectory(_data);
        _statuses = new StatusReporter(registries, clock, Environment.ProcessId);
        _events = new PodEvents(new EventRecorder(registries, clock, ""));
        _probes = new ProbeRunner(runtime);
        _feed = new NodeFeed(registries);
        IPodVolumes volumes = runtime.Simulated ? new NoVolumes() : new PodVolumes(_data, clock, _tokens = new PodTokens(tokens, registries, clock));
        _operations = new PodOperations(runtime, volumes, _config, _events, _probes, clock);
    }

    public IContainerRuntime Runtime { get; }

    /// <summary>The props of a node's kubelet: the entity of the shard region <c>kubelet</c>.</summary>
    public Props KubeletProps(NodeFacts facts)
    {
        var services = new KubeletServices
        {
            Operations = _operations,
            Events = _events,
            Settings = _settings,
            Feed = _feed,
            Statuses = _statuses,
            Clock = _clock,
            Place = new PodPlace(facts.Name, facts.Address, "")
            {
                AllocatableCpuMilli = facts.CpuMilli,
                AllocatableMemoryBytes = facts.MemoryBytes,
                AllocatableStorageBytes = facts.StorageBytes,
            },
        };
        var name = facts.Name;
        return Props.Create(() => new KubeletActor(name, services));
    }

    /// <summary>Joins the region of kubelets as the process of these nodes, has their kubelets run, registers the nodes and feeds them until this is disposed.</summary>
    /// <param name="process">The name of this process; that of its node, unless it simulates many.</param>
    /// <param name="registered">Called when all nodes are known to the control plane.</param>
    /// <returns>The region, and what completes when all kubelets run, or fails when another process has this one's name.</returns>
    public async Task<(IActorRef Region, Task Started)> StartAsync(
        ActorSystem system, string process, ImmutableArray<NodeFacts> nodes, Action registered)
    {
        var known = nodes.ToImmutableDictionary(n => n.Name, StringComparer.Ordinal);
        var region = await KubeletRegion.StartAsync(system, node => known.TryGetValue(node, out var facts)
            ? KubeletProps(facts)
            : Props.Create(() => new AbsentKubelet(node))).ConfigureAwait(false);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _system = system;
        _keeper = system.ActorOf(KubeletKeeper.Props([.. nodes.Select(n => new KubeletId(process, n.Name))], region, started), "kubelet-keeper");
        _running = RunAsync(nodes, registered);
        return (region, started.Task);
    }

    /// <summary>Registers the nodes and feeds the kubelets that have begun.</summary>
    private Task RunAsync(ImmutableArray<NodeFacts> nodes, Action registered)
    {
        var reporter = new NodeReporter(_registries, Runtime, _clock);
        return Task.WhenAll(
            KeepAsync(() => reporter.RunAsync(nodes, _data, registered, _stop.Token)),
            KeepAsync(() => _feed.RunAsync(_config, _stop.Token)),
            _tokens is null ? Task.CompletedTask : KeepAsync(() => RenewTokensAsync(_tokens)));
    }

    private async Task RenewTokensAsync(PodTokens tokens)
    {
        while (true)
        {
            await Task.Delay(TokenRound, _clock, _stop.Token).ConfigureAwait(false);
            foreach (var pod in tokens.Due()) _feed.Refresh(new ConfigChanged(ResourceTypes.ServiceAccounts, pod));
        }
    }

    // The control plane may be away for any reason and any time; a node goes on asking.
    private async Task KeepAsync(Func<Task> work)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await work().ConfigureAwait(false);
            }
            catch (Exception) when (!_stop.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), _clock, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        // A kubelet whose shard is handed over is not to be started again.
        if (_keeper is not null) _system!.Stop(_keeper);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _statuses.DisposeAsync().ConfigureAwait(false);
        _probes.Dispose();
        _stop.Dispose();
    }
}
