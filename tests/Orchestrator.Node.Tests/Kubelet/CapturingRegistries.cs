using System.Collections.Immutable;
using System.Threading.Channels;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Node.Tests.Kubelet;

/// <summary>Registries that have nothing and keep what is written to them.</summary>
internal sealed class CapturingRegistries : IRegistries, IChangeHistory
{
    public IChangeHistory History => this;

    public IEnumerable<Informer> Informers => [];

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

    public Task<long?> OldestAsync(ResourceType type, CancellationToken cancellationToken) => Task.FromResult<long?>(0);

    public Task<ImmutableArray<JournaledChange>> ChangesAsync(ResourceType type, long from, ObjectKey? key, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<JournaledChange>.Empty);

    public Task<long?> RevisionAtAsync(ResourceType type, DateTimeOffset time, long through, CancellationToken cancellationToken) => Task.FromResult<long?>(null);

    public Task<StoredObject?> BackToAsync(ResourceType type, StoredObject newer, long revision, CancellationToken cancellationToken) => Task.FromResult<StoredObject?>(null);
}
