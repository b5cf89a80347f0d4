using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>What documents say of one version of a custom resource: made when first asked for, and kept for as long as it is served as it is.</summary>
/// <remarks>So a change of one definition costs the documents that are asked for next nothing for all the others.</remarks>
internal sealed class CustomParts
{
    private static readonly ConditionalWeakTable<ResourceSchema, CustomParts> Known = [];

    private readonly Lazy<ImmutableArray<OpenApiPart>> _v2Paths, _v2Definitions, _v3Paths, _v3Definitions;

    private CustomParts(ResourceSchema resource)
    {
        _v2Paths = new(() => Paths(resource, OpenApiFlavor.V2));
        _v2Definitions = new(() => Definitions(resource, OpenApiFlavor.V2));
        _v3Paths = new(() => Paths(resource, OpenApiFlavor.V3));
        _v3Definitions = new(() => Definitions(resource, OpenApiFlavor.V3));
    }

    public static CustomParts Of(ResourceSchema resource) => Known.GetValue(resource, static r => new CustomParts(r));

    public ImmutableArray<OpenApiPart> PathsOf(OpenApiFlavor flavor) => (flavor == OpenApiFlavor.V2 ? _v2Paths : _v3Paths).Value;

    public ImmutableArray<OpenApiPart> DefinitionsOf(OpenApiFlavor flavor) => (flavor == OpenApiFlavor.V2 ? _v2Definitions : _v3Definitions).Value;

    private static ImmutableArray<OpenApiPart> Paths(ResourceSchema resource, OpenApiFlavor flavor) =>
        [.. ResourcePaths.Of(resource).Select(path => OpenApiPart.Path(path.Path, PathWriter.Bytes(path, flavor)))];

    private static ImmutableArray<OpenApiPart> Definitions(ResourceSchema resource, OpenApiFlavor flavor)
    {
        var kind = OpenApiNames.OfKind(resource, resource.Kind);
        return
        [
            OpenApiPart.Definition(kind, OpenApiPart.Bytes(writer => CustomSchema.WriteRoot(writer, resource, flavor))),
            OpenApiPart.Definition(OpenApiNames.OfKind(resource, resource.ListKind), OpenApiPart.Bytes(writer => CustomSchema.WriteList(writer, resource, kind, flavor))),
        ];
    }
}
