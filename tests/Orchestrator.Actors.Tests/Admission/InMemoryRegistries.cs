using System.Collections.Concurrent;
using System.Collections.Immutable;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Admission;

/// <summary>Registries without actors and journals: every write is decided and committed at once, by the production state.</summary>
internal sealed class InMemoryRegistries : IRegistries
{
    private readonly ConcurrentDictionary<ResourceType, Entry> _types = new();

    /// <summary>Called before each batch; lets a test write in between or refuse.</summary>
    public Func<ResourceType, ImmutableArray<ObjectWrite>, ApiError?>? BeforeWrite { get; set; }

    /// <summary>All changes there were.</summary>
    public InMemoryHistory Past { get; } = new();

    public IChangeHistory History => Past;

    public IEnumerable<Informer> Informers => _types.Values.Select(static e => e.Informer);

    /// <summary>How many batches were written.</summary>
    public int Batches;

    public Task<ImmutableArray<WriteResult>> WriteAsync(ResourceType type, ImmutableArray<ObjectWrite> writes, CancellationToken cancellationToken = default)
    {
        if (BeforeWrite?.Invoke(type, writes) is { } error) return Task.FromResult(writes.Select(_ => new WriteResult(null, error)).ToImmutableArray());
        Interlocked.Increment(ref Batches);
        var entry = Of(type);
        lock (entry)
        {
            var results = ImmutableArray.CreateBuilder<WriteResult>();
            var changes = new List<ObjectChange>();
            foreach (var write in writes)
            {
                var decision = entry.State.Decide(write);
                results.Add(decision.Result);
                if (decision.Event is { } e) changes.Add(entry.State.Apply(e));
            }
            Past.Add(type, changes);
            if (changes.Count > 0) entry.Informer.Apply(changes, entry.State.Revision);
            return Task.FromResult(results.ToImmutable());
        }
    }

    public ValueTask<Informer> InformerAsync(ResourceType type, CancellationToken cancellationToken = default) => ValueTask.FromResult(Of(type).Informer);

    public ValueTask<Informer> ConsistentAsync(ResourceType type, CancellationToken cancellationToken = default) => ValueTask.FromResult(Of(type).Informer);

    private Entry Of(ResourceType type) => _types.GetOrAdd(type, static (t, self) => new Entry(t, self.Past), this);

    private sealed class Entry
    {
        public Entry(ResourceType type, IChangeHistory history)
        {
            State = new RegistryState(type);
            State.AdvanceTo(State.Reserve());
            Informer = new Informer(type, history);
            Informer.Reset([], State.Revision);
        }

        public RegistryState State { get; }
        public Informer Informer { get; }
    }
}
