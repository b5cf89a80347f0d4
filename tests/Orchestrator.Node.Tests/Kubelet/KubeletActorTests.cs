using System.Collections.Immutable;
using System.Text;
using System.Threading.Channels;
using Akka.Actor;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Runtime.Hollow;

namespace Orchestrator.Node.Tests.Kubelet;

public sealed class KubeletActorTests
{
    private const string Pod = """{"name":"main","image":"any:1"}""";

    private CancellationToken Token { get; } = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    [Fact]
    public async Task Kubelet_RunsWhatIsBoundToItsNode_AndRemovesWhatIsDeleted()
    {
        var runtime = new HollowContainerRuntime(TimeProvider.System);
        var registries = new CapturingRegistries();
        var data = Directory.CreateTempSubdirectory("kubelet").FullName;
        var system = ActorSystem.Create("kubelet");
        await using (var agent = new NodeAgent(runtime, registries, data, TimeProvider.System))
        {
            var facts = new NodeFacts
            {
                Name = "node-1",
                Address = "192.0.2.1",
                CpuMilli = 1000,
                MemoryBytes = 1 << 30,
                StorageBytes = 1 << 30,
                RuntimeVersion = "hollow://1",
                KubeletVersion = "v1",
            };
            var kubelet = system.ActorOf(agent.KubeletProps(facts), "node-1");
            kubelet.Tell(new NodePodsListed([Stored(WorkerBench.PodJson(Pod), 1)]));

            while (!(await NextAsync<ReplaceStatus>(registries)).Contains("\"phase\":\"Running\"", StringComparison.Ordinal))
            {
            }
            var found = await kubelet.Ask<ContainerFound>(new FindContainer(new ObjectKey("default", "web"), ""), TimeSpan.FromSeconds(30));
            Assert.NotNull(found.Id);

            var deleted = WorkerBench.PodJson(Pod, "", ""","deletionTimestamp":"2026-01-02T03:04:35Z","deletionGracePeriodSeconds":30""");
            kubelet.Tell(new NodePodChanged(Stored(deleted, 2), Deleted: false));
            await NextAsync<RemoveObject>(registries);
            Assert.Empty(await runtime.ListContainersAsync("node-1", null, Token));
        }
        await system.Terminate();
        Directory.Delete(data, recursive: true);
    }

    private static StoredObject Stored(string json, long revision) => new(new ObjectKey("default", "web"), revision, Encoding.UTF8.GetBytes(json));

    private async Task<string> NextAsync<T>(CapturingRegistries registries)
    {
        while (true)
        {
            var write = await registries.Writes.Reader.ReadAsync(Token);
            if (write is T) return write is ReplaceStatus status ? Encoding.UTF8.GetString(status.Status.Span) : "";
        }
    }

    private sealed class CapturingRegistries : IRegistries, IChangeHistory
    {
        public IChangeHistory History => this;

        public Channel<ObjectWrite> Writes { get; } = Channel.CreateUnbounded<ObjectWrite>();

        public Task<ImmutableArray<WriteResult>> WriteAsync(
            ResourceType type, ImmutableArray<ObjectWrite> writes, CancellationToken cancellationToken = default)
        {
            foreach (var write in writes) Writes.Writer.TryWrite(write);
            return Task.FromResult(writes.Select(_ => default(WriteResult)).ToImmutableArray());
        }

        public ValueTask<Informer> InformerAsync(ResourceType type, CancellationToken cancellationToken = default) => ValueTask.FromResult(new Informer(type, this));

        public ValueTask<Informer> ConsistentAsync(ResourceType type, CancellationToken cancellationToken = default) => InformerAsync(type, cancellationToken);

        public Task<IReadOnlyList<ObjectChange>?> ReadAsync(ResourceType type, long after, long through, int max, bool withPrevious, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<ObjectChange>?>([]);

        public Task<ImmutableArray<JournaledChange>> ChangesAsync(ResourceType type, long from, ObjectKey? key, CancellationToken cancellationToken) =>
            Task.FromResult(ImmutableArray<JournaledChange>.Empty);

        public Task<long?> RevisionAtAsync(ResourceType type, DateTimeOffset time, long through, CancellationToken cancellationToken) => Task.FromResult<long?>(null);

        public Task<StoredObject?> BackToAsync(ResourceType type, StoredObject newer, long revision, CancellationToken cancellationToken) => Task.FromResult<StoredObject?>(null);
    }
}
