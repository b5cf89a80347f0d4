using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Protobuf;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Host.ApiServer;

/// <summary>Objects in the forms that clients ask for: as stored, as YAML, protobuf, a Table, or the metadata alone.</summary>
public sealed class Representations(TimeProvider clock, CustomResourceConverter? converter = null)
{
    private static readonly ConditionalWeakTable<ResourceSchema, TableLayout> Layouts = [];

    // Kept for as long as the version of the object lives, so that many watchers share one transcoding.
    private static readonly ConditionalWeakTable<StoredObject, byte[]> Messages = [];

    public static ApiError NotAcceptable { get; } = new(406, "NotAcceptable",
        "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf");

    /// <summary>YAML has no form for one thing after another.</summary>
    public static ApiError NotAcceptableAsStream { get; } = new(406, "NotAcceptable",
        "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch");

    /// <summary>Whether this form of an object or a list of this kind can be given.</summary>
    public static bool Offers(MediaFormat format, ResourceSchema schema, bool list)
    {
        if (format.Encoding == MediaEncoding.Protobuf && (format.Projection == Projection.Table || (format.Projection == Projection.None && schema.IsCustom))) return false;
        // An answer to a question is no object of which there could be a table.
        if (ReviewEndpoint.Handles(schema) && format.Projection != Projection.None) return false;
        return format.Projection switch
        {
            Projection.None => true,
            Projection.Table => format.Version is "v1" or "v1beta1",
            Projection.PartialObjectMetadata => !list && format.Version is "v1" or "v1beta1",
            Projection.PartialObjectMetadataList => list && format.Version is "v1" or "v1beta1",
            _ => false,
        };
    }

    /// <summary>Custom resources as the version of the request shows them; others as they are.</summary>
    public ValueTask<(IReadOnlyList<StoredObject> Objects, ApiError? Error)> ShowAsync(ResourceSchema schema, IReadOnlyList<StoredObject> objects, CancellationToken cancellationToken) =>
        !ObjectConversion.IsReadAnew(schema) ? ValueTask.FromResult((objects, (ApiError?)null))
        : schema.Conversion is null || converter is null ? ValueTask.FromResult(((IReadOnlyList<StoredObject>)[.. objects.Select(o => ObjectConversion.Show(schema, o))], (ApiError?)null))
        : converter.ShowAsync(schema, objects, cancellationToken);

    /// <summary>Answers with one object.</summary>
    public Task WriteObjectAsync(HttpContext context, ResourceSchema schema, MediaFormat format, StoredObject o, int code = 200) =>
        !ObjectConversion.IsReadAnew(schema) ? WriteShownAsync(context, schema, format, o, code) : ShowAndWriteAsync(context, schema, format, o, code);

    private async Task ShowAndWriteAsync(HttpContext context, ResourceSchema schema, MediaFormat format, StoredObject o, int code)
    {
        var (shown, error) = await ShowAsync(schema, [o], context.RequestAborted).ConfigureAwait(false);
        await (error is null ? WriteShownAsync(context, schema, format, shown[0], code) : StatusWriter.WriteAsync(context, error)).ConfigureAwait(false);
    }

    private Task WriteShownAsync(HttpContext context, ResourceSchema schema, MediaFormat format, StoredObject o, int code)
    {
        context.Response.StatusCode = code;
        if (format.Encoding == MediaEncoding.Json && format.Projection == Projection.None && !format.Pretty && !context.Request.QueryString.HasValue && !PrettyPrint.IsWanted(context.Request))
        {
            var json = ObjectConversion.Bytes(schema, o);
            ResponseWriter.RecordOf(context)?.TakeResponse(json.Span);
            return ResponseWriter.WriteAsync(context, MediaFormat.JsonType, json);
        }
        return WriteOtherAsync(context, schema, format, o);
    }

    /// <summary>Answers with an object that is not stored, such as a Scale or a review.</summary>
    public static Task WriteJsonAsync(HttpContext context, MediaFormat format, TypeSchema? type, string apiVersion, string kind, ReadOnlyMemory<byte> json, int code = 200)
    {
        context.Response.StatusCode = code;
        if (format.Encoding != MediaEncoding.Protobuf || type is null) return ResponseWriter.WriteJsonAsync(context, format, json);
        ResponseWriter.RecordOf(context)?.TakeResponse(json.Span);
        var buffer = new ArrayBufferWriter<byte>(512);
        ProtobufTranscoder.Encode(buffer, type, apiVersion, kind, json);
        return ResponseWriter.WriteAsync(context, MediaFormat.ProtobufType, buffer.WrittenMemory);
    }

    /// <summary>Answers with stored objects as a list.</summary>
    public async Task WriteListAsync(HttpContext context, ResourceSchema schema, MediaFormat format, IReadOnlyList<StoredObject> objects, TableListMeta meta)
    {
        var (shown, error) = await ShowAsync(schema, objects, context.RequestAborted).ConfigureAwait(false);
        await (error is null ? WriteShownListAsync(context, schema, format, shown, meta) : StatusWriter.WriteAsync(context, error)).ConfigureAwait(false);
    }

    /// <summary>Answers with a list, in any form but plain JSON, of objects that are in the version of the request.</summary>
    public Task WriteShownListAsync(HttpContext context, ResourceSchema schema, MediaFormat format, IReadOnlyList<StoredObject> objects, in TableListMeta meta)
    {
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        if (format.Encoding == MediaEncoding.Protobuf)
        {
            var (apiVersion, kind) = TypeOf(schema, format);
            ProtobufTranscoder.EncodeList(buffer, apiVersion, kind == schema.Kind ? schema.ListKind : kind, objects.Select(o => (ReadOnlyMemory<byte>)Message(schema, format, o)), meta.ResourceVersion, meta.Continue, meta.RemainingItems);
            if (ResponseWriter.RecordOf(context) is { } record)
            {
                var json = new ArrayBufferWriter<byte>(64 * 1024);
                WriteItems(json, schema, objects, meta);
                record.TakeResponse(json.WrittenSpan);
            }
            return ResponseWriter.WriteAsync(context, MediaFormat.ProtobufType, buffer.WrittenMemory);
        }
        switch (format.Projection)
        {
            case Projection.Table:
                if (!TableWriter.TryParse(context.Request.Query["includeObject"], out var rows)) return StatusWriter.WriteAsync(context, BadInclude(context));
                TableWriter.Write(buffer, LayoutOf(schema), objects.Select(o => o.Json), meta, rows, clock.GetUtcNow(), version: format.Version);
                break;
            case Projection.PartialObjectMetadataList:
                MetadataProjection.WriteList(buffer, objects.Select(o => o.Json), meta, format.Version);
                break;
            default:
                WriteItems(buffer, schema, objects, meta);
                break;
        }
        return ResponseWriter.WriteJsonAsync(context, format, buffer.WrittenMemory);
    }

    private static void WriteItems(ArrayBufferWriter<byte> buffer, ResourceSchema schema, IReadOnlyList<StoredObject> objects, in TableListMeta meta)
    {
        buffer.Write(ListEndpoint.Head(schema, meta).Span);
        for (var i = 0; i < objects.Count; i++)
        {
            if (i > 0) buffer.Write(","u8);
            buffer.Write(ObjectConversion.Bytes(schema, objects[i]).Span);
        }
        buffer.Write("]}"u8);
    }

    /// <summary>Writes one event of a watch, with its framing.</summary>
    /// <param name="headings">For a Table: whether this is the first event, which carries the columns.</param>
    public void WriteEvent(IBufferWriter<byte> output, ResourceSchema schema, MediaFormat format, string type, StoredObject o, RowObject rows, bool headings)
    {
        if (format.Encoding == MediaEncoding.Protobuf)
        {
            var (apiVersion, kind) = TypeOf(schema, format);
            ProtobufTranscoder.EncodeWatchFrame(output, type, apiVersion, kind, Message(schema, format, o));
            return;
        }
        output.Write("{\"type\":\""u8);
        WriteAscii(output, type);
        output.Write("\",\"object\":"u8);
        switch (format.Projection)
        {
            case Projection.Table:
                var meta = new TableListMeta(o.Revision.ToString(CultureInfo.InvariantCulture));
                TableWriter.Write(output, LayoutOf(schema), [o.Json], meta, rows, clock.GetUtcNow(), headings, format.Version);
                break;
            case Projection.PartialObjectMetadata:
                MetadataProjection.Write(output, o.Json.Span, format.Version);
                break;
            default:
                output.Write(ObjectConversion.Bytes(schema, o).Span);
                break;
        }
        output.Write("}\n"u8);
    }

    /// <summary>Writes a BOOKMARK: an object of the kind with a version alone.</summary>
    /// <param name="endOfInitial">It marks the end of the events that show the state at the start.</param>
    public static void WriteBookmark(IBufferWriter<byte> output, ResourceSchema schema, MediaFormat format, long revision, bool endOfInitial)
    {
        var version = revision.ToString(CultureInfo.InvariantCulture);
        var annotations = endOfInitial ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "";
        var (apiVersion, kind) = TypeOf(schema, format);
        var json = $"{{\"kind\":\"{kind}\",\"apiVersion\":\"{apiVersion}\",\"metadata\":{{\"resourceVersion\":\"{version}\",\"creationTimestamp\":null{annotations}}}}}";
        if (format.Encoding == MediaEncoding.Protobuf)
        {
            var plain = Encoding.UTF8.GetBytes(json.Replace(",\"creationTimestamp\":null", "", StringComparison.Ordinal));
            ProtobufTranscoder.EncodeWatchFrame(output, "BOOKMARK", apiVersion, kind,
                format.Projection == Projection.None ? ProtobufTranscoder.EncodeRaw(schema.Root, plain) : ProtobufTranscoder.EncodeMetadata(plain));
            return;
        }
        if (format.Projection == Projection.Table)
            json = $"{{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/{format.Version}\",\"metadata\":{{\"resourceVersion\":\"{version}\"}},\"columnDefinitions\":[],\"rows\":[{{\"cells\":[],\"object\":{json}}}]}}";
        output.Write("{\"type\":\"BOOKMARK\",\"object\":"u8);
        output.Write(Encoding.UTF8.GetBytes(json));
        output.Write("}\n"u8);
    }

    /// <summary>Writes an ERROR event: how a watch that has begun tells why it ends.</summary>
    public static void WriteError(IBufferWriter<byte> output, SchemaCatalog catalog, MediaFormat format, ApiError error)
    {
        var status = StatusWriter.Failure(error);
        if (format.Encoding == MediaEncoding.Protobuf && catalog.FindType("meta.v1.Status") is { } type)
        {
            ProtobufTranscoder.EncodeWatchFrame(output, "ERROR", "v1", "Status", ProtobufTranscoder.EncodeRaw(type, status));
            return;
        }
        output.Write("{\"type\":\"ERROR\",\"object\":"u8);
        output.Write(status.Span);
        output.Write("}\n"u8);
    }

    public static ApiError BadInclude(HttpContext context) => ApiError.BadRequest(
        $"unsupported includeObject: {GoQuote.Quote(context.Request.Query["includeObject"].ToString())}; it must be None, Metadata or Object");

    private async Task WriteOtherAsync(HttpContext context, ResourceSchema schema, MediaFormat format, StoredObject o)
    {
        if (format.Encoding == MediaEncoding.Protobuf)
        {
            ResponseWriter.RecordOf(context)?.TakeResponse(ObjectConversion.Bytes(schema, o).Span);
            var wrapped = new ArrayBufferWriter<byte>(512);
            var (apiVersion, kind) = TypeOf(schema, format);
            ProtobufTranscoder.Wrap(wrapped, apiVersion, kind, Message(schema, format, o));
            await ResponseWriter.WriteAsync(context, MediaFormat.ProtobufType, wrapped.WrittenMemory).ConfigureAwait(false);
            return;
        }
        if (format.Projection == Projection.None)
        {
            await ResponseWriter.WriteJsonAsync(context, format, ObjectConversion.Bytes(schema, o)).ConfigureAwait(false);
            return;
        }
        var buffer = new ArrayBufferWriter<byte>(1024);
        if (format.Projection == Projection.Table)
        {
            if (!TableWriter.TryParse(context.Request.Query["includeObject"], out var rows))
            {
                await StatusWriter.WriteAsync(context, BadInclude(context)).ConfigureAwait(false);
                return;
            }
            TableWriter.Write(buffer, LayoutOf(schema), [o.Json], new TableListMeta(o.Revision.ToString(CultureInfo.InvariantCulture)), rows, clock.GetUtcNow(), version: format.Version);
        }
        else MetadataProjection.Write(buffer, o.Json.Span, format.Version);
        await ResponseWriter.WriteJsonAsync(context, format, buffer.WrittenMemory).ConfigureAwait(false);
    }

    /// <summary>What an answer in this form says that it is.</summary>
    private static (string ApiVersion, string Kind) TypeOf(ResourceSchema schema, MediaFormat format) =>
        format.Projection is Projection.PartialObjectMetadata or Projection.PartialObjectMetadataList
            ? ($"meta.k8s.io/{format.Version}", format.Projection.ToString())
            : (schema.ApiVersion, schema.Kind);

    private static byte[] Message(ResourceSchema schema, MediaFormat format, StoredObject o) =>
        format.Projection != Projection.None ? ProtobufTranscoder.EncodeMetadata(o.Json)
        : !ObjectConversion.IsStorage(schema)
            ? ProtobufTranscoder.EncodeRaw(schema.Root, ObjectConversion.Bytes(schema, o))
            : Messages.GetValue(o, stored => ProtobufTranscoder.EncodeRaw(schema.Root, stored.Json));

    private static TableLayout LayoutOf(ResourceSchema schema) => Layouts.GetValue(schema, static s => s.IsCustom
        ? CustomTable.Create([.. s.Columns.Select(c => new PrinterColumn(c.Name, c.Type, c.JsonPath, c.Format, c.Description, c.Priority))])
        : BuiltInTables.Find(s.StoredAs.ToString()) ?? TableLayout.Default);

    private static void WriteAscii(IBufferWriter<byte> output, string text)
    {
        var span = output.GetSpan(text.Length);
        for (var i = 0; i < text.Length; i++) span[i] = (byte)text[i];
        output.Advance(text.Length);
    }
}
