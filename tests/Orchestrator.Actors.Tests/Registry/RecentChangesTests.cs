using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Registry;

public sealed class RecentChangesTests
{
    private readonly RecentChanges _recent = new();
    private long _revision = 1;

    public RecentChangesTests() => _recent.Restart(1);

    [Theory]
    [InlineData(3, RecentChanges.Min)]
    [InlineData(500, 500)]
    [InlineData(1_000_000, RecentChanges.Max)]
    public void Since_ReachesBackAsFarAsThereAreObjects(int objects, int kept)
    {
        for (var i = 0; i < RecentChanges.Max + 100; i++) Add(objects, "x");

        Assert.Null(_recent.Since(_revision - kept - 1));
        Assert.Equal(kept, _recent.Since(_revision - kept)!.Value.Length);
    }

    [Fact]
    public void Since_OfLargeObjects_KeepsNoMoreBytesThanItMay()
    {
        for (var i = 0; i < 20; i++) Add(1000, new string('x', 1 << 20));

        Assert.Null(_recent.Since(_revision - 9));
        Assert.Equal(7, _recent.Since(_revision - 7)!.Value.Length);
    }

    private void Add(int objects, string data) =>
        _recent.Add(new ObjectChange(ChangeKind.Modified, TestObjects.Stored("a", ++_revision, data: data), null), objects);
}
