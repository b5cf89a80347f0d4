using Akka.Persistence;
using Orchestrator.Actors.Registry;

namespace Orchestrator.Actors.Tests.Registry;

public sealed class RegistrySnapshotsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Snapshots_GoOnWhileATypeGrows_AndCostTheSamePerChange(bool growing)
    {
        const int Changes = 5000;
        var snapshots = new RegistrySnapshots("registry-x", new RegistrySettings { SnapshotAfterMin = 10, Retention = null, WaitingMax = 1 });
        var state = new RegistryState(TestObjects.ConfigMaps);
        state.AdvanceTo(state.Reserve());
        var written = 0;
        long last = 0;
        for (var i = 0; i < Changes; i++)
        {
            var name = growing ? $"o-{i / 3}" : "o";
            Apply(snapshots, state, name, $"{i}");
            for (var row = snapshots.Begin(state.Revision, state, DateTimeOffset.UnixEpoch); row is not null; row = snapshots.Saved(row.Metadata))
            {
                if (row.Snapshot is SnapshotPart part) written += part.Objects.Length;
                if (!snapshots.IsComplete(row.Metadata)) continue;
                last = state.Revision;
                break;
            }
        }
        Assert.True(last >= Changes / 4, $"the last snapshot was at {last}");
        Assert.True(written <= 3 * Changes, $"{written} objects were written for {Changes} changes");
    }

    [Fact]
    public void CreationsOfWhatIsStillThere_NeedNoSnapshot()
    {
        var snapshots = new RegistrySnapshots("registry-x", new RegistrySettings { SnapshotAfterMin = 10, Retention = null, WaitingMax = 1 });
        var state = new RegistryState(TestObjects.ConfigMaps);
        for (var i = 0; i < 100; i++)
        {
            Apply(snapshots, state, $"o-{i}", "");
            Assert.Null(snapshots.Begin(state.Revision, state, DateTimeOffset.UnixEpoch));
        }
        for (var i = 0; i < 100; i++) Apply(snapshots, state, $"o-{i}", $"{i}");
        Assert.NotNull(snapshots.Begin(state.Revision, state, DateTimeOffset.UnixEpoch));
    }

    private static void Apply(RegistrySnapshots snapshots, RegistryState state, string name, string data)
    {
        var key = TestObjects.Key(name);
        var change = state.Decide(state.Newest(key) is null ? TestObjects.Create(name) : new ReplaceObject(key, TestObjects.Json(key, data: data))).Event!;
        state.Apply(change);
        snapshots.Journaled(change);
    }
}
