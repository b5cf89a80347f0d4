using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>Keeps the record of a status that is spliced into an object's bytes, from the statuses and the record alone.</summary>
/// <remarks>Mostly a manager sets again what it set before, and then only the time of its entry is written anew; entries that have
/// nothing in the status are copied as they are. Runs where writes are serial, so it reads no more than it must.</remarks>
internal static class StatusOwnership
{
    /// <summary>The record after the write; null when it stays as it is.</summary>
    /// <param name="before">The status so far; empty when there is none.</param>
    /// <param name="managedFields">The record so far.</param>
    public static RawJson? After(
        ResourceSchema schema, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after, ReadOnlySpan<byte> managedFields, string manager, DateTimeOffset at)
    {
        var changes = FieldComparison.OfField("status", schema.Root.Field("status")?.Type, Parse(before), Parse(after));
        if (changes.IsEmpty) return null;
        if (JsonNode.Parse(managedFields) is not JsonArray list) return null;
        var time = Rfc3339.Seconds(at);
        var set = changes.Set;
        var own = false;
        var changed = false;
        for (var i = list.Count - 1; i >= 0; i--)
        {
            if (list[i] is not JsonObject entry || entry["fieldsV1"] is not JsonObject fields) continue;
            var mine = IsOf(entry, manager, schema.ApiVersion);
            if (!mine && !fields.ContainsKey("f:status")) continue;
            var old = TryParse(fields);
            if (old is null) continue;
            var now = mine ? old.Difference(changes.Removed).Union(set) : old.Difference(set).Difference(changes.Removed);
            if (now.IsEmpty) list.RemoveAt(i);
            else if (!now.Equals(old)) entry["fieldsV1"] = new RawJson(FieldsV1.ToBytes(now)).ToNode();
            if (mine && !set.IsEmpty) entry["time"] = time;
            changed |= !now.Equals(old) || (mine && !set.IsEmpty);
            own |= mine;
        }
        if (!own && !set.IsEmpty)
        {
            list.Add(NewEntry(schema.ApiVersion, manager, time, set));
            changed = true;
            // Too many managers are rare enough for the long way.
            if (list.Count > 10) return Capped(list);
        }
        return changed ? RawJson.Write(w => list.WriteTo(w)) : null;
    }

    private static bool IsOf(JsonObject entry, string manager, string apiVersion) =>
        JsonTree.String(entry, "manager") == manager && JsonTree.String(entry, "operation") == "Update"
        && JsonTree.String(entry, "subresource") == "status" && JsonTree.String(entry, "apiVersion") == apiVersion;

    private static JsonObject NewEntry(string apiVersion, string manager, string time, FieldSet set) => new()
    {
        ["manager"] = manager,
        ["operation"] = "Update",
        ["apiVersion"] = apiVersion,
        ["time"] = time,
        ["fieldsType"] = "FieldsV1",
        ["fieldsV1"] = new RawJson(FieldsV1.ToBytes(set)).ToNode(),
        ["subresource"] = "status",
    };

    private static RawJson? Capped(JsonArray list)
    {
        var written = RawJson.Write(w => list.WriteTo(w));
        var (fields, _) = ManagedFields.Read(written.Parse());
        if (fields is null) return written;
        fields.Cap();
        return fields.ToJson();
    }

    private static FieldSet? TryParse(JsonObject fields)
    {
        try
        {
            return FieldsV1.Parse(fields);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static JsonNode? Parse(ReadOnlySpan<byte> json) => json.IsEmpty ? null : JsonNode.Parse(json);
}
