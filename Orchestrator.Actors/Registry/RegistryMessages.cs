using System.Collections.Immutable;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Serialization;

namespace Orchestrator.Actors.Registry;

/// <summary>One write to one object. All that can be decided in parallel was decided before: bodies are complete and valid.</summary>
/// <param name="Key">The object.</param>
/// <param name="Uid">When given, the write is refused with a Conflict unless the stored object has this uid.</param>
/// <param name="IfRevision">When given, the write is refused with a Conflict unless the stored object is at this version.</param>
public abstract record ObjectWrite(ObjectKey Key, string? Uid = null, long? IfRevision = null);

/// <summary>Stores a new object; AlreadyExists when the name is taken.</summary>
public sealed record CreateObject(ObjectKey Key, UncommittedJson Json) : ObjectWrite(Key);

/// <summary>Replaces the whole object. Without <see cref="ObjectWrite.IfRevision"/> the last writer wins.</summary>
public sealed record ReplaceObject(ObjectKey Key, UncommittedJson Json, string? Uid = null, long? IfRevision = null)
    : ObjectWrite(Key, Uid, IfRevision);

/// <summary>Replaces <c>status</c> alone, by splicing; everything else is kept as the registry has it. Equal bytes write nothing.</summary>
/// <param name="Status">The JSON of the new status.</param>
public sealed record ReplaceStatus(ObjectKey Key, ReadOnlyMemory<byte> Status, string? Uid = null, long? IfRevision = null)
    : ObjectWrite(Key, Uid, IfRevision)
{
    /// <summary>Who owns what changes, as <c>metadata.managedFields</c> records it; empty to record nothing.</summary>
    public string Manager { get; init; } = "";

    /// <summary>When, for the same record.</summary>
    public DateTimeOffset At { get; init; }
}

/// <summary>Sets <c>spec.nodeName</c> and the PodScheduled condition; a Conflict when the pod is bound or being deleted.</summary>
/// <remarks>The precondition is checked here, where writes are serial, so two schedulers can never bind one pod twice.</remarks>
public sealed record BindPod(ObjectKey Key, string NodeName, DateTimeOffset At, string? Uid = null) : ObjectWrite(Key, Uid);

/// <summary>Removes the object for good. Grace periods and finalizers are the business of the caller.</summary>
public sealed record RemoveObject(ObjectKey Key, string? Uid = null, long? IfRevision = null) : ObjectWrite(Key, Uid, IfRevision);

/// <summary>What became of one write: the committed object (for a removal its last state), or why it was refused.</summary>
public readonly record struct WriteResult(StoredObject? Object, ApiError? Error);

/// <summary>A message to the registry of <paramref name="Type"/>.</summary>
public abstract record RegistryMessage(ResourceType Type) : IWireMessage;

/// <summary>Writes in one commit, each decided on its own, in order; answered with <see cref="ObjectsWritten"/> after the commit.</summary>
/// <param name="Again">The sender had no answer to the same message, which may have been lost or carried out: what is done
/// already counts as done by this one.</param>
public sealed record WriteObjects(ResourceType Type, ImmutableArray<ObjectWrite> Writes, bool Again = false) : RegistryMessage(Type);

/// <summary>The results of a <see cref="WriteObjects"/>, in its order.</summary>
public sealed record ObjectsWritten(ImmutableArray<WriteResult> Results) : IWireMessage;

/// <summary>Asks for the committed version; answered with <see cref="CurrentRevision"/>.</summary>
/// <param name="Confirmed">The answer must cover every write that was acknowledged before the question, by whichever owner: a
/// registry that may not be the only owner asks the journal first. Without it the answer is what this owner knows.</param>
public sealed record GetRevision(ResourceType Type, bool Confirmed) : RegistryMessage(Type);

/// <param name="Revision">The newest committed version of the type.</param>
public sealed record CurrentRevision(ResourceType Type, long Revision) : IWireMessage;

/// <summary>Starts a feed to the sender: what it lacks since <paramref name="After"/>, then every commit, as <see cref="ObjectsChanged"/>.
/// A registry that no longer holds the changes since then sends <see cref="ObjectsListed"/> first.</summary>
public sealed record FollowObjects(ResourceType Type, long After) : RegistryMessage(Type);

/// <summary>Ends the feed to the sender.</summary>
public sealed record UnfollowObjects(ResourceType Type) : RegistryMessage(Type);

/// <summary>A part of the whole state at <paramref name="Revision"/>; the last part says so. Parts bound the size of a message.</summary>
public sealed record ObjectsListed(ResourceType Type, long Revision, ImmutableArray<StoredObject> Objects, bool First, bool Last) : IWireMessage;

/// <summary>Committed changes in order. A follower whose version is not <paramref name="Previous"/> has missed some and follows anew.</summary>
public sealed record ObjectsChanged(ResourceType Type, long Previous, long Revision, ImmutableArray<ObjectChange> Changes) : IWireMessage;

/// <summary>What a change did.</summary>
public enum ChangeKind : byte
{
    Added,
    Modified,
    Deleted,
}

/// <summary>One committed change.</summary>
/// <param name="Object">The object as written; of a deletion the last state, at the version of the deletion.</param>
/// <param name="Previous">The version before, when the receiver had one: tells a watch when a selector is crossed.</param>
public sealed record ObjectChange(ChangeKind Kind, StoredObject Object, StoredObject? Previous);
