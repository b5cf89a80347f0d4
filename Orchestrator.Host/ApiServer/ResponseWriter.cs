using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Orchestrator.Host.ApiServer;

/// <summary>Writes whole bodies: one buffer, its length, and gzip where it is wanted and worth it.</summary>
public static class ResponseWriter
{
    /// <summary>Smallest body that is compressed (bytes). Source: k8s.io/apiserver, gzip threshold.</summary>
    private const int CompressedMin = 128 * 1024;

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes bytes as they are.</summary>
    public static Task WriteAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        response.ContentType = contentType;
        if (response.Headers.CacheControl.Count == 0) response.Headers.CacheControl = "no-cache, private";
        if (body.Length >= CompressedMin && AcceptsGzip(context)) return CompressAsync(response, body);
        response.ContentLength = body.Length;
        if (HttpMethods.IsHead(context.Request.Method)) return Task.CompletedTask;
        response.BodyWriter.Write(body.Span);
        // Completing the request flushes: a small body leaves in one segment with its headers.
        return body.Length < 16 * 1024 ? Task.CompletedTask : response.BodyWriter.FlushAsync(context.RequestAborted).AsTask();
    }

    /// <summary>The record that is to have the body of the answer as JSON; null when nobody wants it.</summary>
    public static Audit.AuditRecord? RecordOf(HttpContext context) => context.Features.Get<Audit.AuditRecord>() is { WantsResponse: true } record ? record : null;

    /// <summary>Writes JSON in the form that was negotiated.</summary>
    public static Task WriteJsonAsync(HttpContext context, MediaFormat format, ReadOnlyMemory<byte> json)
    {
        RecordOf(context)?.TakeResponse(json.Span);
        if (format.Encoding == MediaEncoding.Yaml) return WriteAsync(context, format.ContentType, YamlWriter.FromJson(json));
        if (format.Pretty || PrettyPrint.IsWanted(context.Request)) json = Indent(json);
        return WriteAsync(context, format.Encoding == MediaEncoding.Protobuf ? MediaFormat.JsonType : format.ContentType, json);
    }

    public static bool AcceptsGzip(HttpContext context) =>
        context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);

    private static async Task CompressAsync(HttpResponse response, ReadOnlyMemory<byte> body)
    {
        response.Headers.ContentEncoding = "gzip";
        response.Headers.Append("Vary", "Accept-Encoding");
        await using var gzip = new GZipStream(response.BodyWriter.AsStream(leaveOpen: true), CompressionLevel.Fastest);
        await gzip.WriteAsync(body).ConfigureAwait(false);
    }

    private static ReadOnlyMemory<byte> Indent(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 512 });
        var buffer = new ArrayBufferWriter<byte>(json.Length * 2);
        using (var writer = new Utf8JsonWriter(buffer, Indented)) document.RootElement.WriteTo(writer);
        buffer.Write("\n"u8);
        return buffer.WrittenMemory;
    }
}
