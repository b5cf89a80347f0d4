using Orchestrator.Actors.Registry;
using Orchestrator.Host.Processes;

namespace Orchestrator.Host.Tests.Processes;

/// <summary>Who may rely on being the only one that writes to a journal.</summary>
public sealed class JournalLockTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-journal-lock").FullName;

    private string Journal => Path.Combine(_folder, "journal.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task TheFirst_IsAlone_AndAStrangerIsRefusedInOneSentence()
    {
        using var first = await JournalLock.AcquireAsync(Journal, TimeProvider.System);
        Assert.True(first.Alone);

        var refused = await Assert.ThrowsAsync<StartException>(() => JournalLock.AcquireAsync(Journal, new ImpatientClock()));

        Assert.Contains("in use by a process whose cluster this one has not joined", refused.Message, StringComparison.Ordinal);
        Assert.True(first.Alone);
    }

    [Fact]
    public async Task WhoLetsOthersIn_AnswersNoMoreFromMemory_AndNobodyIsAloneAfterwards()
    {
        using var first = await JournalLock.AcquireAsync(Journal, TimeProvider.System);
        var local = new LocalRegistries(first.Alone);
        first.LetOthersIn(local);
        Assert.False(first.Alone);
        Assert.False(local.SoleWriter);

        using var second = await JournalLock.AcquireAsync(Journal, TimeProvider.System);
        using var third = await JournalLock.AcquireAsync(Journal, TimeProvider.System);
        Assert.False(second.Alone);
        Assert.False(third.Alone);
    }

    [Fact]
    public async Task AfterAllHaveEnded_TheNextIsAlone()
    {
        var first = await JournalLock.AcquireAsync(Journal, TimeProvider.System);
        first.LetOthersIn(new LocalRegistries(soleWriter: true));
        var second = await JournalLock.AcquireAsync(Journal, TimeProvider.System);
        first.Dispose();
        using (var third = await JournalLock.AcquireAsync(Journal, TimeProvider.System)) Assert.False(third.Alone);
        second.Dispose();

        using var next = await JournalLock.AcquireAsync(Journal, TimeProvider.System);
        Assert.True(next.Alone);
    }

    /// <summary>Half a minute passes between any two looks at it.</summary>
    private sealed class ImpatientClock : TimeProvider
    {
        private long _now;

        public override long GetTimestamp() => _now += 30 * TimestampFrequency;
    }
}
