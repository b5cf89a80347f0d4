using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>What each row carries of its object: the includeObject parameter of a request for a Table.</summary>
public enum RowObject
{
    /// <summary>Its metadata; what clients get unless they ask otherwise.</summary>
    Metadata,

    /// <summary>All of it.</summary>
    Object,

    /// <summary>Nothing.</summary>
    None,
}

/// <summary>Writes meta.k8s.io Tables: cells as Kubernetes prints them, computed from the stored bytes.</summary>
public static class TableWriter
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Reads the includeObject parameter; false when it is none of Kubernetes' values.</summary>
    public static bool TryParse(string? includeObject, out RowObject rowObject)
    {
        rowObject = includeObject switch { "Object" => RowObject.Object, "None" => RowObject.None, _ => RowObject.Metadata };
        return includeObject is null or "" or "Metadata" or "Object" or "None";
    }

    /// <summary>Writes a Table of <paramref name="objects"/>.</summary>
    /// <param name="output">Where the UTF-8 JSON goes.</param>
    /// <param name="layout">The columns of the resource.</param>
    /// <param name="objects">The stored bytes, in the order of the rows.</param>
    /// <param name="meta">The metadata of the list; of one object, its resourceVersion.</param>
    /// <param name="rowObject">What each row carries of its object.</param>
    /// <param name="now">The time from which ages are counted.</param>
    /// <param name="headings">False leaves the columns out, as in every event of a watch but the first.</param>
    /// <param name="version">v1 or v1beta1 of meta.k8s.io.</param>
    public static void Write(
        IBufferWriter<byte> output, TableLayout layout, IEnumerable<ReadOnlyMemory<byte>> objects, in TableListMeta meta,
        RowObject rowObject, DateTimeOffset now, bool headings = true, string version = "v1")
    {
        using var writer = new Utf8JsonWriter(output, Options);
        writer.WriteStartObject();
        writer.WriteString("kind"u8, "Table"u8);
        writer.WriteString("apiVersion"u8, $"meta.k8s.io/{version}");
        writer.WritePropertyName("metadata"u8);
        meta.Write(writer);
        writer.WriteStartArray("columnDefinitions"u8);
        if (headings)
            foreach (var column in layout.Columns) WriteColumn(writer, column);
        writer.WriteEndArray();
        writer.WriteStartArray("rows"u8);
        var scratch = rowObject == RowObject.Metadata ? new ArrayBufferWriter<byte>(512) : null;
        foreach (var json in objects) WriteRow(writer, layout, json, rowObject, now, scratch, version);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteColumn(Utf8JsonWriter writer, TableColumn column)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, column.Name);
        writer.WriteString("type"u8, column.Type);
        writer.WriteString("format"u8, column.Format);
        writer.WriteString("description"u8, column.Description);
        writer.WriteNumber("priority"u8, column.Priority);
        writer.WriteEndObject();
    }

    private static void WriteRow(
        Utf8JsonWriter writer, TableLayout layout, ReadOnlyMemory<byte> json, RowObject rowObject, DateTimeOffset now,
        ArrayBufferWriter<byte>? scratch, string version)
    {
        using var document = JsonDocument.Parse(json);
        writer.WriteStartObject();
        writer.WriteStartArray("cells"u8);
        layout.Print(new TableRow(document.RootElement, now, writer));
        writer.WriteEndArray();
        if (layout.Condition?.Invoke(document.RootElement) is { } condition) WriteCondition(writer, condition);
        if (rowObject != RowObject.None)
        {
            writer.WritePropertyName("object"u8);
            if (scratch is null)
            {
                writer.WriteRawValue(json.Span, skipInputValidation: true);
            }
            else
            {
                scratch.ResetWrittenCount();
                MetadataProjection.Write(scratch, json.Span, version);
                writer.WriteRawValue(scratch.WrittenSpan, skipInputValidation: true);
            }
        }
        writer.WriteEndObject();
    }

    private static void WriteCondition(Utf8JsonWriter writer, RowCondition condition)
    {
        writer.WriteStartArray("conditions"u8);
        writer.WriteStartObject();
        writer.WriteString("type"u8, condition.Type);
        writer.WriteString("status"u8, "True"u8);
        writer.WriteString("reason"u8, condition.Reason);
        writer.WriteString("message"u8, condition.Message);
        writer.WriteEndObject();
        writer.WriteEndArray();
    }
}
