using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Orchestrator.Actors.Schemas.Discovery;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>The document of version 3 of one group and version, kept for as long as its resources are served as they are.</summary>
internal sealed class OpenApiV3
{
    // By the first resource: a catalog shares with the one before it what has not changed.
    private static readonly ConditionalWeakTable<ResourceSchema, OpenApiV3> Known = [];

    private readonly ImmutableArray<ResourceSchema> _resources;
    private readonly ImmutableArray<DiscoveryPath> _discovery;
    private readonly Lazy<DiscoveryDocument> _json, _protobuf;

    private OpenApiV3(ImmutableArray<ResourceSchema> resources, ImmutableArray<DiscoveryPath> discovery)
    {
        (_resources, _discovery) = (resources, discovery);
        _json = new(() => DiscoveryDocument.Of(OpenApiPart.Bytes(Write)));
        _protobuf = new(() => RemoteOpenApi.ToProtobufV3(Json));
    }

    /// <summary>The documents of the paths of discovery that are no versions, by these paths.</summary>
    public static FrozenDictionary<string, OpenApiV3> OfDiscovery { get; } = DiscoveryPath.All.Where(static p => p.Type != "meta.v1.APIResourceList")
        .ToFrozenDictionary(static p => p.Document, static p => new OpenApiV3([], [p]), StringComparer.Ordinal);

    public DiscoveryDocument Json => _json.Value;

    /// <summary>Under the ETag of <see cref="Json"/>.</summary>
    public DiscoveryDocument Protobuf => _protobuf.Value;

    /// <param name="resources">All that is served of one group and version, and at least one.</param>
    public static OpenApiV3 Of(ImmutableArray<ResourceSchema> resources)
    {
        if (Known.TryGetValue(resources[0], out var known) && known._resources.AsSpan().SequenceEqual(resources.AsSpan(), ReferenceEqualityComparer.Instance)) return known;
        // Two catalogs may ask at once, and then one of them is made anew when it is asked for again.
        var path = ResourcePaths.Base(resources[0].Group, resources[0].Version)[1..];
        var made = new OpenApiV3(resources, [.. DiscoveryPath.All.Where(p => p.Document == path)]);
        Known.AddOrUpdate(resources[0], made);
        return made;
    }

    private void Write(Utf8JsonWriter writer)
    {
        var definitions = new SchemaDefinitions(OpenApiFlavor.V3);
        foreach (var resource in _resources) definitions.AddResource(resource);
        foreach (var path in _discovery) definitions.AddAnswer(path);
        writer.WriteStartObject();
        writer.WriteString("openapi"u8, "3.0.0"u8);
        OpenApiDocuments.WriteInfo(writer);
        writer.WritePropertyName("paths"u8);
        OpenApiPart.WriteAll(writer, _resources.SelectMany(PathsOf).Concat(_discovery.Select(static d => (d.Path.Path, PathWriter.Bytes(d.Path, OpenApiFlavor.V3)))));
        writer.WriteStartObject("components"u8);
        writer.WritePropertyName("schemas"u8);
        OpenApiPart.WriteAll(writer, definitions.All);
        writer.WriteStartObject("securitySchemes"u8);
        OpenApiDocuments.WriteBearer(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
        OpenApiDocuments.WriteSecurity(writer);
        writer.WriteEndObject();
    }

    private static IEnumerable<(string Name, byte[] Json)> PathsOf(ResourceSchema resource) => resource.IsCustom
        ? CustomParts.Of(resource).PathsOf(OpenApiFlavor.V3).Select(static p => (p.Name, p.Json))
        : ResourcePaths.Of(resource).Select(static p => (p.Path, PathWriter.Bytes(p, OpenApiFlavor.V3)));
}
