using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>One object being printed: what a printer reads, and the cells that it appends.</summary>
internal readonly struct TableRow(JsonElement obj, DateTimeOffset now, Utf8JsonWriter cells)
{
    public JsonElement Object { get; } = obj;

    public DateTimeOffset Now { get; } = now;

    public JsonElement Metadata => Object.Get("metadata");

    public JsonElement Spec => Object.Get("spec");

    public JsonElement Status => Object.Get("status");

    public TableRow Name() => Text(Metadata.Text("name"));

    public TableRow Age() => Text(Since(Metadata.Text("creationTimestamp")));

    public TableRow Text(string? value)
    {
        cells.WriteStringValue(value ?? "");
        return this;
    }

    /// <summary>The text, or <paramref name="otherwise"/> where there is none.</summary>
    public TableRow TextOr(string? value, string otherwise) => Text(string.IsNullOrEmpty(value) ? otherwise : value);

    public TableRow Number(long value)
    {
        cells.WriteNumberValue(value);
        return this;
    }

    public TableRow Number(double value)
    {
        cells.WriteNumberValue(value);
        return this;
    }

    public TableRow Flag(bool value)
    {
        cells.WriteBooleanValue(value);
        return this;
    }

    public TableRow Null()
    {
        cells.WriteNullValue();
        return this;
    }

    /// <summary>How long ago a time stamp is, in kubectl's form.</summary>
    public string Since(string? timestamp) =>
        TryParseTime(timestamp, out var time) ? HumanDuration.Format(Now - time) : "<unknown>";

    public static bool TryParseTime(string? timestamp, out DateTimeOffset time) =>
        DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}
