using System.Buffers;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer.Audit;

/// <summary>What is known of one request while it is served; becomes one Event of audit.k8s.io/v1 per stage.</summary>
public sealed class AuditRecord(string id, RequestInfo request, AuditDecision decision, DateTimeOffset received)
{
    /// <summary>Longest body that is recorded (bytes); a longer one is left out.</summary>
    private const int BodyMax = 512 * 1024;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private byte[]? _requestBody;
    private byte[]? _responseBody;

    public AuditDecision Decision => decision;

    /// <summary>Who really asks.</summary>
    public UserInfo? User { get; set; }

    /// <summary>In whose name; null when it is the same.</summary>
    public UserInfo? Impersonated { get; set; }

    /// <summary>Takes the body of the request, where the policy wants it.</summary>
    public void TakeRequest(ReadOnlySpan<byte> body)
    {
        if (decision.Level >= AuditLevel.Request && body.Length is > 0 and <= BodyMax) _requestBody = body.ToArray();
    }

    /// <summary>Whether the policy wants the body of the answer.</summary>
    public bool WantsResponse => decision.Level >= AuditLevel.RequestResponse;

    /// <summary>Takes the body of the answer, where the policy wants it.</summary>
    /// <param name="body">JSON.</param>
    public void TakeResponse(ReadOnlySpan<byte> body)
    {
        if (WantsResponse && body.Length is > 0 and <= BodyMax) _responseBody = body.ToArray();
    }

    /// <summary>The event of a stage as one line; null when the policy leaves the stage out.</summary>
    public byte[]? At(string stage, HttpContext context, DateTimeOffset now)
    {
        if (decision.Level == AuditLevel.None || decision.OmitStages.Contains(stage)) return null;
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Options)) Write(writer, stage, context, now);
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private void Write(Utf8JsonWriter writer, string stage, HttpContext context, DateTimeOffset now)
    {
        writer.WriteStartObject();
        writer.WriteString("kind"u8, "Event"u8);
        writer.WriteString("apiVersion"u8, "audit.k8s.io/v1"u8);
        writer.WriteString("level"u8, decision.Level.ToString());
        writer.WriteString("auditID"u8, id);
        writer.WriteString("stage"u8, stage);
        writer.WriteString("requestURI"u8, context.Request.Path + context.Request.QueryString);
        writer.WriteString("verb"u8, request.Verb);
        if (User is not null) WriteUser(writer, "user", User);
        if (Impersonated is not null) WriteUser(writer, "impersonatedUser", Impersonated);
        writer.WriteStartArray("sourceIPs"u8);
        if (context.Connection.RemoteIpAddress is { } address) writer.WriteStringValue(Plain(address));
        writer.WriteEndArray();
        if (context.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent) writer.WriteString("userAgent"u8, agent);
        if (request.IsResource) WriteObject(writer);
        if (stage != "RequestReceived") WriteStatus(writer, context);
        WriteBody(writer, "requestObject", _requestBody);
        if (stage == "ResponseComplete") WriteBody(writer, "responseObject", _responseBody);
        writer.WriteString("requestReceivedTimestamp"u8, Rfc3339.Micros(received));
        writer.WriteString("stageTimestamp"u8, Rfc3339.Micros(now));
        if (context.Features.Get<AdmissionNotes>() is { AuditAnnotations.Count: > 0 } notes)
        {
            writer.WriteStartObject("annotations"u8);
            foreach (var (key, value) in notes.AuditAnnotations) writer.WriteString(key, value);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    private void WriteObject(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("objectRef"u8);
        writer.WriteString("resource"u8, request.Resource);
        if (request.Namespace.Length > 0) writer.WriteString("namespace"u8, request.Namespace);
        if (request.Name.Length > 0) writer.WriteString("name"u8, request.Name);
        if (request.Group.Length > 0) writer.WriteString("apiGroup"u8, request.Group);
        writer.WriteString("apiVersion"u8, request.Version);
        if (request.Subresource.Length > 0) writer.WriteString("subresource"u8, request.Subresource);
        writer.WriteEndObject();
    }

    private static void WriteStatus(Utf8JsonWriter writer, HttpContext context)
    {
        writer.WriteStartObject("responseStatus"u8);
        writer.WriteStartObject("metadata"u8);
        writer.WriteEndObject();
        if (context.Features.Get<ApiError>() is { } error)
        {
            writer.WriteString("status"u8, "Failure"u8);
            writer.WriteText("message"u8, error.Message);
            writer.WriteString("reason"u8, error.Reason);
        }
        writer.WriteNumber("code"u8, context.Response.StatusCode);
        writer.WriteEndObject();
    }

    private static void WriteUser(Utf8JsonWriter writer, string name, UserInfo user)
    {
        writer.WriteStartObject(name);
        writer.WriteString("username"u8, user.Name);
        if (user.Uid.Length > 0) writer.WriteString("uid"u8, user.Uid);
        writer.WriteStartArray("groups"u8);
        foreach (var group in user.Groups) writer.WriteStringValue(group);
        writer.WriteEndArray();
        if (!user.Extra.IsEmpty)
        {
            writer.WriteStartObject("extra"u8);
            foreach (var (key, values) in user.Extra)
            {
                writer.WriteStartArray(key);
                foreach (var value in values) writer.WriteStringValue(value);
                writer.WriteEndArray();
            }
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    private void WriteBody(Utf8JsonWriter writer, string name, byte[]? body)
    {
        // Secrets and tokens are never recorded, whatever the policy says.
        if (body is null || (request.Group.Length == 0 && (request.Resource == "secrets" || request.Subresource == "token")) || request.Resource == "tokenreviews") return;
        if (ObjectJson.Parse(body).Tree is not JsonObject tree) return;
        if (decision.OmitManagedFields && tree["metadata"] is JsonObject meta) meta.Remove("managedFields");
        writer.WritePropertyName(name);
        tree.WriteTo(writer);
    }

    private static string Plain(IPAddress address) => (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
}
