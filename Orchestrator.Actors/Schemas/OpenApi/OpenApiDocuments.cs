using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orchestrator.Actors.Schemas.Discovery;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>The OpenAPI documents of one catalog: version 2, and version 3 per group and version, each in two encodings.</summary>
/// <remarks>Each is built when first asked for and then kept as bytes with the hash of them.</remarks>
public sealed class OpenApiDocuments
{
    /// <summary>The media type under which clients ask for version 2 in protobuf.</summary>
    public const string V2ProtobufAccepted = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

    /// <summary>The Content-Type of version 2 in protobuf, which clients may also ask for.</summary>
    /// <remarks>Not <see cref="V2ProtobufAccepted"/>: Go clients cannot parse a media type with an @ in it.</remarks>
    public const string V2ProtobufMediaType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    /// <summary>The media type under which clients ask for version 3 in protobuf.</summary>
    public const string V3ProtobufAccepted = "application/com.github.proto-openapi.spec.v3@v1.0+protobuf";

    /// <summary>The Content-Type of version 3 in protobuf, which clients may also ask for.</summary>
    public const string V3ProtobufMediaType = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";

    private static readonly ConditionalWeakTable<SchemaCatalog, OpenApiDocuments> Catalogs = [];

    // Descriptions are read by people: nothing in them needs escaping for HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SchemaCatalog _catalog;
    private readonly Lazy<DiscoveryDocument> _v2, _v2Protobuf, _v3Index;
    private readonly ConcurrentDictionary<(string Group, string Version), Lazy<DiscoveryDocument>> _v3 = new(), _v3Protobuf = new();

    private OpenApiDocuments(SchemaCatalog catalog)
    {
        _catalog = catalog;
        _v2 = new(() => Build(WriteV2));
        _v2Protobuf = new(() =>
        {
            using var document = JsonDocument.Parse(_v2.Value.Body);
            return DiscoveryDocument.Of(OpenApiV2Protobuf.Encode(document.RootElement));
        });
        _v3Index = new(() => Build(WriteV3Index));
    }

    /// <summary>The documents of a catalog, which every caller shares.</summary>
    public static OpenApiDocuments Of(SchemaCatalog catalog) => Catalogs.GetValue(catalog, static c => new OpenApiDocuments(c));

    /// <summary>/openapi/v2 as JSON.</summary>
    public DiscoveryDocument V2 => _v2.Value;

    /// <summary>/openapi/v2 as <see cref="V2ProtobufMediaType"/>.</summary>
    public DiscoveryDocument V2Protobuf => _v2Protobuf.Value;

    /// <summary>/openapi/v3: where the document of each group and version is.</summary>
    public DiscoveryDocument V3Index => _v3Index.Value;

    /// <summary>/openapi/v3/apis/GROUP/VERSION, or /openapi/v3/api/v1 for the core group; null where nothing is served.</summary>
    public DiscoveryDocument? V3(string group, string version)
    {
        if (!_catalog.Resources.Any(r => r.Group == group && r.Version == version)) return null;
        return _v3.GetOrAdd((group, version), key => new(() => Build(writer => WriteV3(writer, key.Group, key.Version)))).Value;
    }

    /// <summary>What <see cref="V3"/> gives as <see cref="V3ProtobufMediaType"/>, under the same ETag: it is a hash of what is said, not of how.</summary>
    public DiscoveryDocument? V3Protobuf(string group, string version)
    {
        if (V3(group, version) is not { } told) return null;
        return _v3Protobuf.GetOrAdd((group, version), _ => new(() =>
        {
            using var document = JsonDocument.Parse(told.Body);
            return new DiscoveryDocument(OpenApiV3Protobuf.Encode(document.RootElement), told.ETag);
        })).Value;
    }

    private static DiscoveryDocument Build(Action<Utf8JsonWriter> write)
    {
        var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Options))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }
        return DiscoveryDocument.Of(stream.ToArray());
    }

    private void WriteV2(Utf8JsonWriter writer)
    {
        writer.WriteString("swagger"u8, "2.0"u8);
        WriteInfo(writer);
        WriteResources(writer, _catalog.Resources, OpenApiFlavor.V2);
        writer.WriteStartObject("securityDefinitions"u8);
        WriteBearer(writer);
        writer.WriteEndObject();
        WriteSecurity(writer);
    }

    private void WriteV3(Utf8JsonWriter writer, string group, string version)
    {
        writer.WriteString("openapi"u8, "3.0.0"u8);
        WriteInfo(writer);
        WriteResources(writer, _catalog.Resources.Where(r => r.Group == group && r.Version == version), OpenApiFlavor.V3);
        WriteSecurity(writer);
    }

    private void WriteResources(Utf8JsonWriter writer, IEnumerable<ResourceSchema> resources, OpenApiFlavor flavor)
    {
        var definitions = new SchemaDefinitions(_catalog, flavor);
        var paths = new List<ApiPath>();
        foreach (var resource in resources)
        {
            definitions.AddResource(resource);
            paths.AddRange(ResourcePaths.Of(resource, definitions));
        }
        PathWriter.Write(writer, paths, flavor);
        if (flavor == OpenApiFlavor.V2)
        {
            writer.WritePropertyName("definitions"u8);
            definitions.Write(writer);
            return;
        }
        writer.WriteStartObject("components"u8);
        writer.WritePropertyName("schemas"u8);
        definitions.Write(writer);
        writer.WriteStartObject("securitySchemes"u8);
        WriteBearer(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private void WriteV3Index(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("paths"u8);
        foreach (var path in _catalog.Resources.Select(static r => (r.Group, r.Version)).Distinct()
                     .Select(v => (Path: ResourcePaths.Base(v.Group, v.Version)[1..], Document: V3(v.Group, v.Version)!))
                     .OrderBy(static p => p.Path, StringComparer.Ordinal))
        {
            writer.WriteStartObject(path.Path);
            writer.WriteString("serverRelativeURL"u8, $"/openapi/v3/{path.Path}?hash={path.Document.ETag.Trim('"')}");
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    private static void WriteInfo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("info"u8);
        writer.WriteString("title"u8, "Kubernetes"u8);
        writer.WriteString("version"u8, "v1.32.0"u8);
        writer.WriteEndObject();
    }

    private static void WriteBearer(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("BearerToken"u8);
        writer.WriteString("description"u8, "A bearer token."u8);
        writer.WriteString("in"u8, "header"u8);
        writer.WriteString("name"u8, "authorization"u8);
        writer.WriteString("type"u8, "apiKey"u8);
        writer.WriteEndObject();
    }

    private static void WriteSecurity(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("security"u8);
        writer.WriteStartObject();
        writer.WriteStartArray("BearerToken"u8);
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndArray();
    }
}
