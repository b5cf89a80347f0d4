using System.Collections.Concurrent;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>A kind as x-kubernetes-group-version-kind tells it.</summary>
internal readonly record struct KindName(string Group, string Version, string Kind);

/// <summary>The definitions that a document needs: what was asked for, and whatever those refer to, each once.</summary>
internal sealed class SchemaDefinitions(OpenApiFlavor flavor)
{
    // Built-in types are the same in every document.
    private static readonly ConcurrentDictionary<(string Name, OpenApiFlavor Flavor), byte[]> Written = new();
    private static readonly Lazy<Dictionary<string, KindName[]>> Kinds = new(FindKinds);

    private readonly Dictionary<string, byte[]> _definitions = new(StringComparer.Ordinal);
    private readonly Queue<TypeSchema> _unseen = [];

    public IEnumerable<(string Name, byte[] Json)> All => _definitions.Select(static d => (d.Key, d.Value));

    /// <summary>Defines the kind of a resource and its list, and what its paths take and answer with.</summary>
    public void AddResource(ResourceSchema resource)
    {
        if (!resource.IsCustom) AddType(resource.Root);
        else foreach (var part in CustomParts.Of(resource).DefinitionsOf(flavor)) _definitions.TryAdd(part.Name, part.Json);
        foreach (var subresource in resource.Subresources)
            if (TypeOf(subresource) is { } type) AddType(type);
        if (!resource.Verbs.Contains("list")) return;
        if (!resource.IsCustom) AddList(resource);
        if (ResourcePaths.HasWatchPaths(resource)) AddType(SchemaCatalog.BuiltIn.Type("meta.v1.WatchEvent"));
        foreach (var name in (ReadOnlySpan<string>)["ListMeta", "ObjectMeta", "Status", "DeleteOptions"]) AddType(SchemaCatalog.BuiltIn.Type("meta.v1." + name));
        _definitions.TryAdd(OpenApiNames.Patch, PatchDefinition);
    }

    /// <summary>Defines what a path of discovery answers with.</summary>
    public void AddAnswer(DiscoveryPath path)
    {
        if (path.Type.Length > 0) AddType(SchemaCatalog.BuiltIn.Type(path.Type));
    }

    /// <summary>The definition of a subresource's body, or null where the schemas do not describe it.</summary>
    public static string? OfSubresource(ResourceSchema resource, SubresourceSchema subresource) =>
        subresource.Kind == resource.Kind && subresource.Group == resource.Group ? OpenApiNames.OfKind(resource, resource.Kind)
        : TypeOf(subresource) is { } type ? OpenApiNames.OfType(type.Name)
        : null;

    private static readonly byte[] PatchDefinition = [.. """{"description":"A patch in one of the forms that the Content-Type names.","type":"object"}"""u8];

    private static TypeSchema? TypeOf(SubresourceSchema subresource) =>
        SchemaCatalog.BuiltIn.FindType(OpenApiNames.TypeOf(subresource.Group, subresource.Version, subresource.Kind));

    private static TypeSchema? ListTypeOf(ResourceSchema resource) =>
        SchemaCatalog.BuiltIn.FindType(resource.Root.Name[..(resource.Root.Name.LastIndexOf('.') + 1)] + resource.ListKind);

    private void AddList(ResourceSchema resource)
    {
        if (ListTypeOf(resource) is { } type)
        {
            AddType(type);
            return;
        }
        var name = OpenApiNames.OfKind(resource, resource.ListKind);
        _definitions.TryAdd(name, Written.GetOrAdd((name, flavor), static (key, resource) => OpenApiPart.Bytes(
            writer => CustomSchema.WriteList(writer, resource, OpenApiNames.OfKind(resource, resource.Kind), key.Flavor)), resource));
    }

    private void AddType(TypeSchema type)
    {
        Define(type);
        // A queue instead of recursion: some types contain themselves.
        while (_unseen.TryDequeue(out var next))
            foreach (var field in next.Fields) AddReferred(field.Type);
    }

    private void AddReferred(TypeSchema type)
    {
        if (type.Items is not null) AddReferred(type.Items);
        if (SchemaWriter.DefinitionOf(type) is not null) Define(type);
        else foreach (var field in type.Fields) AddReferred(field.Type);
    }

    private void Define(TypeSchema type)
    {
        var name = SchemaWriter.DefinitionOf(type)!;
        if (_definitions.ContainsKey(name)) return;
        _definitions[name] = Written.GetOrAdd((name, flavor), static (key, type) => OpenApiPart.Bytes(writer =>
        {
            if (type.Kind == SchemaKind.Object) SchemaWriter.WriteDefinition(writer, type, key.Flavor, Kinds.Value.GetValueOrDefault(key.Name) ?? []);
            else SchemaWriter.WriteScalarDefinition(writer, type.Kind, key.Flavor);
        }), type);
        _unseen.Enqueue(type);
    }

    /// <summary>Which kinds the built-in types are, whatever document they stand in; the options of a deletion and what a watch tells are kinds of every version.</summary>
    private static Dictionary<string, KindName[]> FindKinds()
    {
        var all = new List<(string Definition, KindName Kind)>();
        foreach (var kind in (ReadOnlySpan<string>)["APIGroup", "APIGroupList", "APIResourceList", "APIVersions", "Status"]) all.Add((OpenApiNames.Meta + kind, new KindName("", "v1", kind)));
        foreach (var resource in SchemaCatalog.BuiltIn.Resources)
        {
            all.Add((OpenApiNames.OfKind(resource, resource.Kind), new KindName(resource.Group, resource.Version, resource.Kind)));
            all.Add((OpenApiNames.OfKind(resource, resource.ListKind), new KindName(resource.Group, resource.Version, resource.ListKind)));
            all.Add((OpenApiNames.DeleteOptions, new KindName(resource.Group, resource.Version, "DeleteOptions")));
            all.Add((OpenApiNames.WatchEvent, new KindName(resource.Group, resource.Version, "WatchEvent")));
            foreach (var subresource in resource.Subresources)
                if (TypeOf(subresource) is { } type) all.Add((OpenApiNames.OfType(type.Name), new KindName(subresource.Group, subresource.Version, subresource.Kind)));
        }
        return all.GroupBy(static k => k.Definition, static k => k.Kind, StringComparer.Ordinal).ToDictionary(static g => g.Key,
            static g => g.Distinct().OrderBy(static k => k.Group, StringComparer.Ordinal).ThenBy(static k => k.Version, StringComparer.Ordinal)
                .ThenBy(static k => k.Kind, StringComparer.Ordinal).ToArray(), StringComparer.Ordinal);
    }
}
