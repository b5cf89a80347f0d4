using System.Collections.Immutable;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Serialization;

namespace Orchestrator.Actors.Registry;

/// <summary>What is journaled for one change. The payload is the object's JSON, the rest is the manifest and the row's number.</summary>
/// <param name="Previous">The version that this one replaced, so that the past of an object is a chain of rows; 0 for a new object.</param>
public sealed record ObjectWritten(ChangeKind Kind, StoredObject Object, long Previous = 0) : IWireMessage;

/// <summary>Journaled when a registry starts for the first time, so that the first version that a client sees is not zero,
/// which to a client means "any version".</summary>
public sealed record RegistryCreated(string Type, DateTimeOffset At) : IWireMessage;

/// <summary>Journaled ahead of versions that themselves are not: no version up to here is ever given out again.</summary>
public sealed record RevisionsReserved(long Through) : IWireMessage;

/// <summary>What a write leads to: its result once all that was decided so far is committed, and the change, if there is one.</summary>
/// <param name="Result">The answer, once it may be given.</param>
/// <param name="Event">The change.</param>
/// <param name="Previous">The object that the change replaces, when it replaces one.</param>
public readonly record struct WriteDecision(WriteResult Result, ObjectWritten? Event, StoredObject? Previous = null)
{
    /// <summary>True when the change says nothing but that a holder is alive.</summary>
    public bool IsHeartbeat => Event is { Kind: ChangeKind.Modified } e && Previous is { } previous && Heartbeat.IsOnly(previous, e.Object);
}

/// <summary>The objects of one type: what is committed, and what is decided on top of it but not yet committed.</summary>
/// <remarks>Pure in effect: no clock, no I/O, no randomness. It is a mutable class since it holds every object of a type and is
/// owned by one actor.</remarks>
public sealed class RegistryState
{
    private readonly ResourceType _type;
    private readonly UniqueClaims? _claims;

    // Statuses are spliced into objects of built-in types alone.
    private readonly ResourceSchema? _schema;
    private readonly Dictionary<ObjectKey, StoredObject> _committed = [];
    private readonly Dictionary<ObjectKey, Ahead> _ahead = [];

    public RegistryState(ResourceType type)
    {
        _type = type;
        _schema = SchemaCatalog.BuiltIn.Find(type);
        if (type == ResourceTypes.Services) _claims = new UniqueClaims(Newest);
    }

    /// <summary>The newest committed version.</summary>
    public long Revision { get; private set; }

    /// <summary>The newest version given out, committed or not.</summary>
    public long DecidedRevision { get; private set; }

    public int Count => _committed.Count;

    public IReadOnlyCollection<StoredObject> Objects => _committed.Values;

    /// <summary>The object as of everything decided so far.</summary>
    public StoredObject? Newest(ObjectKey key) =>
        _ahead.TryGetValue(key, out var ahead) ? ahead.Object : _committed.GetValueOrDefault(key);

    /// <summary>Decides a write on top of all earlier decisions, committed or not.</summary>
    /// <param name="again">The writer repeats itself, having had no answer: when the object is already as the write would leave
    /// it, the write has happened.</param>
    public WriteDecision Decide(ObjectWrite write, bool again = false)
    {
        var current = Newest(write.Key);
        if (again && current is not null && HasHappened(write, current)) return new WriteDecision(new WriteResult(current, null), null);
        if (write is CreateObject create)
            return current is null ? Write(ChangeKind.Added, write.Key, create.Json) : Refuse(ApiError.AlreadyExists(_type, write.Key.Name, current.Meta.Deleting));
        if (current is null) return Refuse(ApiError.NotFound(_type, write.Key.Name));
        if (write.Uid is { } uid && current.Meta.Uid != uid)
            return Refuse(ApiError.OtherUid(_type, _type, write.Key, uid, current.Meta.Uid));
        if (write.IfRevision is { } revision && current.Revision != revision) return Refuse(ApiError.Modified(_type, write.Key.Name));
        return write switch
        {
            ReplaceObject replace => Write(ChangeKind.Modified, write.Key, replace.Json),
            ReplaceStatus status => ObjectSplice.WithStatus(current.Json.Span, status.Status.Span, _schema, status.Manager, status.At) is { } json
                ? Write(ChangeKind.Modified, write.Key, json)
                : new WriteDecision(new WriteResult(current, null), null),
            BindPod bind => PodBinding.Refusal(current, bind) is { } refusal
                ? Refuse(refusal)
                : Write(ChangeKind.Modified, write.Key, PodBinding.Bind(current.Json.Span, bind)),
            RemoveObject => Write(ChangeKind.Deleted, write.Key, ObjectSplice.Unversioned(current.Json.Span)),
            _ => throw new ArgumentOutOfRangeException(nameof(write), write.GetType().Name, "no such write"),
        };
    }

    /// <summary>Gives out the next version to something that is no object, such as the first event of the journal.</summary>
    public long Reserve() => ++DecidedRevision;

    /// <summary>Commits a change, live or in replay; returns it with what it replaced.</summary>
    public ObjectChange Apply(ObjectWritten e)
    {
        var key = e.Object.Key;
        _committed.TryGetValue(key, out var previous);
        if (e.Kind == ChangeKind.Deleted) _committed.Remove(key);
        else
        {
            _committed[key] = e.Object;
            _claims?.Note(e.Object);
        }
        if (_ahead.TryGetValue(key, out var ahead) && ahead.Revision <= e.Object.Revision) _ahead.Remove(key);
        AdvanceTo(e.Object.Revision);
        return new ObjectChange(e.Kind, e.Object, previous);
    }

    /// <summary>Notes that all versions up to <paramref name="revision"/> are taken.</summary>
    public void AdvanceTo(long revision)
    {
        Revision = Math.Max(Revision, revision);
        DecidedRevision = Math.Max(DecidedRevision, revision);
    }

    /// <summary>Puts in an object of a snapshot, unless a newer event has spoken about its key.</summary>
    public void Restore(StoredObject o)
    {
        if (_committed.TryAdd(o.Key, o)) _claims?.Note(o);
    }

    /// <summary>A copy of the references, for a snapshot that is written while changes go on.</summary>
    public ImmutableArray<StoredObject> Copy() => [.. _committed.Values];

    private WriteDecision Write(ChangeKind kind, ObjectKey key, UncommittedJson json)
    {
        var revision = DecidedRevision + 1;
        var previous = Newest(key);
        var written = new StoredObject(key, revision, json.Commit(revision));
        if (kind != ChangeKind.Deleted && _claims?.Refusal(written) is { } taken) return Refuse(taken);
        DecidedRevision = revision;
        _ahead[key] = new Ahead(revision, kind == ChangeKind.Deleted ? null : written);
        if (kind != ChangeKind.Deleted) _claims?.Note(written);
        return new WriteDecision(new WriteResult(written, null), new ObjectWritten(kind, written, previous?.Revision ?? 0), previous);
    }

    private static bool HasHappened(ObjectWrite write, StoredObject current) => write switch
    {
        // A uid is made for one create and for no other.
        CreateObject create => ObjectMeta.Parse(create.Json.WithRevision(current.Revision)).Uid is { Length: > 0 } uid && current.Meta.Uid == uid,
        ReplaceObject replace => replace.Json.WithRevision(current.Revision).AsSpan().SequenceEqual(current.Json.Span),
        BindPod bind => bind.Uid is not null && current.Meta.Uid == bind.Uid && PodView.Of(current).NodeName == bind.NodeName,
        ReplaceStatus status => (status.Uid is null || current.Meta.Uid == status.Uid) && ObjectSplice.WithStatus(current.Json.Span, status.Status.Span) is null,
        _ => false,
    };

    private static WriteDecision Refuse(ApiError error) => new(new WriteResult(null, error), null);

    private readonly record struct Ahead(long Revision, StoredObject? Object);
}
