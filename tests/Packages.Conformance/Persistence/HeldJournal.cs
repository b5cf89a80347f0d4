using System.Collections.Immutable;
using System.Threading.Channels;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace Packages.Conformance.Persistence;

/// <summary>A journal in memory that shows each write to the test before it happens.</summary>
public sealed class HeldJournal : MemoryJournal
{
    private static readonly Channel<Write> Held = Channel.CreateUnbounded<Write>();

    /// <summary>The next write. One test at a time may ask.</summary>
    public static async Task<Write> NextAsync() => await Held.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        var writes = messages.ToList();
        var write = new Write([.. writes.SelectMany(w => (IImmutableList<IPersistentRepresentation>)w.Payload).Select(e => ((Added)e.Payload).Value)]);
        await Held.Writer.WriteAsync(write);
        await write.Released.Task;
        return await base.WriteMessagesAsync(writes);
    }

    /// <param name="Values">What is to be written.</param>
    public sealed record Write(ImmutableArray<int> Values)
    {
        public TaskCompletionSource Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
