using Orchestrator.Node.Runtime.Process;

namespace Orchestrator.Node.Tests.Runtime.Process;

public sealed class ProcessMeasureTests
{
    private static readonly Dictionary<int, string> None = [];

    [Theory]
    [InlineData("42 (sh) S 7 42 41 0 -1 4194304 97 0 0 0 10 20 300 4000 20 0 1 0 4950756 3133440 364 1844674", 42, 7, 41, 4330, 4950756)]
    [InlineData("42 (a) b (c) d) R 7 42 41 0 -1 4194304 97 0 0 0 1 2 3 4 20 0 1 0 5 3133440 364", 42, 7, 41, 10, 5)]
    public void Stat_IsRead_WhateverTheNameIs(string line, int pid, int parent, int session, long ticks, long start) =>
        Assert.Equal(new ProcessStat(pid, parent, session, ticks, start), ProcessStat.Parse(line));

    [Theory]
    [InlineData("")]
    [InlineData("42")]
    [InlineData("42 (sh")]
    [InlineData("42 (sh) S 7")]
    [InlineData("x (sh) S 7 42 41 0 -1 4194304 97 0 0 0 1 2 3 4 20 0 1 0 5 3133440 364")]
    public void Stat_ThatIsCutShort_IsNone(string line) => Assert.Null(ProcessStat.Parse(line));

    [Fact]
    public void Memory_IsPrivateWithoutSharedPages_AndNeverLess()
    {
        Assert.Equal(new ProcessMemory(28 * 4096, 408 * 4096), ProcessMemory.Parse("765 408 380 5 0 123 0", 4096));
        Assert.Equal(new ProcessMemory(0, 3 * 4096), ProcessMemory.Parse("765 3 4 5 0 123 0", 4096));
        Assert.Null(ProcessMemory.Parse("765", 4096));
        Assert.Null(ProcessMemory.Parse("", 4096));
    }

    [Fact]
    public void Container_IsItsSession_AndAllBelowIt_AndNothingElse()
    {
        ProcessStat[] table =
        [
            new(1, 0, 1, 1_000_000, 0),
            new(10, 1, 10, 100, 1), // leads container a
            new(11, 10, 10, 20, 2), // its child
            new(12, 11, 12, 3, 3), // a terminal: a session of its own
            new(13, 1, 10, 4000, 4), // its parent has ended
            new(20, 10, 20, 700, 5), // leads container b, which is started from within a
            new(21, 20, 20, 80, 6),
            new(30, 1, 30, 50_000, 7), // of no container
        ];
        var usages = new ProcessMeasure().Measure(new Dictionary<int, string> { [10] = "a", [20] = "b", [99] = "gone" }, None, table, static pid => pid == 11 ? null : new ProcessMemory(pid, pid * 10));

        Assert.Equal(["a", "b"], usages.Select(static u => u.ContainerId).Order(StringComparer.Ordinal));
        var a = usages.Single(static u => u.ContainerId == "a");
        Assert.Equal((41.23, 10 + 12 + 13, 350), (Math.Round(a.CpuSeconds, 6), a.WorkingSetBytes, a.UsageBytes));
        var b = usages.Single(static u => u.ContainerId == "b");
        Assert.Equal((7.8, 41, 410), (Math.Round(b.CpuSeconds, 6), b.WorkingSetBytes, b.UsageBytes));
    }

    [Fact]
    public void Time_OfAProcessWhoseParentEndedFirst_IsKept_AndNoneIsCountedTwice()
    {
        var measure = new ProcessMeasure();
        ProcessStat leader = new(10, 1, 10, 100, 1), parent = new(11, 10, 10, 20, 2), child = new(12, 11, 10, 3000, 3), orphan = child with { Parent = 1 };

        Assert.Equal(31.2, Seconds(leader, parent, child));
        Assert.Equal(31.2, Seconds(leader with { CpuTicks = 120 }, orphan)); // the leader has seen the parent's end
        Assert.Equal(32.2, Seconds(leader with { CpuTicks = 120 }, orphan with { CpuTicks = 3100 }));
        Assert.Equal(32.2, Seconds(leader with { CpuTicks = 120 }));
        Assert.Equal(32.3, Seconds(leader with { CpuTicks = 120 }, new ProcessStat(12, 10, 10, 10, 4))); // its number is used again
        Assert.Equal(32.3, Seconds(leader with { CpuTicks = 120 })); // ended while we read: its time is nowhere
        Assert.Equal(32.4, Seconds(leader with { CpuTicks = 140 }));
        measure.Forget("a");
        Assert.Equal(1.4, Seconds(leader with { CpuTicks = 140 }));

        double Seconds(params ProcessStat[] table) => Assert.Single(measure.Measure(new Dictionary<int, string> { [10] = "a" }, None, table, static _ => null)).CpuSeconds;
    }

    [Fact]
    public void Commands_InAContainer_CountAsIts_AlsoAfterTheirEnd()
    {
        var measure = new ProcessMeasure();
        ProcessStat leader = new(10, 1, 10, 100, 1), command = new(50, 7, 50, 20, 2), child = new(51, 50, 50, 3, 3), left = child with { Parent = 1 };
        var commands = new Dictionary<int, string> { [50] = "a", [60] = "ended" };

        Assert.Equal(1.23, Seconds(leader, command, child, new ProcessStat(60, 7, 60, 1000, 4)));
        measure.Note("a", command with { CpuTicks = 25 }); // its output ended
        Assert.Equal(1.28, Seconds(leader, left)); // its child goes on in its session
        commands.Remove(50);
        Assert.Equal(1.28, Seconds(leader));
        // Of a command that was never seen when others were measured.
        measure.Note("a", new ProcessStat(70, 7, 70, 40, 9));
        Assert.Equal(1.68, Seconds(leader));

        double Seconds(params ProcessStat[] table) => Assert.Single(measure.Measure(new Dictionary<int, string> { [10] = "a" }, commands, table, static _ => null)).CpuSeconds;
    }

    [Fact]
    public void Numbers_ThatFormACircle_EndTheSearch() =>
        Assert.Empty(new ProcessMeasure().Measure(new Dictionary<int, string> { [5] = "a" }, None, [new(2, 3, 2, 1, 1), new(3, 2, 3, 1, 1)], static _ => null));

    [Fact]
    public void Table_HasThisProcess_WithItsTime()
    {
        var own = ProcessTable.Read().Single(static p => p.Pid == Environment.ProcessId);
        Assert.True(own.CpuTicks > 0);
        var memory = ProcessTable.MemoryOf(own.Pid)!.Value;
        Assert.InRange(memory.Private, 1, memory.Resident);
    }
}
