using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Discovery;
using Orchestrator.Actors.Schemas.OpenApi;
using Orchestrator.Actors.Schemas.Protobuf;
using Orchestrator.Host.ApiServer.Aggregation;

namespace Orchestrator.Host.ApiServer;

/// <summary>The documents about the API and about the server: discovery, OpenAPI, version, health and metrics.</summary>
public sealed class DocumentEndpoint(Func<SchemaCatalog> catalog, AggregatedDocuments aggregated, Metrics metrics, IReadOnlyList<HealthCheck> checks, IssuerDocuments issuer, TimeProvider clock)
{
    private const string GitVersion = "v1.32.0+orchestrator.1";

    private static readonly string Version =
        $$"""
        {
          "major": "1",
          "minor": "32",
          "gitVersion": "{{GitVersion}}",
          "gitCommit": "",
          "gitTreeState": "clean",
          "buildDate": "1970-01-01T00:00:00Z",
          "goVersion": "{{RuntimeInformation.FrameworkDescription}}",
          "compiler": "dotnet",
          "platform": "linux/{{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant().Replace("x64", "amd64", StringComparison.Ordinal)}}"
        }
        """;

    /// <summary>What anyone may read without saying who they are.</summary>
    public static bool IsPublic(string path) =>
        path is "/healthz" or "/livez" or "/readyz"
        || path.StartsWith("/healthz/", StringComparison.Ordinal) || path.StartsWith("/livez/", StringComparison.Ordinal) || path.StartsWith("/readyz/", StringComparison.Ordinal);

    public Task HandleAsync(HttpContext context, string path)
    {
        path = path.Length > 1 ? path.TrimEnd('/') : path;
        var method = context.Request.Method;
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (!HttpMethods.IsGet(method) && !HttpMethods.IsHead(method)) return IsKnown(path, parts) ? StatusWriter.WriteAsync(context, NotAllowed) : NotFoundAsync(context);
        return parts switch
        {
            [] => WritePathsAsync(context),
            ["version"] => ResponseWriter.WriteAsync(context, MediaFormat.JsonType, Encoding.UTF8.GetBytes(Version)),
            ["healthz" or "livez", ..] => WriteHealthAsync(context, parts, []),
            ["readyz", ..] => WriteHealthAsync(context, parts, checks),
            ["metrics"] => ResponseWriter.WriteAsync(context, "text/plain; version=0.0.4; charset=utf-8", Encoding.UTF8.GetBytes(metrics.ToText())),
            [".well-known", "openid-configuration"] => issuer.WriteConfigurationAsync(context),
            ["openid", "v1", "jwks"] => issuer.WriteKeysAsync(context),
            ["openapi", "v2"] => WriteOpenApiV2Async(context),
            ["openapi", "v3", ..] => WriteOpenApiV3Async(context, parts),
            ["api" or "apis", ..] => WriteDiscoveryAsync(context, parts),
            _ => NotFoundAsync(context),
        };
    }

    public static ApiError NotAllowed { get; } = new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource") { HasDetails = true };

    /// <summary>What Kubernetes answers for paths that it knows nothing of.</summary>
    public static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = 404;
        return ResponseWriter.WriteAsync(context, "text/plain; charset=utf-8", "404 page not found\n"u8.ToArray());
    }

    /// <summary>A path below one of the server's own API groups is answered in the terms of the API, whatever else it names.</summary>
    public static Task NotFoundAsync(HttpContext context, SchemaCatalog known, string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var own = parts is ["api", ..] || (parts is ["apis", var group, ..] && known.Resources.Any(r => !r.IsCustom && r.Group == group));
        return own ? StatusWriter.WriteAsync(context, NotFound) : NotFoundAsync(context);
    }

    private static readonly ApiError NotFound = new(404, "NotFound", "the server could not find the requested resource") { HasDetails = true };

    private bool IsKnown(string path, string[] parts) => IsPublic(path) || path is "/version" or "/openapi/v2" or "/openapi/v3" or "/metrics" or "/"
        || Discovered(aggregated.Discovery(catalog()), parts).Document is not null;

    /// <summary>What is told at a path below /api or /apis, and the kind that it is.</summary>
    private static (DiscoveryDocument? Document, string Kind) Discovered(DiscoveryDocuments documents, string[] parts) => parts switch
    {
        ["api"] => (documents.CoreVersions, "APIVersions"),
        ["apis"] => (documents.Groups, "APIGroupList"),
        ["api", var version] => (documents.Resources("", version), "APIResourceList"),
        ["apis", var group] => (documents.Group(group), "APIGroup"),
        ["apis", var group, var version] => (documents.Resources(group, version), "APIResourceList"),
        _ => (null, ""),
    };

    private Task WriteDiscoveryAsync(HttpContext context, string[] parts)
    {
        var documents = aggregated.Discovery(catalog());
        var whole = parts.Length == 1;
        var format = Negotiation.Choose(context.Request.Headers.Accept.ToString(), f => f.Projection == Projection.None
            || (whole && f.Projection == Projection.Discovery && f.Version is "v2" or "v2beta1" && f.Encoding != MediaEncoding.Protobuf));
        if (format is null) return StatusWriter.WriteAsync(context, Representations.NotAcceptable);
        if (whole) context.Response.Headers.Vary = "Accept";
        if (format.Projection == Projection.Discovery)
        {
            context.Response.Headers.CacheControl = "public";
            var all = documents.Aggregated(core: parts[0] == "api", format.Version);
            return WriteTagged(context, all) ? ResponseWriter.WriteJsonAsync(context, format, all.Body) : Task.CompletedTask;
        }
        var (document, kind) = Discovered(documents, parts);
        if (document is null) return NotFoundAsync(context, catalog(), context.Request.Path.Value ?? "");
        if (format.Encoding != MediaEncoding.Protobuf) return ResponseWriter.WriteJsonAsync(context, format, document.Body);
        var message = new ArrayBufferWriter<byte>(document.Body.Length);
        ProtobufTranscoder.Encode(message, SchemaCatalog.BuiltIn.Type("meta.v1." + kind), "v1", kind, document.Body);
        return ResponseWriter.WriteAsync(context, format.ContentType, message.WrittenMemory);
    }

    private Task WriteOpenApiV2Async(HttpContext context)
    {
        var inProtobuf = WantsProtobuf(context, OpenApiDocuments.V2ProtobufMediaType, OpenApiDocuments.V2ProtobufAccepted);
        if (inProtobuf is null) return NotAcceptableAsync(context);
        var specification = aggregated.V2(catalog());
        return inProtobuf.Value
            ? WriteOpenApiAsync(context, OpenApiDocuments.V2ProtobufMediaType, specification.Protobuf)
            : WriteOpenApiAsync(context, MediaFormat.JsonType, specification.Json);
    }

    private Task WriteOpenApiV3Async(HttpContext context, string[] parts)
    {
        var documents = OpenApiDocuments.Of(catalog());
        // Where the documents are is told in JSON, whatever is accepted.
        bool? inProtobuf = parts.Length > 2 ? WantsProtobuf(context, OpenApiDocuments.V3ProtobufMediaType, OpenApiDocuments.V3ProtobufAccepted) : false;
        var document = parts switch
        {
            ["openapi", "v3"] => aggregated.V3Index(catalog()),
            ["openapi", "v3", "api", var version] => V3("", version),
            ["openapi", "v3", "apis", var group, var version] => V3(group, version),
            _ => OpenApiDocuments.Discovery(string.Join('/', parts[2..]), inProtobuf == true),
        };
        if (document is null) return NotFoundAsync(context);
        context.Response.Headers.Vary = "Accept";
        if (inProtobuf is null) return NotAcceptableAsync(context);
        // What is asked for by its hash never changes; the hash of what has changed leads to what it is now.
        if (parts.Length > 2 && context.Request.Query["hash"].ToString() is { Length: > 0 } hash)
        {
            if ($"\"{hash}\"" != document.ETag)
            {
                context.Response.Redirect($"/{string.Join('/', parts)}?hash={document.ETag.Trim('"')}", permanent: true);
                return Task.CompletedTask;
            }
            context.Response.Headers.CacheControl = "public, immutable";
            context.Response.Headers.Expires = clock.GetUtcNow().AddYears(1).ToString("R", CultureInfo.InvariantCulture);
        }
        return WriteOpenApiAsync(context, inProtobuf.Value ? OpenApiDocuments.V3ProtobufMediaType : MediaFormat.JsonType, document);

        DiscoveryDocument? V3(string group, string version) => inProtobuf == true
            ? documents.V3Protobuf(group, version) ?? (aggregated.V3(catalog(), group, version) is { } other ? RemoteOpenApi.ToProtobufV3(other) : null)
            : documents.V3(group, version) ?? aggregated.V3(catalog(), group, version);
    }

    /// <summary>Whether a document is asked for in protobuf; null when it is accepted in neither form.</summary>
    private static bool? WantsProtobuf(HttpContext context, params ReadOnlySpan<string> protobuf)
    {
        var accept = context.Request.Headers.Accept.ToString();
        if (accept.Length == 0) return false;
        var clauses = accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var clause in clauses.OrderByDescending(static c => Negotiation.QualityOf(c)))
        {
            var type = clause.Split(';')[0].Trim();
            if (type is "*/*" or "application/*" or "*" or MediaFormat.JsonType) return false;
            if (protobuf.Contains(type)) return true;
        }
        return null;
    }

    // Upstream says nothing more.
    private static Task NotAcceptableAsync(HttpContext context)
    {
        context.Response.StatusCode = 406;
        return Task.CompletedTask;
    }

    // As it is: the ETag is that of these bytes, so they are not indented for anybody.
    private static Task WriteOpenApiAsync(HttpContext context, string mediaType, DiscoveryDocument document) =>
        WriteTagged(context, document) ? ResponseWriter.WriteAsync(context, mediaType, document.Body) : Task.CompletedTask;

    /// <summary>False when the client has the document already.</summary>
    private static bool WriteTagged(HttpContext context, DiscoveryDocument document)
    {
        context.Response.Headers.ETag = document.ETag;
        if (context.Request.Headers.IfNoneMatch.ToString() != document.ETag) return true;
        context.Response.StatusCode = 304;
        if (context.Response.Headers.CacheControl.Count == 0) context.Response.Headers.CacheControl = "no-cache, private";
        return false;
    }

    private Task WritePathsAsync(HttpContext context)
    {
        var paths = new List<string> { "/.well-known/openid-configuration", "/api", "/apis", "/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/openid/v1/jwks", "/readyz", "/version" };
        foreach (var group in catalog().Groups)
        {
            if (group.Name.Length > 0) paths.Add($"/apis/{group.Name}");
            paths.AddRange(group.Versions.Select(v => group.Name.Length == 0 ? $"/api/{v}" : $"/apis/{group.Name}/{v}"));
        }
        var json = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { paths = paths.Order(StringComparer.Ordinal) });
        return ResponseWriter.WriteAsync(context, MediaFormat.JsonType, json);
    }

    private static async Task WriteHealthAsync(HttpContext context, string[] parts, IReadOnlyList<HealthCheck> checks)
    {
        HealthCheck[] all = [new("ping", static _ => ValueTask.FromResult<string?>(null)), .. checks];
        var query = context.Request.Query;
        if (parts.Length > 1)
        {
            all = [.. all.Where(c => c.Name == parts[1])];
            if (all.Length == 0)
            {
                await NotFoundAsync(context).ConfigureAwait(false);
                return;
            }
        }
        var excluded = query["exclude"];
        var text = new StringBuilder();
        var well = true;
        foreach (var check in all)
        {
            if (excluded.Contains(check.Name))
            {
                text.Append(CultureInfo.InvariantCulture, $"[+]{check.Name} excluded: ok\n");
                continue;
            }
            var fault = await FaultOfAsync(check, context.RequestAborted).ConfigureAwait(false);
            if (fault is null) text.Append(CultureInfo.InvariantCulture, $"[+]{check.Name} ok\n");
            else text.Append(CultureInfo.InvariantCulture, $"[-]{check.Name} failed: {fault}\n");
            well &= fault is null;
        }
        text.Append(CultureInfo.InvariantCulture, $"{parts[0]} check {(well ? "passed" : "failed")}\n");
        context.Response.StatusCode = well ? 200 : 500;
        context.Response.Headers["X-Content-Type-Options"] = "nosniff";
        var body = well && !query.ContainsKey("verbose") ? "ok" : text.ToString();
        await ResponseWriter.WriteAsync(context, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(body)).ConfigureAwait(false);
    }

    private static async ValueTask<string?> FaultOfAsync(HealthCheck check, CancellationToken cancellationToken)
    {
        try
        {
            return await check.Fault(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return e.Message;
        }
    }
}
