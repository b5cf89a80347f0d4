using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Orchestrator.Actors.Resources;

/// <summary>One committed version of one object: its final UTF-8 JSON, shared by every reader and never changed.</summary>
public sealed class StoredObject(ObjectKey key, long revision, ReadOnlyMemory<byte> json)
{
    private ObjectMeta? _meta;
    private object? _view;

    public ObjectKey Key { get; } = key;

    /// <summary>The resourceVersion: the sequence number of the event that wrote this version.</summary>
    public long Revision { get; } = revision;

    /// <summary>The whole object as clients get it, apiVersion and kind included.</summary>
    public ReadOnlyMemory<byte> Json { get; } = json;

    // Racing parsers produce equal values, so the last one in may win.
    public ObjectMeta Meta => _meta ??= ObjectMeta.Parse(Json.Span);

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

    public byte[] ToArray() =>
        MemoryMarshal.TryGetArray(Json, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : Json.ToArray();
}
