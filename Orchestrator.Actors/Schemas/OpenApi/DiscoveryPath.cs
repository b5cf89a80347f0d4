using System.Collections.Immutable;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>A path at which built-in groups or versions are told of; generated clients have a call for each. Groups of definitions have none.</summary>
/// <param name="Document">Which document of version 3 has the path.</param>
/// <param name="Type">The built-in type of the answer.</param>
internal sealed record DiscoveryPath(string Document, ApiPath Path, string Type)
{
    private static readonly ImmutableArray<string> Forms = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

    private static readonly Lazy<ImmutableArray<DiscoveryPath>> Found = new(static () =>
    [
        Make("api", "APIVersions", "getCoreAPIVersions", "core", "Tells the versions of the core group."),
        Make("apis", "APIGroupList", "getAPIVersions", "apis", "Tells the groups and their versions."),
        .. SchemaCatalog.BuiltIn.Resources.Where(static r => r.Group.Length > 0).DistinctBy(static r => r.Group)
            .Select(static r => Make($"apis/{r.Group}", "APIGroup", $"get{OpenApiNames.OperationGroup(r)}APIGroup", Tag(r), "Tells the versions of a group.")),
        .. SchemaCatalog.BuiltIn.Resources.DistinctBy(static r => (r.Group, r.Version)).Select(static r => Make(ResourcePaths.Base(r.Group, r.Version)[1..], "APIResourceList",
            $"get{OpenApiNames.OperationGroup(r)}{OpenApiNames.Capitalized(r.Version)}APIResources", $"{Tag(r)}_{r.Version}", "Tells the resources of a version.")),
    ]);

    public static ImmutableArray<DiscoveryPath> All => Found.Value;

    private static string Tag(ResourceSchema resource)
    {
        var group = OpenApiNames.OperationGroup(resource);
        return char.ToLowerInvariant(group[0]) + group[1..];
    }

    private static DiscoveryPath Make(string document, string type, string id, string tag, string description)
    {
        var name = "meta.v1." + type;
        var get = new ApiOperation("get", "", id, description, null) { Tag = tag, Consumes = Forms, Produces = Forms, Response = OpenApiNames.OfType(name) };
        return new DiscoveryPath(document, new ApiPath($"/{document}/", [], [get]), name);
    }
}
