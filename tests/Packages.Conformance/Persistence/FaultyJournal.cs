using System.Collections.Immutable;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace Packages.Conformance.Persistence;

/// <summary>A journal in memory that fails or refuses the events told to it by their value.</summary>
public sealed class FaultyJournal : MemoryJournal
{
    public const int FailingValue = 666;
    public const int RefusedValue = 777;

    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        var writes = messages.ToList();
        if (writes.Any(w => Holds(w, FailingValue))) return Task.FromException<IImmutableList<Exception>>(new IOException("the disk is gone"));
        if (!writes.Any(w => Holds(w, RefusedValue))) return base.WriteMessagesAsync(writes)!;
        var answers = writes.Select(w => Holds(w, RefusedValue) ? new NotSupportedException("not that one") : (Exception?)null).ToImmutableArray();
        base.WriteMessagesAsync(writes.Where(w => !Holds(w, RefusedValue)));
        return Task.FromResult<IImmutableList<Exception>>(answers!);
    }

    private static bool Holds(AtomicWrite write, int value) =>
        ((IImmutableList<IPersistentRepresentation>)write.Payload).Any(p => p.Payload is Added added && added.Value == value);
}
