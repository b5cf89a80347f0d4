using System.Collections.Immutable;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Registry;

public sealed class InformerTests
{
    private readonly FakeHistory _history = new();
    private readonly Informer _informer;

    public InformerTests()
    {
        _informer = new Informer(TestObjects.ConfigMaps, _history);
        _informer.Reset([], 1);
    }

    [Fact]
    public async Task Watch_ChangesBehindThePosition_AreGivenInOrderWithWhatTheyReplaced()
    {
        Apply(Added("a", 2), Added("b", 3));
        Apply(Modified("a", 4));
        var cursor = _informer.Watch(2);

        var changes = await cursor.NextAsync(default);

        Assert.Equal([3L, 4L], changes!.Select(c => c.Object.Revision));
        Assert.Equal(2, changes![1].Previous!.Revision);
        Assert.Equal(4, cursor.Position);
    }

    [Fact]
    public async Task Watch_NothingYet_WaitsForTheNextCommit()
    {
        var next = _informer.Watch(1).NextAsync(default).AsTask();
        Assert.False(next.IsCompleted);

        Apply(Added("a", 2));

        Assert.Equal("a", Assert.Single((await next)!).Object.Key.Name);
    }

    [Fact]
    public async Task Watch_ReaderFarBehind_LosesNothing()
    {
        var cursor = _informer.Watch(1);
        for (var revision = 2; revision <= 3 * ChangeRing.CountMax; revision++)
        {
            Apply(revision == 2 ? Added("a", revision) : Modified("a", revision));
            _history.Changes.Add(new ObjectChange(ChangeKind.Modified, TestObjects.Stored("a", revision), null));
        }

        var seen = new List<long>();
        while (seen.Count < 3 * ChangeRing.CountMax - 1) seen.AddRange((await cursor.NextAsync(default))!.Select(c => c.Object.Revision));

        Assert.Equal(Enumerable.Range(2, 3 * ChangeRing.CountMax - 1).Select(i => (long)i), seen);
    }

    [Fact]
    public async Task Watch_BehindRetention_SaysSo()
    {
        _history.Retained = false;
        for (var revision = 2; revision <= ChangeRing.CountMax + 10; revision++) Apply(revision == 2 ? Added("a", revision) : Modified("a", revision));

        Assert.Null(await _informer.Watch(1).NextAsync(default));
    }

    [Fact]
    public async Task Reset_AfterAGap_GivesTheDifference()
    {
        Apply(Added("a", 2), Added("b", 3), Added("c", 4));
        var cursor = _informer.Watch(4);

        _informer.Reset([TestObjects.Stored("a", 2), TestObjects.Stored("b", 7), TestObjects.Stored("d", 6)], 9);

        var changes = await cursor.NextAsync(default);
        Assert.Equal([(ChangeKind.Added, "d", 6L), (ChangeKind.Modified, "b", 7L), (ChangeKind.Deleted, "c", 9L)],
            changes!.Select(c => (c.Kind, c.Object.Key.Name, c.Object.Revision)));
        Assert.Equal(9, _informer.Revision);
    }

    [Fact]
    public async Task WaitFor_AVersionToCome_CompletesWithIt()
    {
        var wait = _informer.WaitForAsync(3, default).AsTask();
        Apply(Added("a", 2));
        Assert.False(wait.IsCompleted);

        Apply(Added("b", 3));

        await wait;
    }

    private void Apply(params ObjectChange[] changes) => _informer.Apply(changes, changes[^1].Object.Revision);

    private static ObjectChange Added(string name, long revision) => new(ChangeKind.Added, TestObjects.Stored(name, revision), null);

    private static ObjectChange Modified(string name, long revision) => new(ChangeKind.Modified, TestObjects.Stored(name, revision), null);

    private sealed class FakeHistory : IChangeHistory
    {
        public List<ObjectChange> Changes { get; } = [];
        public bool Retained { get; set; } = true;

        public Task<IReadOnlyList<ObjectChange>?> ReadAsync(ResourceType type, long after, long through, int max, bool withPrevious, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<ObjectChange>?>(Retained
                ? [.. Changes.Where(c => c.Object.Revision > after && c.Object.Revision <= through).Take(max)]
                : null);

        public Task<long?> OldestAsync(ResourceType type, CancellationToken cancellationToken) => Task.FromResult<long?>(null);

        public Task<ImmutableArray<JournaledChange>> ChangesAsync(ResourceType type, long from, ObjectKey? key, CancellationToken cancellationToken) =>
            Task.FromResult(ImmutableArray<JournaledChange>.Empty);

        public Task<long?> RevisionAtAsync(ResourceType type, DateTimeOffset time, long through, CancellationToken cancellationToken) => Task.FromResult<long?>(null);

        public Task<StoredObject?> BackToAsync(ResourceType type, StoredObject newer, long revision, CancellationToken cancellationToken) => Task.FromResult<StoredObject?>(null);
    }
}
