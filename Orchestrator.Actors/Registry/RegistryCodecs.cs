using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.Serialization;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Serialization;

namespace Orchestrator.Actors.Registry;

/// <summary>The stored and sent forms of the registry's events and messages.</summary>
internal static class RegistryCodecs
{
    /// <summary>The three kinds of change are three manifests of one type, so that the journal's payload is the bare object.</summary>
    public static IEnumerable<WireCodec> All =>
    [
        Change("object-added", ChangeKind.Added),
        Change("object-modified", ChangeKind.Modified),
        Change("object-deleted", ChangeKind.Deleted),
        WireCodec.Json<RegistryCreated>("registry-created"),
        WireCodec.Json<RevisionsReserved>("revisions-reserved"),
        WireCodec.Json<SnapshotManifest>("registry-snapshot"),
        WireCodec.Binary<SnapshotPart>("registry-snapshot-part", WritePart, ReadPart),
        WireCodec.Binary<WriteObjects>("write-objects", WriteWrites, ReadWrites),
        WireCodec.Binary<ObjectsWritten>("objects-written", WriteResults, ReadResults),
        WireCodec.Binary<GetRevision>("get-revision", (w, m) => { w.Text(m.Type.ToString()); w.Flag(m.Confirmed); },
            (ref r) => new GetRevision(Type(ref r), r.Flag())),
        WireCodec.Binary<CurrentRevision>("current-revision", (w, m) => { w.Text(m.Type.ToString()); w.Number(m.Revision); },
            (ref r) => new CurrentRevision(Type(ref r), r.Number())),
        WireCodec.Binary<FollowObjects>("follow-objects", (w, m) => { w.Text(m.Type.ToString()); w.Number(m.After); },
            (ref r) => new FollowObjects(Type(ref r), r.Number())),
        WireCodec.Binary<UnfollowObjects>("unfollow-objects", (w, m) => w.Text(m.Type.ToString()),
            (ref r) => new UnfollowObjects(Type(ref r))),
        WireCodec.Binary<ObjectsListed>("objects-listed", WriteListed, ReadListed),
        WireCodec.Binary<ObjectsChanged>("objects-changed", WriteChanged, ReadChanged),
    ];

    private static WireCodec Change(string manifest, ChangeKind kind) => new(
        typeof(ObjectWritten),
        manifest,
        e => ((ObjectWritten)e).Object.ToArray(),
        bytes => Changed(kind, bytes, ""))
    {
        Variant = e => ((ObjectWritten)e).Kind == kind,
        Detail = e => ((ObjectWritten)e).Previous is > 0 and var previous ? previous.ToString(CultureInfo.InvariantCulture) : "",
        ReadWithDetail = (bytes, detail) => Changed(kind, bytes, detail),
    };

    private static ObjectWritten Changed(ChangeKind kind, byte[] bytes, string previous)
    {
        var meta = ObjectMeta.Parse(bytes);
        return new ObjectWritten(kind, new StoredObject(new ObjectKey(meta.Namespace, meta.Name), meta.ResourceVersion, bytes),
            previous.Length == 0 ? 0 : long.Parse(previous, NumberStyles.None, CultureInfo.InvariantCulture));
    }

    private static ResourceType Type(ref WireReader r) => ResourceType.Parse(r.Text());

    private static void Object(WireWriter w, StoredObject o)
    {
        w.Text(o.Key.Namespace);
        w.Text(o.Key.Name);
        w.Number(o.Revision);
        w.Bytes(o.Json.Span);
    }

    private static StoredObject Object(ref WireReader r) => new(new ObjectKey(r.Text(), r.Text()), r.Number(), r.Bytes());

    private static void WritePart(WireWriter w, SnapshotPart part)
    {
        w.Number(part.Objects.Length);
        foreach (var o in part.Objects) Object(w, o);
    }

    private static SnapshotPart ReadPart(ref WireReader r)
    {
        var objects = new StoredObject[r.Count()];
        for (var i = 0; i < objects.Length; i++) objects[i] = Object(ref r);
        return new SnapshotPart([.. objects]);
    }

    private static void WriteWrites(WireWriter w, WriteObjects m)
    {
        w.Text(m.Type.ToString());
        w.Flag(m.Again);
        w.Number(m.Writes.Length);
        foreach (var write in m.Writes) Write(w, write);
    }

    private static void Write(WireWriter w, ObjectWrite write)
    {
        w.Number(write switch { CreateObject => 0, ReplaceObject => 1, ReplaceStatus => 2, BindPod => 3, RemoveObject => 4, _ => throw Unknown(write) });
        w.Text(write.Key.Namespace);
        w.Text(write.Key.Name);
        w.Text(write.Uid);
        w.Number(write.IfRevision);
        switch (write)
        {
            case CreateObject create: Json(w, create.Json); break;
            case ReplaceObject replace: Json(w, replace.Json); break;
            case ReplaceStatus status:
                w.Bytes(status.Status.Span);
                w.Text(status.Manager);
                w.Time(status.At);
                break;
            case BindPod bind:
                w.Text(bind.NodeName);
                w.Time(bind.At);
                break;
        }
    }

    private static SerializationException Unknown(ObjectWrite write) => new($"no write {write.GetType().Name}");

    private static void Json(WireWriter w, UncommittedJson json)
    {
        w.Number(json.VersionOffset);
        w.Bytes(json.Bytes);
    }

    private static UncommittedJson Json(ref WireReader r)
    {
        var offset = r.Number();
        var bytes = r.Bytes();
        return offset >= 0 && offset <= bytes.Length
            ? new UncommittedJson(bytes.ToArray(), (int)offset)
            : throw new SerializationException("a version's place lies outside its object");
    }

    private static WriteObjects ReadWrites(ref WireReader r)
    {
        var type = Type(ref r);
        var again = r.Flag();
        var writes = ImmutableArray.CreateBuilder<ObjectWrite>(r.Count());
        for (var i = writes.Capacity; i > 0; i--)
        {
            var kind = r.Number();
            var key = new ObjectKey(r.Text(), r.Text());
            var uid = r.TextOrNull();
            var revision = r.OptionalNumber();
            writes.Add(kind switch
            {
                0 => new CreateObject(key, Json(ref r)),
                1 => new ReplaceObject(key, Json(ref r), uid, revision),
                2 => new ReplaceStatus(key, r.Bytes(), uid, revision) { Manager = r.Text(), At = r.Time() },
                3 => new BindPod(key, r.Text(), r.Time(), uid),
                4 => new RemoveObject(key, uid, revision),
                _ => throw new SerializationException($"no write has the number {kind}"),
            });
        }
        return new WriteObjects(type, writes.MoveToImmutable(), again);
    }

    private static void WriteResults(WireWriter w, ObjectsWritten m)
    {
        w.Number(m.Results.Length);
        foreach (var result in m.Results)
        {
            w.Flag(result.Error is null);
            if (result.Error is { } error) w.Bytes(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(error, WireJson.Options));
            else Object(w, result.Object!);
        }
    }

    private static ObjectsWritten ReadResults(ref WireReader r)
    {
        var results = new WriteResult[r.Count()];
        for (var i = 0; i < results.Length; i++)
            results[i] = r.Flag()
                ? new WriteResult(Object(ref r), null)
                : new WriteResult(null, System.Text.Json.JsonSerializer.Deserialize<ApiError>(r.Bytes().Span, WireJson.Options));
        return new ObjectsWritten([.. results]);
    }

    private static void WriteListed(WireWriter w, ObjectsListed m)
    {
        w.Text(m.Type.ToString());
        w.Number(m.Revision);
        w.Flag(m.First);
        w.Flag(m.Last);
        w.Number(m.Objects.Length);
        foreach (var o in m.Objects) Object(w, o);
    }

    private static ObjectsListed ReadListed(ref WireReader r)
    {
        var type = Type(ref r);
        var revision = r.Number();
        bool first = r.Flag(), last = r.Flag();
        var objects = new StoredObject[r.Count()];
        for (var i = 0; i < objects.Length; i++) objects[i] = Object(ref r);
        return new ObjectsListed(type, revision, [.. objects], first, last);
    }

    private static void WriteChanged(WireWriter w, ObjectsChanged m)
    {
        w.Text(m.Type.ToString());
        w.Number(m.Previous);
        w.Number(m.Revision);
        w.Number(m.Changes.Length);
        foreach (var change in m.Changes)
        {
            w.Number((long)change.Kind);
            Object(w, change.Object);
        }
    }

    private static ObjectsChanged ReadChanged(ref WireReader r)
    {
        var type = Type(ref r);
        long previous = r.Number(), revision = r.Number();
        var changes = new ObjectChange[r.Count()];
        for (var i = 0; i < changes.Length; i++)
        {
            var kind = r.Number();
            if (kind is < 0 or > (long)ChangeKind.Deleted) throw new SerializationException($"no change has the number {kind}");
            changes[i] = new ObjectChange((ChangeKind)kind, Object(ref r), null);
        }
        return new ObjectsChanged(type, previous, revision, [.. changes]);
    }
}
