using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Sql.Journal;

namespace Orchestrator.Actors.Tests.Registry;

/// <summary>The SQL journal with a gate in front of its writes, which a test finds by the connection string.</summary>
public sealed class GatedJournal(Config config) : SqlWriteJournal(config)
{
    private readonly JournalGate _gate = JournalGate.Of(config.GetString("connection-string"));

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        var writes = messages.ToList();
        await _gate.PassAsync().ConfigureAwait(false);
        return await base.WriteMessagesAsync(writes).ConfigureAwait(false);
    }
}

/// <summary>Lets writes through until it is closed; then they wait for the test to say what becomes of them.</summary>
public sealed class JournalGate
{
    private static readonly ConcurrentDictionary<string, JournalGate> Gates = new(StringComparer.Ordinal);
    private readonly Channel<bool> _arrived = Channel.CreateUnbounded<bool>();
    private TaskCompletionSource? _closed;

    public static JournalGate Of(string connectionString) => Gates.GetOrAdd(connectionString, static _ => new JournalGate());

    public void Close() => _closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Waits until a write stands before the closed gate.</summary>
    public Task AwaitWriteAsync(TimeSpan patience) => _arrived.Reader.ReadAsync().AsTask().WaitAsync(patience);

    public void Open() => Interlocked.Exchange(ref _closed, null)?.SetResult();

    /// <summary>The write that waits fails, and later ones pass.</summary>
    public void Fail() => Interlocked.Exchange(ref _closed, null)?.SetException(new IOException("the disk is gone"));

    internal Task PassAsync()
    {
        if (_closed is not { } closed) return Task.CompletedTask;
        _arrived.Writer.TryWrite(true);
        return closed.Task;
    }
}
