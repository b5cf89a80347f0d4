using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>A change and when it was journaled.</summary>
public sealed record JournaledChange(ObjectChange Change, DateTimeOffset At);

/// <summary>Reads what is no longer in memory.</summary>
public interface IChangeHistory
{
    /// <summary>Up to <paramref name="max"/> changes behind <paramref name="after"/> and up to <paramref name="through"/>, in order.</summary>
    /// <param name="withPrevious">Also reads the versions that the changes replaced; without it a change has its
    /// <see cref="ObjectChange.Previous"/> only when that was among the changes read.</param>
    /// <returns>Null when the journal does not reach back that far.</returns>
    Task<IReadOnlyList<ObjectChange>?> ReadAsync(
        ResourceType type, long after, long through, int max, bool withPrevious, CancellationToken cancellationToken);

    /// <summary>The version behind which the journal still has every change of a type.</summary>
    /// <returns>Null when changes of the type are not journaled one by one.</returns>
    Task<long?> OldestAsync(ResourceType type, CancellationToken cancellationToken);

    /// <summary>The journaled changes from version <paramref name="from"/> on, oldest first, of one object or of all.</summary>
    Task<ImmutableArray<JournaledChange>> ChangesAsync(ResourceType type, long from, ObjectKey? key, CancellationToken cancellationToken);

    /// <summary>The newest version of a type that was journaled at or before a time.</summary>
    /// <param name="through">The newest version there is.</param>
    /// <returns>Null when the journal does not reach back that far.</returns>
    Task<long?> RevisionAtAsync(ResourceType type, DateTimeOffset time, long through, CancellationToken cancellationToken);

    /// <summary>An object as it was at version <paramref name="revision"/> of its type, found by going back from a newer version of it.</summary>
    /// <returns>The object; or null when it was made later, or the versions between are no longer retained.</returns>
    Task<StoredObject?> BackToAsync(ResourceType type, StoredObject newer, long revision, CancellationToken cancellationToken);
}
