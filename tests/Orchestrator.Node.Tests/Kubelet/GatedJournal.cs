using System.Collections.Immutable;
using System.Threading.Channels;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace Orchestrator.Node.Tests.Kubelet;

/// <summary>A journal in memory whose writes the test lets pass, or fail.</summary>
public sealed class GatedJournal : MemoryJournal
{
    public static Channel<GatedWrite> Writes { get; } = Channel.CreateUnbounded<GatedWrite>();

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        var writes = messages.ToList();
        var gate = new GatedWrite([.. writes.SelectMany(w => (IEnumerable<IPersistentRepresentation>)w.Payload).Select(p => p.Payload)]);
        Writes.Writer.TryWrite(gate);
        await gate.Passed.Task;
        return await base.WriteMessagesAsync(writes);
    }
}

public sealed record GatedWrite(ImmutableArray<object> Events)
{
    public TaskCompletionSource Passed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
