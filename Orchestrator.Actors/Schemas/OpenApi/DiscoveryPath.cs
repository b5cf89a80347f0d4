using System.Collections.Immutable;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>A path at which the server tells of itself or of what is built in: groups and versions, its version, how tokens of service accounts are checked. Generated
/// clients have a call for each. Groups of definitions have none.</summary>
/// <param name="Document">Which document of version 3 has the path.</param>
/// <param name="Type">The built-in type of the answer; empty for text.</param>
internal sealed record DiscoveryPath(string Document, ApiPath Path, string Type)
{
    private static readonly ImmutableArray<string> Json = ["application/json"];
    private static readonly ImmutableArray<string> Forms = [.. Json, "application/yaml", "application/vnd.kubernetes.protobuf"];

    private static readonly Lazy<ImmutableArray<DiscoveryPath>> Found = new(static () =>
    [
        Make(".well-known/openid-configuration", "", "getServiceAccountIssuerOpenIDConfiguration", "WellKnown", "Tells where the keys are by which tokens of service accounts are signed.", ["*/*"], Json),
        Make("api", "meta.v1.APIVersions", "getCoreAPIVersions", "core", "Tells the versions of the core group.", Forms, Forms),
        Make("apis", "meta.v1.APIGroupList", "getAPIVersions", "apis", "Tells the groups and their versions.", Forms, Forms),
        .. SchemaCatalog.BuiltIn.Resources.Where(static r => r.Group.Length > 0).DistinctBy(static r => r.Group)
            .Select(static r => Make($"apis/{r.Group}", "meta.v1.APIGroup", $"get{OpenApiNames.OperationGroup(r)}APIGroup", Tag(r), "Tells the versions of a group.", Forms, Forms)),
        .. SchemaCatalog.BuiltIn.Resources.DistinctBy(static r => (r.Group, r.Version)).Select(static r => Make(ResourcePaths.Base(r.Group, r.Version)[1..], "meta.v1.APIResourceList",
            $"get{OpenApiNames.OperationGroup(r)}{OpenApiNames.Capitalized(r.Version)}APIResources", $"{Tag(r)}_{r.Version}", "Tells the resources of a version.", Forms, Forms)),
        Make("openid/v1/jwks", "", "getServiceAccountIssuerOpenIDKeyset", "openid", "Tells the keys by which tokens of service accounts are signed.", ["*/*"], ["application/jwk-set+json"]),
        Make("version", "version.Info", "getCodeVersion", "version", "Tells the version of the server.", Json, Json),
    ]);

    public static ImmutableArray<DiscoveryPath> All => Found.Value;

    private static string Tag(ResourceSchema resource)
    {
        var group = OpenApiNames.OperationGroup(resource);
        return char.ToLowerInvariant(group[0]) + group[1..];
    }

    private static DiscoveryPath Make(string document, string type, string id, string tag, string description, ImmutableArray<string> consumes, ImmutableArray<string> produces)
    {
        var get = new ApiOperation("get", "", id, description, null)
        {
            Tag = tag,
            Consumes = consumes,
            Produces = produces,
            Response = type.Length == 0 ? null : OpenApiNames.OfType(type),
        };
        return new DiscoveryPath(document, new ApiPath($"/{document}/", [], [get]), type);
    }
}
