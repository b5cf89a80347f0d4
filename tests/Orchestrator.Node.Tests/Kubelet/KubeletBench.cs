using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Akka.Actor;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Serialization;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Runtime.Hollow;

namespace Orchestrator.Node.Tests.Kubelet;

/// <summary>A node whose process can be ended and started again: the runtime's containers and the journal's file outlive it.</summary>
internal sealed class KubeletBench : IAsyncDisposable
{
    public const string NodeName = "node-1";
    public static readonly KubeletId Id = new(NodeName, NodeName);
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(2);
    public static readonly ObjectKey Key = new("default", "web");
    private const string Container = """{"name":"main","image":"any:1"}""";

    /// <summary>A role and sharding for the region; a kubelet alone does not look at them.</summary>
    private const string Configuration = """
        akka {
          loglevel = WARNING
          actor {
            provider = cluster
            serializers.orchestrator = "Orchestrator.Actors.Serialization.OrchestratorSerializer, Orchestrator.Actors"
            serialization-bindings { "Orchestrator.Actors.Serialization.IWireMessage, Orchestrator.Actors" = orchestrator }
            serialization-identifiers { "Orchestrator.Actors.Serialization.OrchestratorSerializer, Orchestrator.Actors" = 7701 }
          }
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
          cluster {
            roles = [node, node-name-node-1]
            sharding { retry-interval = 200 ms, passivate-idle-entity-after = off }
          }
          persistence.journal.kubelet {
            class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
            provider-name = "SQLite.MS"
            connection-string = "Data Source=FILE"
          }
          persistence.journal.gated.class = "Orchestrator.Node.Tests.Kubelet.GatedJournal, Orchestrator.Node.Tests"
          persistence.snapshot-store.kubelet {
            class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql"
            provider-name = "SQLite.MS"
            connection-string = "Data Source=FILE"
          }
        }
        """;

    private readonly string _data = Directory.CreateTempSubdirectory("kubelet").FullName;
    private readonly KubeletSettings _settings;
    private bool _agentLeft;

    /// <param name="journal">The journal, by the last part of its plugin's id.</param>
    public KubeletBench(string journal = "kubelet", int snapshotAfterMin = 1000, IContainerRuntime? runtime = null)
    {
        Runtime = runtime ?? new HollowContainerRuntime(TimeProvider.System);
        var (plugin, snapshots) = ($"akka.persistence.journal.{journal}", "akka.persistence.snapshot-store.kubelet");
        _settings = new KubeletSettings
        {
            JournalPluginId = plugin,
            SnapshotPluginId = snapshots,
            SimulatedJournalPluginId = plugin,
            SimulatedSnapshotPluginId = snapshots,
            SnapshotAfterMin = snapshotAfterMin,
            SnapshotAfterPerPod = 1,
        };
        Start();
    }

    public IContainerRuntime Runtime { get; }

    public CapturingRegistries Registries { get; } = new();

    public ActorSystem System { get; private set; } = null!;

    public NodeAgent Agent { get; private set; } = null!;

    public static NodeFacts Facts { get; } = new()
    {
        Name = NodeName,
        Address = "192.0.2.1",
        CpuMilli = 1000,
        MemoryBytes = 1 << 30,
        StorageBytes = 1 << 30,
        RuntimeVersion = "hollow://1",
        KubeletVersion = "v1",
    };

    [ModuleInitializer]
    internal static void AddCodecs() => OrchestratorSerializer.Extensions.AddRange(KubeletCodecs.All);

    /// <summary>The kubelet without a region.</summary>
    public IActorRef StartKubelet() => System.ActorOf(Agent.KubeletProps(Facts));

    public static StoredObject Pod(long revision, string uid = "u-1", string metadata = "") => new(Key, revision, Encoding.UTF8.GetBytes(
        WorkerBench.PodJson(Container, "", string.Create(CultureInfo.InvariantCulture, $",\"resourceVersion\":\"{revision}\"{metadata}"))
            .Replace("u-1", uid, StringComparison.Ordinal)));

    public static StoredObject Deleted(long revision) =>
        Pod(revision, metadata: ""","deletionTimestamp":"2026-01-02T03:04:35Z","deletionGracePeriodSeconds":30""");

    /// <summary>Waits until the pods that the kubelet tells about are as expected.</summary>
    public static async Task<KubeletPods> UntilAsync(ICanTell kubelet, Predicate<KubeletPods> expected)
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (true)
        {
            timeout.Token.ThrowIfCancellationRequested();
            try
            {
                var pods = await kubelet.Ask<KubeletPods>(new GetKubeletPods(Id), AskAgainAfter);
                if (expected(pods)) return pods;
            }
            catch (AskTimeoutException)
            {
                // It was asked while it ended, or begins.
            }
        }
    }

    /// <summary>Waits until the container of the pod runs, as the journal has it.</summary>
    public static Task<KubeletPods> UntilRunningAsync(ICanTell kubelet) =>
        UntilAsync(kubelet, p => p.Pods is [{ Containers: [{ ExitCode: null }] }]);

    /// <summary>The next write of a kind; of a status its text.</summary>
    public async Task<string> NextAsync<T>()
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (true)
        {
            var write = await Registries.Writes.Reader.ReadAsync(timeout.Token);
            if (write is T) return write is ReplaceStatus status ? Encoding.UTF8.GetString(status.Status.Span) : "";
        }
    }

    /// <summary>Ends the process without any leave-taking, and starts it again.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        Start();
    }

    /// <summary>Ends the process as one does that leaves the cluster.</summary>
    public async Task LeaveAsync()
    {
        await LeaveAgentAsync();
        await CoordinatedShutdown.Get(System).Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance).WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_data, recursive: true);
    }

    private void Start()
    {
        System = ActorSystem.Create("kubelet", Configuration.Replace("FILE", Path.Combine(_data, "kubelet.db"), StringComparison.Ordinal));
        _agentLeft = false;
        Agent = new NodeAgent(Runtime, Registries, _settings, _data, TimeProvider.System);
    }

    private async Task StopAsync()
    {
        await System.Terminate();
        await LeaveAgentAsync();
    }

    private async Task LeaveAgentAsync()
    {
        if (_agentLeft) return;
        _agentLeft = true;
        await Agent.DisposeAsync();
    }
}
