using System.Collections.Concurrent;
using System.Collections.Immutable;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Admission;

/// <summary>A history that keeps everything, but for what a test takes away.</summary>
internal sealed class InMemoryHistory : IChangeHistory
{
    private readonly ConcurrentDictionary<ResourceType, List<JournaledChange>> _types = new();

    /// <summary>The time of the next changes.</summary>
    public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

    /// <summary>Versions up to here are no longer retained.</summary>
    public long ForgottenThrough { get; set; }

    public void Add(ResourceType type, IEnumerable<ObjectChange> changes) => Of(type).AddRange(changes.Select(c => new JournaledChange(c, Now)));

    public Task<IReadOnlyList<ObjectChange>?> ReadAsync(ResourceType type, long after, long through, int max, bool withPrevious, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ObjectChange>?>(after < ForgottenThrough
            ? null
            : [.. Of(type).Select(c => c.Change).Where(c => c.Object.Revision > after && c.Object.Revision <= through).Take(max)]);

    public Task<long?> OldestAsync(ResourceType type, CancellationToken cancellationToken) => Task.FromResult<long?>(ForgottenThrough);

    public Task<ImmutableArray<JournaledChange>> ChangesAsync(ResourceType type, long from, ObjectKey? key, CancellationToken cancellationToken) =>
        Task.FromResult(Of(type).Where(c => c.Change.Object.Revision >= from && (key is null || c.Change.Object.Key == key)).ToImmutableArray());

    public Task<long?> RevisionAtAsync(ResourceType type, DateTimeOffset time, long through, CancellationToken cancellationToken) =>
        Task.FromResult(Of(type).LastOrDefault(c => c.At <= time)?.Change.Object.Revision);

    public Task<StoredObject?> BackToAsync(ResourceType type, StoredObject newer, long revision, CancellationToken cancellationToken)
    {
        var at = newer;
        while (at is not null && at.Revision > revision) at = Of(type).Single(c => c.Change.Object.Revision == at.Revision).Change.Previous;
        return Task.FromResult(at);
    }

    private List<JournaledChange> Of(ResourceType type) => _types.GetOrAdd(type, static _ => []);
}
