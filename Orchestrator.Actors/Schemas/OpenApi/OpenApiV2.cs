using System.Text.Json;
using Orchestrator.Actors.Schemas.Discovery;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>A document of version 2, put together from its parts when somebody asks.</summary>
public sealed class OpenApiV2
{
    private readonly IReadOnlyCollection<OpenApiPart> _paths;
    private readonly Dictionary<string, OpenApiPart> _definitions;
    private readonly Lazy<DiscoveryDocument> _json, _protobuf;

    internal OpenApiV2(IReadOnlyCollection<OpenApiPart> paths, IEnumerable<OpenApiPart> definitions)
    {
        _paths = paths;
        _definitions = new Dictionary<string, OpenApiPart>(StringComparer.Ordinal);
        foreach (var definition in definitions) _definitions.TryAdd(definition.Name, definition);
        _json = new(() => DiscoveryDocument.Of(OpenApiPart.Bytes(writer =>
        {
            writer.WriteStartObject();
            WriteHead(writer);
            writer.WritePropertyName("paths"u8);
            OpenApiPart.WriteAll(writer, _paths.Select(static p => (p.Name, p.Json)));
            writer.WritePropertyName("definitions"u8);
            OpenApiPart.WriteAll(writer, _definitions.Values.Select(static p => (p.Name, p.Json)));
            writer.WriteEndObject();
        })));
        _protobuf = new(() =>
        {
            using var head = JsonDocument.Parse(OpenApiPart.Bytes(static writer =>
            {
                writer.WriteStartObject();
                WriteHead(writer);
                writer.WriteEndObject();
            }));
            return DiscoveryDocument.Of(OpenApiV2Protobuf.Encode(head.RootElement, _paths, _definitions.Values));
        });
    }

    public DiscoveryDocument Json => _json.Value;

    /// <summary>The same as <see cref="OpenApiDocuments.V2ProtobufMediaType"/>.</summary>
    public DiscoveryDocument Protobuf => _protobuf.Value;

    internal OpenApiPart? Definition(string name) => _definitions.GetValueOrDefault(name);

    /// <summary>This document and what else is said; a path or a definition of the same name takes the place of the one that is here.</summary>
    internal OpenApiV2 With(IReadOnlyDictionary<string, OpenApiPart> paths, IReadOnlyCollection<OpenApiPart> definitions) =>
        new([.. _paths.Where(p => !paths.ContainsKey(p.Name)), .. paths.Values], [.. definitions, .. _definitions.Values]);

    private static void WriteHead(Utf8JsonWriter writer)
    {
        writer.WriteString("swagger"u8, "2.0"u8);
        OpenApiDocuments.WriteInfo(writer);
        writer.WriteStartObject("securityDefinitions"u8);
        OpenApiDocuments.WriteBearer(writer);
        writer.WriteEndObject();
        OpenApiDocuments.WriteSecurity(writer);
    }
}
