using System.Text;
using System.Text.Json;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Registry;

/// <summary>Changes parts of a stored object's bytes without parsing the rest into values.</summary>
public static class ObjectSplice
{
    /// <summary>The object with its whole <c>status</c> replaced, or null when it already has exactly these bytes.</summary>
    /// <param name="schema">The kind, when the record of who owns what is to be kept.</param>
    /// <param name="manager">Who owns what changes; empty to leave the record alone.</param>
    public static UncommittedJson? WithStatus(
        ReadOnlySpan<byte> json, ReadOnlySpan<byte> status, ResourceSchema? schema = null, string manager = "", DateTimeOffset at = default)
    {
        var layout = ObjectLayout.Of(json);
        if (layout.Status is { } range && json[range].SequenceEqual(status)) return null;
        if (schema is not null && manager.Length > 0 && layout.ManagedFields is { } record
            && StatusOwnership.After(schema, layout.Status is { } old ? json[old] : default, status, json[record], manager, at) is { } owned)
            return Apply(json, layout, StatusEdit(layout, status), new Edit(record, owned.Utf8.ToArray()));
        return Apply(json, layout, StatusEdit(layout, status));
    }

    /// <summary>The object with its version taken out, ready for the next commit.</summary>
    public static UncommittedJson Unversioned(ReadOnlySpan<byte> json) => Apply(json, ObjectLayout.Of(json));

    /// <summary>The same object at another version, as a deletion reports it.</summary>
    public static StoredObject WithRevision(StoredObject o, long revision) =>
        new(o.Key, revision, Unversioned(o.Json.Span).WithRevision(revision));

    internal static Edit StatusEdit(ObjectLayout layout, ReadOnlySpan<byte> status) =>
        layout.Status is { } range
            ? new Edit(range, status.ToArray())
            : new Edit(new Range(layout.End, layout.End), [.. ",\"status\":"u8, .. status]);

    /// <summary>Applies edits to ranges that do not overlap, and empties the version.</summary>
    internal static UncommittedJson Apply(ReadOnlySpan<byte> json, ObjectLayout layout, params ReadOnlySpan<Edit> edits)
    {
        var all = new List<Edit>(edits.Length + 1) { new(layout.Version, []) };
        foreach (var edit in edits) all.Add(edit);
        all.Sort((a, b) => a.Where.Start.Value.CompareTo(b.Where.Start.Value));

        var size = json.Length;
        foreach (var edit in all) size += edit.Bytes.Length - (edit.Where.End.Value - edit.Where.Start.Value);
        var result = new byte[size];
        int from = 0, to = 0, version = 0;
        foreach (var edit in all)
        {
            var kept = json[from..edit.Where.Start.Value];
            kept.CopyTo(result.AsSpan(to));
            to += kept.Length;
            if (edit.Where.Equals(layout.Version)) version = to;
            edit.Bytes.CopyTo(result.AsSpan(to));
            to += edit.Bytes.Length;
            from = edit.Where.End.Value;
        }
        json[from..].CopyTo(result.AsSpan(to));
        return new UncommittedJson(result, version);
    }

    internal readonly record struct Edit(Range Where, byte[] Bytes);
}

/// <summary>Where the parts of a stored object lie in its bytes.</summary>
internal readonly record struct ObjectLayout
{
    /// <summary>The digits of metadata.resourceVersion, without the quotes.</summary>
    public required Range Version { get; init; }

    /// <summary>The value of metadata.managedFields.</summary>
    public Range? ManagedFields { get; init; }
    public Range? Spec { get; init; }
    public Range? Status { get; init; }

    /// <summary>The index of the closing brace of the object.</summary>
    public required int End { get; init; }

    /// <exception cref="JsonException">The bytes are not a stored object.</exception>
    public static ObjectLayout Of(ReadOnlySpan<byte> json)
    {
        Range? version = null, managed = null, spec = null, status = null;
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("metadata"u8)) (version, managed) = ReadMetadata(ref reader);
            else if (reader.ValueTextEquals("spec"u8)) spec = ValueRange(ref reader);
            else if (reader.ValueTextEquals("status"u8)) status = ValueRange(ref reader);
            else ValueRange(ref reader);
        }
        if (version is null) throw new JsonException($"the object has no metadata.resourceVersion: {Encoding.UTF8.GetString(json[..Math.Min(200, json.Length)])}");
        return new ObjectLayout { Version = version.Value, ManagedFields = managed, Spec = spec, Status = status, End = (int)reader.TokenStartIndex };
    }

    private static Range ValueRange(ref Utf8JsonReader reader)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return start..(int)reader.BytesConsumed;
    }

    private static (Range? Version, Range? ManagedFields) ReadMetadata(ref Utf8JsonReader reader)
    {
        Range? version = null, managed = null;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isVersion = reader.ValueTextEquals("resourceVersion"u8);
            var isManaged = !isVersion && reader.ValueTextEquals("managedFields"u8);
            var range = ValueRange(ref reader);
            if (isVersion) version = (range.Start.Value + 1)..(range.End.Value - 1);
            else if (isManaged) managed = range;
        }
        return (version, managed);
    }
}
