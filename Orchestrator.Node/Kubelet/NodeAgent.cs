using System.Collections.Immutable;
using Akka.Actor;
using Orchestrator.Actors.Registry;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Volumes;

namespace Orchestrator.Node.Kubelet;

/// <summary>Everything of a node process: kubelets, their feed, their reports. One per process, for one node or many simulated ones.</summary>
public sealed class NodeAgent : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly StatusReporter _statuses;
    private readonly EventRecorder _events;
    private readonly ProbeRunner _probes;
    private readonly IPodRunJournal _journal;
    private readonly LateConfigSource _config = new();
    private readonly PodOperations _operations;
    private readonly IRegistries _registries;
    private readonly TimeProvider _clock;
    private readonly string _data;
    private Task _running = Task.CompletedTask;

    public NodeAgent(IContainerRuntime runtime, IRegistries registries, string dataDirectory, TimeProvider clock)
    {
        (_registries, _clock, _data, Runtime) = (registries, clock, Path.GetFullPath(dataDirectory), runtime);
        Directory.CreateDirectory(_data);
        _statuses = new StatusReporter(registries, clock, Environment.ProcessId);
        _events = new EventRecorder(registries, clock);
        _probes = new ProbeRunner(runtime);
        _journal = runtime.Simulated ? new NoJournal() : new FilePodRunJournal(_data);
        IPodVolumes volumes = runtime.Simulated ? new NoVolumes() : new PodVolumes(_data, clock);
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
            Journal = _journal,
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

    /// <summary>Registers the nodes and feeds their kubelets until this is disposed.</summary>
    /// <param name="registered">Called when all nodes are known to the control plane.</param>
    public void Start(ImmutableArray<NodeFacts> nodes, ImmutableDictionary<string, IActorRef> kubelets, Action registered)
    {
        var reporter = new NodeReporter(_registries, Runtime, _clock);
        _running = Task.WhenAll(
            KeepAsync(() => reporter.RunAsync(nodes, _data, registered, _stop.Token)),
            KeepAsync(() => new NodeFeed(_registries).RunAsync(kubelets, _config, _stop.Token)));
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
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _statuses.DisposeAsync().ConfigureAwait(false);
        await _events.DisposeAsync().ConfigureAwait(false);
        _probes.Dispose();
        _stop.Dispose();
    }
}
