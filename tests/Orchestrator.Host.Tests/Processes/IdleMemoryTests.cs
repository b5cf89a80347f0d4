using Orchestrator.Host.Processes;

namespace Orchestrator.Host.Tests.Processes;

public sealed class IdleMemoryTests
{
    [Theory]
    [InlineData(0, 1300, 160, true)]     // quiet after a burst
    [InlineData(1, 1300, 160, true)]     // heartbeats alone
    [InlineData(2, 1300, 160, false)]    // requests are served
    [InlineData(0, 86, 58, true)]        // a small heap takes no time
    [InlineData(0, 36, 27, false)]       // little to return
    [InlineData(0, 220, 160, false)]     // little, for its size
    [InlineData(0, 650, 450, false)]     // no more than a large heap needs for its next burst
    [InlineData(0, 5000, 600, false)]   // would stand still for too long
    public void IsDue_OnlyWhenQuietAndWorthIt(int collections, long committed, long used, bool due) =>
        Assert.Equal(due, IdleMemory.IsDue(new HeapLook(7, 0, 0), new HeapLook(7 + collections, committed << 20, used << 20)));
}
