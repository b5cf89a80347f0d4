using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>Who manages fields: a name, whether by apply or by other writes, in which version, and through which subresource.</summary>
/// <param name="ApiVersion">Empty for appliers, which stay the same manager when they go on to another version.</param>
/// <remarks>Source: apimachinery, managedfields BuildManagerIdentifier.</remarks>
internal sealed record FieldManagerId(string Manager, bool Applies, string ApiVersion, string Subresource) : IComparable<FieldManagerId>
{
    public int CompareTo(FieldManagerId? other)
    {
        if (other is null) return 1;
        var order = string.CompareOrdinal(Manager, other.Manager);
        if (order == 0) order = other.Applies.CompareTo(Applies);
        if (order == 0) order = string.CompareOrdinal(ApiVersion, other.ApiVersion);
        return order == 0 ? string.CompareOrdinal(Subresource, other.Subresource) : order;
    }

    /// <summary>As conflicts tell it.</summary>
    public override string ToString()
    {
        var text = GoQuote.Quote(Manager);
        if (Subresource.Length > 0) text += $" with subresource {GoQuote.Quote(Subresource)}";
        return Applies ? text : $"{text} using {ApiVersion}";
    }
}

/// <summary>What one manager owns.</summary>
/// <param name="ApiVersion">The version in which the fields are named.</param>
/// <param name="Time">RFC 3339; null when the entry has none.</param>
internal sealed record ManagedEntry(FieldManagerId Id, string ApiVersion, FieldSet Set, string? Time);

/// <summary>The <c>metadata.managedFields</c> of an object.</summary>
/// <remarks>Source: apimachinery, util/managedfields/internal managedfields.go.</remarks>
internal sealed class ManagedFields
{
    /// <summary>Most managers by update (count); the oldest are merged beyond it.</summary>
    /// <remarks>Source: apimachinery, DefaultMaxUpdateManagers.</remarks>
    private const int UpdateManagersMax = 10;

    private readonly Dictionary<FieldManagerId, ManagedEntry> _entries = [];

    public bool IsEmpty => _entries.Count == 0;

    public IEnumerable<FieldManagerId> Ids => _entries.Keys.Order();

    public IEnumerable<ManagedEntry> Entries => Ids.Select(id => _entries[id]);

    public ManagedEntry? Find(FieldManagerId id) => _entries.GetValueOrDefault(id);

    public ManagedFields Copy()
    {
        var copy = new ManagedFields();
        foreach (var (id, entry) in _entries) copy._entries[id] = entry;
        return copy;
    }

    /// <summary>Sets an entry; one of no fields goes.</summary>
    public void Set(ManagedEntry entry)
    {
        if (entry.Set.IsEmpty) _entries.Remove(entry.Id);
        else _entries[entry.Id] = entry;
    }

    public void Remove(FieldManagerId id) => _entries.Remove(id);

    /// <summary>Both have the same managers with the same fields, whatever the times.</summary>
    public bool SameOwners(ManagedFields other) =>
        _entries.Count == other._entries.Count
        && _entries.All(e => other.Find(e.Key) is { } theirs && theirs.ApiVersion == e.Value.ApiVersion && theirs.Set.Equals(e.Value.Set));

    /// <summary>Somebody wants the record gone: one entry that says nothing.</summary>
    public static bool IsReset(JsonNode? managedFields) => managedFields is JsonArray { Count: 1 } list && list[0] is JsonObject { Count: 0 };

    /// <summary>Reads <c>managedFields</c>, or says what is wrong with it.</summary>
    public static (ManagedFields? Fields, string? Fault) Read(JsonNode? managedFields)
    {
        var result = new ManagedFields();
        if (managedFields is not JsonArray list) return (result, null);
        for (var i = 0; i < list.Count; i++)
        {
            var entry = list[i] as JsonObject ?? [];
            var operation = JsonTree.String(entry, "operation");
            if (operation is not ("Apply" or "Update")) return (null, "operation must be `Apply` or `Update`");
            var version = JsonTree.String(entry, "apiVersion") ?? "";
            if (version.Length == 0) return (null, "apiVersion must not be empty");
            var form = JsonTree.String(entry, "fieldsType") ?? "";
            if (form.Length == 0) return (null, $"missing fieldsType in managed fields entry {i.ToString(CultureInfo.InvariantCulture)}");
            if (form != "FieldsV1") return (null, $"invalid fieldsType {GoQuote.Quote(form)} in managed fields entry {i.ToString(CultureInfo.InvariantCulture)}");
            var applies = operation == "Apply";
            var id = new FieldManagerId(JsonTree.String(entry, "manager") ?? "", applies, applies ? "" : version, JsonTree.String(entry, "subresource") ?? "");
            try
            {
                var set = entry["fieldsV1"] is { } fields ? FieldsV1.Parse(fields) : FieldSet.Empty;
                result.Set(new ManagedEntry(id, version, set, JsonTree.String(entry, "time")));
            }
            catch (FormatException e)
            {
                return (null, $"error decoding versioned set from {JsonTree.ToText(entry)}: {e.Message}");
            }
        }
        return (result, null);
    }

    /// <summary>The list as objects carry it: appliers first, then by time and name.</summary>
    public RawJson? ToJson() => _entries.Count == 0 ? null : RawJson.Write(writer =>
    {
        writer.WriteStartArray();
        foreach (var entry in _entries.Values.OrderBy(e => e.Id.Applies ? 0 : 1).ThenBy(e => e.Time ?? "", StringComparer.Ordinal)
            .ThenBy(e => e.Id.Manager, StringComparer.Ordinal).ThenBy(e => e.ApiVersion, StringComparer.Ordinal).ThenBy(e => e.Id.Subresource, StringComparer.Ordinal))
        {
            writer.WriteStartObject();
            if (entry.Id.Manager.Length > 0) writer.WriteString("manager"u8, entry.Id.Manager);
            writer.WriteString("operation"u8, entry.Id.Applies ? "Apply"u8 : "Update"u8);
            writer.WriteString("apiVersion"u8, entry.ApiVersion);
            if (entry.Time is { } time) writer.WriteString("time"u8, time);
            writer.WriteString("fieldsType"u8, "FieldsV1"u8);
            writer.WritePropertyName("fieldsV1"u8);
            FieldsV1.Write(writer, entry.Set);
            if (entry.Id.Subresource.Length > 0) writer.WriteString("subresource"u8, entry.Id.Subresource);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    });

    /// <summary>Merges the oldest entries of updates when there are too many, one entry for each version.</summary>
    /// <remarks>Source: apimachinery, capmanagers.go.</remarks>
    public void Cap()
    {
        var updaters = _entries.Values.Where(e => !e.Id.Applies).OrderBy(e => e.Time ?? "", StringComparer.Ordinal).ThenBy(e => e.Id).ToImmutableArray();
        var count = updaters.Length;
        var firstOf = new Dictionary<string, FieldManagerId>(StringComparer.Ordinal);
        for (var i = 0; i < updaters.Length && count > UpdateManagersMax; i++)
        {
            var entry = updaters[i];
            if (!firstOf.TryGetValue(entry.ApiVersion, out var first))
            {
                firstOf[entry.ApiVersion] = entry.Id;
                continue;
            }
            var bucket = new FieldManagerId(FieldManagers.AncientChanges, false, entry.ApiVersion, "");
            if (!_entries.TryGetValue(bucket, out var merged))
            {
                merged = _entries[first];
                _entries.Remove(first);
            }
            _entries.Remove(entry.Id);
            _entries[bucket] = new ManagedEntry(bucket, entry.ApiVersion, entry.Set.Union(merged.Set), entry.Time);
            count--;
        }
    }
}
