using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Orchestrator.Actors.Schemas.Discovery;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>The OpenAPI documents of one catalog: version 2, and version 3 per group and version, each in two encodings.</summary>
/// <remarks>Each is made when first asked for, of parts that catalogs share: the next catalog makes anew only what has changed.</remarks>
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
    private static readonly Lazy<(ImmutableArray<OpenApiPart> Paths, ImmutableArray<OpenApiPart> Definitions)> BuiltIn = new(PartsOfBuiltIn);

    private readonly Dictionary<(string Group, string Version), ImmutableArray<ResourceSchema>> _versions;
    private readonly Lazy<OpenApiV2> _v2;
    private readonly Lazy<DiscoveryDocument> _v3Index;

    private OpenApiDocuments(SchemaCatalog catalog)
    {
        _versions = catalog.Resources.GroupBy(static r => (r.Group, r.Version)).ToDictionary(static g => g.Key, static g => g.ToImmutableArray());
        var custom = catalog.Resources.Where(static r => r.IsCustom).ToImmutableArray();
        _v2 = new(() => new OpenApiV2(
            [.. BuiltIn.Value.Paths, .. custom.SelectMany(static r => CustomParts.Of(r).PathsOf(OpenApiFlavor.V2))],
            BuiltIn.Value.Definitions.Concat(custom.SelectMany(static r => CustomParts.Of(r).DefinitionsOf(OpenApiFlavor.V2)))));
        _v3Index = new(() => DiscoveryDocument.Of(OpenApiPart.Bytes(WriteV3Index)));
    }

    /// <summary>The documents of a catalog, which every caller shares.</summary>
    public static OpenApiDocuments Of(SchemaCatalog catalog) => Catalogs.GetValue(catalog, static c => new OpenApiDocuments(c));

    /// <summary>/openapi/v2.</summary>
    public OpenApiV2 V2 => _v2.Value;

    /// <summary>/openapi/v3: where the document of each group and version is.</summary>
    public DiscoveryDocument V3Index => _v3Index.Value;

    /// <summary>/openapi/v3/apis/GROUP/VERSION, or /openapi/v3/api/v1 for the core group; null where nothing is served.</summary>
    public DiscoveryDocument? V3(string group, string version) =>
        _versions.TryGetValue((group, version), out var resources) ? OpenApiV3.Of(resources).Json : null;

    /// <summary>What <see cref="V3"/> gives as <see cref="V3ProtobufMediaType"/>, under the same ETag: it is a hash of what is said, not of how.</summary>
    public DiscoveryDocument? V3Protobuf(string group, string version) =>
        _versions.TryGetValue((group, version), out var resources) ? OpenApiV3.Of(resources).Protobuf : null;

    /// <summary>The document of version 3 of a path of discovery that is no version, such as /openapi/v3/apis/apps; null where there is none.</summary>
    public static DiscoveryDocument? Discovery(string path, bool inProtobuf) =>
        !OpenApiV3.OfDiscovery.TryGetValue(path, out var found) ? null : inProtobuf ? found.Protobuf : found.Json;

    private static (ImmutableArray<OpenApiPart>, ImmutableArray<OpenApiPart>) PartsOfBuiltIn()
    {
        var definitions = new SchemaDefinitions(OpenApiFlavor.V2);
        foreach (var resource in SchemaCatalog.BuiltIn.Resources) definitions.AddResource(resource);
        foreach (var path in DiscoveryPath.All) definitions.AddAnswer(path);
        return (
            [.. SchemaCatalog.BuiltIn.Resources.SelectMany(ResourcePaths.Of).Concat(DiscoveryPath.All.Select(static p => p.Path)).Select(static p => OpenApiPart.Path(p.Path, PathWriter.Bytes(p, OpenApiFlavor.V2)))],
            [.. definitions.All.Select(static d => OpenApiPart.Definition(d.Name, d.Json))]);
    }

    private void WriteV3Index(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("paths"u8);
        foreach (var (path, document) in _versions.Select(static v => (Path: ResourcePaths.Base(v.Key.Group, v.Key.Version)[1..], Document: OpenApiV3.Of(v.Value)))
                     .Concat(OpenApiV3.OfDiscovery.Select(static d => (Path: d.Key, Document: d.Value))).OrderBy(static p => p.Path, StringComparer.Ordinal))
        {
            writer.WriteStartObject(path);
            writer.WriteString("serverRelativeURL"u8, $"/openapi/v3/{path}?hash={document.Json.ETag.Trim('"')}");
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    internal static void WriteInfo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("info"u8);
        writer.WriteString("title"u8, "Kubernetes"u8);
        writer.WriteString("version"u8, "v1.32.0"u8);
        writer.WriteEndObject();
    }

    internal static void WriteBearer(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("BearerToken"u8);
        writer.WriteString("description"u8, "A bearer token."u8);
        writer.WriteString("in"u8, "header"u8);
        writer.WriteString("name"u8, "authorization"u8);
        writer.WriteString("type"u8, "apiKey"u8);
        writer.WriteEndObject();
    }

    internal static void WriteSecurity(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("security"u8);
        writer.WriteStartObject();
        writer.WriteStartArray("BearerToken"u8);
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndArray();
    }
}
