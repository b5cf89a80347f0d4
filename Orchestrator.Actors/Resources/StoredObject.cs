using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Orchestrator.Actors.Resources;

/// <summary>One committed version of one object: its final UTF-8 JSON, shared by every reader and never changed.</summary>
/// <remarks>What changed last is kept as it is; what has not changed for a while is packed (<see cref="ObjectPacker"/>) and unpacked for
/// each reader.</remarks>
public sealed class StoredObject(ObjectKey key, long revision, ReadOnlyMemory<byte> json)
{
    // A byte[], and from some moment on a PackedJson: whoever sees no array sees none ever again.
    // The JSON as ReadOnlyMemory in a box of its own would cost more than it says: nearly always it is a whole array.
    private volatile object _json = MemoryMarshal.TryGetArray(json, out var whole) && whole.Offset == 0 && whole.Count == whole.Array!.Length ? whole.Array : json.ToArray();
    private ObjectMeta? _meta;
    private object? _view;

    public ObjectKey Key { get; } = key;

    /// <summary>The resourceVersion: the sequence number of the event that wrote this version.</summary>
    public long Revision { get; } = revision;

    /// <summary>The whole object as clients get it, apiVersion and kind included.</summary>
    public ReadOnlyMemory<byte> Json => ToArray();

    /// <summary>How long <see cref="Json"/> is (bytes).</summary>
    public int Length => _json is byte[] json ? json.Length : ((PackedJson)_json).Length;

    // Racing parsers produce equal values, so the last one in may win.
    public ObjectMeta Meta => _meta ??= ObjectMeta.Parse(Json.Span, Key);

    /// <summary>Takes the metadata from a reader of <see cref="Json"/> that stands on its first token, and leaves it on the last: for those
    /// who read the whole object anyway.</summary>
    internal void ReadMeta(ref Utf8JsonReader reader)
    {
        if (_meta is null) _meta = ObjectMeta.Read(ref reader, Key);
        else reader.Skip();
    }

    internal bool IsPacked => _json is PackedJson;

    /// <summary>A projection of the object, parsed at most about once: each kind has one view type, which callers share.</summary>
    public T View<T>(Func<StoredObject, T> parse) where T : class
    {
        if (_view is T view) return view;
        view = parse(this);
        _view = view;
        return view;
    }

    /// <summary>A fresh tree that the caller may change.</summary>
    public JsonObject ToTree() => JsonNode.Parse(Json.Span)!.AsObject();

    /// <summary>The bytes of <see cref="Json"/>, which the caller must not change.</summary>
    public byte[] ToArray() => _json is byte[] json ? json : ((PackedJson)_json).Unpack();

    /// <summary>Writes <see cref="Json"/>; what is packed is unpacked right into the writer.</summary>
    public void WriteTo(IBufferWriter<byte> writer)
    {
        if (_json is byte[] json)
        {
            writer.Write(json);
            return;
        }
        var packed = (PackedJson)_json;
        packed.Unpack(writer.GetSpan(packed.Length));
        writer.Advance(packed.Length);
    }

    /// <summary>Takes the packed form of its own JSON, and forgets what was read of it but the metadata, by which objects are selected.</summary>
    /// <param name="packed">The form.</param>
    /// <param name="meta">The metadata, sharing with other objects what is equal.</param>
    internal void Become(PackedJson packed, ObjectMeta meta)
    {
        _json = packed;
        _meta = meta;
        _view = null;
    }
}
