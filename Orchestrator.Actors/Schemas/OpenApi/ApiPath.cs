using System.Collections.Immutable;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>A path of the REST API and what may be done there.</summary>
internal sealed record ApiPath(string Path, ImmutableArray<ApiParameter> Parameters, ImmutableArray<ApiOperation> Operations);

/// <summary>A parameter in the path or in the query.</summary>
internal sealed record ApiParameter(string Name, string In, string Type, string Description)
{
    public static ApiParameter Query(string name, string type, string description) => new(name, "query", type, description);
}

/// <summary>One HTTP method at a path.</summary>
/// <param name="Method">Lower case, as OpenAPI names it.</param>
/// <param name="Action">get, list, post, put, patch, delete, deletecollection or connect.</param>
/// <param name="Id">Unique among all operations.</param>
/// <param name="Kind">The kind that the operation is about; null, and no action, where it is about none.</param>
internal sealed record ApiOperation(string Method, string Action, string Id, string Description, KindName? Kind)
{
    public ImmutableArray<ApiParameter> Parameters { get; init; } = [];

    /// <summary>The definition of the body; null for none.</summary>
    public string? Body { get; init; }

    public bool BodyRequired { get; init; }

    /// <summary>The definition of the answer; null for a plain string.</summary>
    public string? Response { get; init; }

    /// <summary>The codes with which the answer may come.</summary>
    public ImmutableArray<int> Codes { get; init; } = [200];

    public ImmutableArray<string> Consumes { get; init; } = ["*/*"];

    public ImmutableArray<string> Produces { get; init; } = [];

    public string Tag { get; init; } = "";
}
