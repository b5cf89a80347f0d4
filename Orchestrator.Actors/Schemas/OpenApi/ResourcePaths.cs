using System.Collections.Immutable;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>The paths of a resource, as its scope, verbs and subresources make them.</summary>
internal sealed class ResourcePaths
{
    private static readonly ImmutableArray<string> Json = ["application/json", "application/yaml"];
    private static readonly ImmutableArray<string> Any = [.. Json, "application/vnd.kubernetes.protobuf"];
    private static readonly ImmutableArray<string> Watched = [.. Any, "application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];

    private static readonly ImmutableArray<string> MergePatches = ["application/json-patch+json", "application/merge-patch+json"];

    private readonly ResourceSchema _resource;
    private readonly List<ApiPath> _paths = [];
    private readonly string _group, _scope, _tag, _definition;
    private readonly KindName _kind;
    private readonly ImmutableArray<ApiParameter> _scopeParameters;
    private readonly ImmutableArray<string> _forms;

    private ResourcePaths(ResourceSchema resource)
    {
        _resource = resource;
        _group = OpenApiNames.OperationGroup(resource) + OpenApiNames.Capitalized(resource.Version);
        _scope = resource.Namespaced ? "Namespaced" : "";
        _tag = char.ToLowerInvariant(_group[0]) + OpenApiNames.OperationGroup(resource)[1..] + "_" + resource.Version;
        _forms = resource.IsCustom ? Json : Any;
        _definition = OpenApiNames.OfKind(resource, resource.Kind);
        _kind = new KindName(resource.Group, resource.Version, resource.Kind);
        _scopeParameters = resource.Namespaced ? [ApiParameters.Namespace, ApiParameters.Pretty] : [ApiParameters.Pretty];
    }

    /// <summary>The path under which a version of a group is served, such as /apis/apps/v1.</summary>
    public static string Base(string group, string version) => group.Length == 0 ? $"/api/{version}" : $"/apis/{group}/{version}";

    /// <summary>Every path of <paramref name="resource"/>; <see cref="SchemaDefinitions"/> has what they refer to.</summary>
    public static IReadOnlyList<ApiPath> Of(ResourceSchema resource)
    {
        var paths = new ResourcePaths(resource);
        paths.AddAll();
        return paths._paths;
    }

    private void AddAll()
    {
        var root = Base(_resource.Group, _resource.Version);
        var collection = _resource.Namespaced ? $"{root}/namespaces/{{namespace}}/{_resource.Plural}" : $"{root}/{_resource.Plural}";
        Add(collection, _scopeParameters, [DeleteCollection(), List($"list{_group}{_scope}{_resource.Kind}"), Create()]);
        var item = $"{collection}/{{name}}";
        Add(item, [ApiParameters.Name, .. _scopeParameters], [Delete(), Get(), Patch(), Replace()]);
        foreach (var subresource in _resource.Subresources) AddSubresource($"{item}/{subresource.Name}", subresource);
        if (_resource.Namespaced)
            Add($"{root}/{_resource.Plural}", [ApiParameters.Pretty], [List($"list{_group}{_resource.Kind}ForAllNamespaces")]);
        if (HasWatchPaths(_resource)) AddWatches($"{root}/watch", collection[root.Length..]);
    }

    /// <summary>Whether watches of the resource have paths of their own, which nobody needs any more; those of definitions never had.</summary>
    public static bool HasWatchPaths(ResourceSchema resource) => !resource.IsCustom && resource.Verbs.Contains("watch", StringComparer.Ordinal);

    private void AddWatches(string root, string collection)
    {
        var watch = Operation("watch", "get", "watchlist", $"watch{_group}{_scope}{_resource.Kind}List",
            $"Watches objects of kind {_resource.Kind}. Deprecated by the parameter 'watch' of a list.")! with
        { Response = OpenApiNames.WatchEvent, Produces = Watched };
        ImmutableArray<ApiParameter> parameters = [.. ApiParameters.List, .. _scopeParameters];
        Add(root + collection, parameters, [watch]);
        Add($"{root}{collection}/{{name}}", [.. parameters, ApiParameters.Name],
            [watch with { Action = "watch", Id = $"watch{_group}{_scope}{_resource.Kind}", Description = $"Watches an object of kind {_resource.Kind}. Deprecated by the parameters 'watch' and 'fieldSelector' of a list." }]);
        if (_resource.Namespaced)
            Add($"{root}/{_resource.Plural}", [.. ApiParameters.List, ApiParameters.Pretty], [watch with { Id = $"watch{_group}{_resource.Kind}ListForAllNamespaces" }]);
    }

    private void Add(string path, ImmutableArray<ApiParameter> parameters, IEnumerable<ApiOperation?> operations)
    {
        var given = operations.OfType<ApiOperation>().OrderBy(static o => o.Method, StringComparer.Ordinal).ToImmutableArray();
        if (!given.IsEmpty) _paths.Add(new ApiPath(path, parameters, given));
    }

    private ApiOperation? Operation(string verb, string method, string action, string id, string description) =>
        !_resource.Verbs.Contains(verb, StringComparer.Ordinal) ? null : new ApiOperation(method, action, id, description, _kind) { Tag = _tag, Produces = _forms };

    private ApiOperation? List(string id)
    {
        var list = Operation("list", "get", "list", id, $"Lists or watches objects of kind {_resource.Kind}.");
        return list is null ? null : list with
        {
            Parameters = ApiParameters.List,
            Response = OpenApiNames.OfKind(_resource, _resource.ListKind),
            Produces = _resource.IsCustom ? Json : Watched,
        };
    }

    private ApiOperation? Create()
    {
        var create = Operation("create", "post", "post", $"create{_group}{_scope}{_resource.Kind}", $"Creates an object of kind {_resource.Kind}.");
        return create is null ? null : Writing(create, _definition, [200, 201, 202]);
    }

    private ApiOperation? DeleteCollection()
    {
        var delete = Operation("deletecollection", "delete", "deletecollection", $"delete{_group}Collection{_scope}{_resource.Kind}",
            $"Deletes the selected objects of kind {_resource.Kind}.");
        return delete is null ? null : delete with
        {
            Parameters = ApiParameters.DeleteCollection,
            Body = OpenApiNames.DeleteOptions,
            Response = OpenApiNames.Status,
        };
    }

    private ApiOperation? Get() =>
        Operation("get", "get", "get", $"read{_group}{_scope}{_resource.Kind}", $"Reads an object of kind {_resource.Kind}.") is { } get
            ? get with { Response = _definition, Parameters = _resource.IsCustom ? ApiParameters.GetCustom : [] }
            : null;

    private ApiOperation? Delete()
    {
        var delete = Operation("delete", "delete", "delete", $"delete{_group}{_scope}{_resource.Kind}", $"Deletes an object of kind {_resource.Kind}.");
        return delete is null ? null : delete with
        {
            Parameters = ApiParameters.Delete,
            Body = OpenApiNames.DeleteOptions,
            Response = _resource.TellsDeleted ? _definition : OpenApiNames.Status,
            Codes = [200, 202],
        };
    }

    private ApiOperation? Patch() =>
        Operation("patch", "patch", "patch", $"patch{_group}{_scope}{_resource.Kind}", $"Changes parts of an object of kind {_resource.Kind}.") is { } patch
            ? Patching(patch, _definition)
            : null;

    private ApiOperation? Replace() =>
        Operation("update", "put", "put", $"replace{_group}{_scope}{_resource.Kind}", $"Replaces an object of kind {_resource.Kind}.") is { } replace
            ? Writing(replace, _definition, [200, 201])
            : null;

    private static ApiOperation Writing(ApiOperation operation, string definition, ImmutableArray<int> codes) => operation with
    {
        Parameters = ApiParameters.Write,
        Body = definition,
        BodyRequired = true,
        Response = definition,
        Codes = codes,
    };

    private ApiOperation Patching(ApiOperation operation, string definition) => operation with
    {
        Parameters = ApiParameters.Patch,
        Body = OpenApiNames.Patch,
        BodyRequired = true,
        Response = definition,
        Codes = [200, 201],
        // Strategic merges need keys that custom definitions do not declare.
        Consumes = _resource.IsCustom
            ? [.. MergePatches, "application/apply-patch+yaml"]
            : [.. MergePatches, "application/strategic-merge-patch+json", "application/apply-patch+yaml"],
    };

    private void AddSubresource(string path, SubresourceSchema subresource)
    {
        var suffix = OpenApiNames.Capitalized(subresource.Name);
        var parameters = (ImmutableArray<ApiParameter>)[ApiParameters.Name, .. _scopeParameters];
        if (subresource.Name is "exec" or "attach" or "portforward" or "proxy")
        {
            var connects = subresource.Verbs.Select(verb => Connect(verb, subresource.Name, suffix)).ToList();
            Add(path, parameters, connects);
            if (subresource.Name == "proxy")
                Add(path + "/{path}", [ApiParameters.Name, .. _scopeParameters, ApiParameters.ProxyPath],
                    connects.Select(static c => c with { Id = c.Id + "WithPath" }));
            return;
        }

        var definition = SchemaDefinitions.OfSubresource(_resource, subresource);
        // The paths of a custom resource are all found by its own kind.
        var kind = _resource.IsCustom ? _kind : new KindName(subresource.Group, subresource.Version, subresource.Kind);
        Add(path, parameters, subresource.Verbs.Select(verb => Subresource(verb, subresource.Name, suffix, definition, kind)));
    }

    private ApiOperation Connect(string verb, string name, string suffix)
    {
        var method = MethodOf(verb);
        // Named after its options: a client that looks for the PATCH of a kind must not find a connection.
        var options = new KindName("", _resource.Version, $"{_resource.Kind}{(name == "portforward" ? "PortForward" : suffix)}Options");
        return new ApiOperation(method, "connect", $"connect{_group}{OpenApiNames.Capitalized(method)}{_scope}{_resource.Kind}{suffix}",
            $"Connects to {name} of an object of kind {_resource.Kind}.", options)
        { Tag = _tag, Produces = ["*/*"], Parameters = ApiParameters.Connect(name) };
    }

    private ApiOperation? Subresource(string verb, string name, string suffix, string? definition, KindName kind)
    {
        var method = MethodOf(verb);
        var word = verb switch { "get" => "read", "update" => "replace", _ => verb };
        var operation = new ApiOperation(method, method, $"{word}{_group}{_scope}{_resource.Kind}{suffix}",
            $"{OpenApiNames.Capitalized(word)}s {name} of an object of kind {_resource.Kind}.", kind)
        { Tag = _tag, Produces = _forms };
        if (name == "log") return operation with { Parameters = ApiParameters.Log, Produces = ["text/plain", .. _forms] };
        if (definition is null) return operation;
        return verb switch
        {
            "get" => operation with { Response = definition },
            "patch" => Patching(operation, definition),
            _ => Writing(operation, definition, verb == "create" ? [200, 201, 202] : [200, 201]),
        };
    }

    private static string MethodOf(string verb) => verb switch { "create" => "post", "update" => "put", _ => verb };
}
