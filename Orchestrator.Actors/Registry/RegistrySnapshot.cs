using System.Collections.Immutable;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Serialization;

namespace Orchestrator.Actors.Registry;

/// <summary>Says which parts make up a snapshot; written after all of them, so that a snapshot is whole or not there.</summary>
/// <param name="Revision">The version of the type that the parts show.</param>
/// <param name="Parts">How many parts there are.</param>
/// <param name="Retained">The oldest version whose change is still in the journal.</param>
/// <param name="Checkpoints">When earlier snapshots were taken: tells how far a retention time reaches.</param>
/// <param name="Objects">How many objects the parts hold; 0 where an earlier build wrote the manifest.</param>
public sealed record SnapshotManifest(
    long Revision, int Parts, long Retained, ImmutableArray<SnapshotCheckpoint> Checkpoints, int Objects = 0) : IWireMessage;

/// <summary>Up to which sequence number the journal stood at a time.</summary>
public sealed record SnapshotCheckpoint(long SequenceNr, DateTimeOffset At);

/// <summary>Some of the objects of a snapshot, in a row of its own.</summary>
public sealed record SnapshotPart(ImmutableArray<StoredObject> Objects) : IWireMessage
{
    /// <summary>Most objects in a part (count) ...</summary>
    public const int ObjectsMax = 1000;

    /// <summary>... and most bytes, whichever comes first: no row grows with the cluster.</summary>
    public const int BytesMax = 1 << 20;

    /// <summary>Splits a state into parts.</summary>
    public static IEnumerable<SnapshotPart> Split(ImmutableArray<StoredObject> objects)
    {
        var part = ImmutableArray.CreateBuilder<StoredObject>();
        long bytes = 0;
        foreach (var o in objects)
        {
            if (part.Count > 0 && (part.Count == ObjectsMax || bytes + o.Length > BytesMax))
            {
                yield return new SnapshotPart(part.DrainToImmutable());
                bytes = 0;
            }
            part.Add(o);
            bytes += o.Length;
        }
        if (part.Count > 0) yield return new SnapshotPart(part.DrainToImmutable());
    }
}
