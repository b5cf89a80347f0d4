using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>The only place that writes <c>kind: Status</c>.</summary>
public static class StatusWriter
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The Status of a refusal.</summary>
    /// <param name="continueToken">For an expired list: how to go on in spite of it.</param>
    public static ReadOnlyMemory<byte> Failure(ApiError error, string continueToken = "")
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, Options);
        WriteHead(writer, "Failure", continueToken);
        writer.WriteText("message"u8, error.Message);
        if (error.Reason.Length > 0) writer.WriteString("reason"u8, error.Reason);
        if (error.HasDetails || error.Name.Length > 0 || error.Group.Length > 0 || error.Kind.Length > 0 || !error.Causes.IsEmpty || error.RetryAfterSeconds > 0) WriteDetails(writer, error);
        writer.WriteNumber("code"u8, error.Code);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>The Status of a deletion that leaves nothing to show.</summary>
    public static ReadOnlyMemory<byte> Success(ResourceType type, string name, string uid, int code = 200)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, Options);
        WriteHead(writer, "Success", "");
        if (name.Length > 0)
        {
            writer.WriteStartObject("details"u8);
            writer.WriteString("name"u8, name);
            if (type.Group.Length > 0) writer.WriteString("group"u8, type.Group);
            writer.WriteString("kind"u8, type.Plural);
            if (uid.Length > 0) writer.WriteString("uid"u8, uid);
            writer.WriteEndObject();
        }
        else if (code == 201) writer.WriteNumber("code"u8, code);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>Answers a request with a refusal.</summary>
    public static Task WriteAsync(HttpContext context, ApiError error, string continueToken = "")
    {
        if (context.Response.HasStarted) return Task.CompletedTask;
        context.Response.StatusCode = error.Code;
        context.Features.Set(error);
        if (error.RetryAfterSeconds > 0) context.Response.Headers.RetryAfter = error.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return ResponseWriter.WriteJsonAsync(context, MediaFormat.Json, Failure(error, continueToken));
    }

    private static void WriteHead(Utf8JsonWriter writer, string status, string continueToken)
    {
        writer.WriteStartObject();
        writer.WriteString("kind"u8, "Status"u8);
        writer.WriteString("apiVersion"u8, "v1"u8);
        writer.WriteStartObject("metadata"u8);
        if (continueToken.Length > 0) writer.WriteString("continue"u8, continueToken);
        writer.WriteEndObject();
        writer.WriteString("status"u8, status);
    }

    private static void WriteDetails(Utf8JsonWriter writer, ApiError error)
    {
        writer.WriteStartObject("details"u8);
        if (error.Name.Length > 0) writer.WriteString("name"u8, error.Name);
        if (error.Group.Length > 0) writer.WriteString("group"u8, error.Group);
        if (error.Kind.Length > 0) writer.WriteString("kind"u8, error.Kind);
        if (!error.Causes.IsEmpty)
        {
            writer.WriteStartArray("causes"u8);
            foreach (var cause in error.Causes)
            {
                writer.WriteStartObject();
                if (cause.Reason.Length > 0) writer.WriteString("reason"u8, cause.Reason);
                writer.WriteText("message"u8, cause.Message);
                if (cause.Field.Length > 0) writer.WriteString("field"u8, cause.Field);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }
        if (error.RetryAfterSeconds > 0) writer.WriteNumber("retryAfterSeconds"u8, error.RetryAfterSeconds);
        writer.WriteEndObject();
    }
}
