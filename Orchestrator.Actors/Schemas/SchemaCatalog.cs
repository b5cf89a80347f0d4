using System.Collections.Immutable;
using System.Reflection;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>A group of the API and its versions, the preferred one first.</summary>
public sealed record ApiGroup(string Name, ImmutableArray<string> Versions)
{
    public string PreferredVersion => Versions[0];
}

/// <summary>All kinds that are served at one time. Immutable: a change of the definitions makes a new catalog.</summary>
public sealed class SchemaCatalog
{
    private static readonly Lazy<SchemaCatalog> LazyBuiltIn = new(LoadBuiltIn);

    private readonly IReadOnlyDictionary<string, TypeSchema> _types;
    private readonly Dictionary<(string Group, string Version, string Plural), ResourceSchema> _byPlural = [];
    private readonly Dictionary<(string Group, string Version, string Kind), ResourceSchema> _byKind = [];
    private readonly Dictionary<ResourceType, ResourceSchema> _storage = [];
    private readonly ImmutableArray<ResourceSchema> _builtIn;
    private readonly TaskCompletionSource _replaced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SchemaCatalog(IReadOnlyDictionary<string, TypeSchema> types, ImmutableArray<ResourceSchema> builtIn, ImmutableArray<ResourceSchema> custom)
    {
        _types = types;
        _builtIn = builtIn;
        Custom = custom;
        Resources = [.. builtIn.Where(r => r.Served), .. custom.Where(r => r.Served)];
        foreach (var resource in Resources)
        {
            _byPlural[(resource.Group, resource.Version, resource.Plural)] = resource;
            _byKind[(resource.Group, resource.Version, resource.Kind)] = resource;
        }
        foreach (var resource in builtIn.Concat(custom))
            if (resource.Storage) _storage.TryAdd(resource.Type, resource);
        Groups = [.. Resources.GroupBy(r => r.Group, StringComparer.Ordinal)
            .Select(g => new ApiGroup(g.Key, [.. g.Select(r => r.Version).Distinct().Order(ApiVersionOrder.Newest)]))];
    }

    /// <summary>Ends when a newer catalog has taken the place of this one.</summary>
    public Task Replaced => _replaced.Task;

    /// <summary>The built-in kinds; read at first use.</summary>
    public static SchemaCatalog BuiltIn => LazyBuiltIn.Value;

    /// <summary>What is served, built-in kinds first.</summary>
    public ImmutableArray<ResourceSchema> Resources { get; }

    /// <summary>The resources of CustomResourceDefinitions, those that are stored but not served included.</summary>
    public ImmutableArray<ResourceSchema> Custom { get; }

    /// <summary>The core group, whose name is empty, comes first; then the groups in the order of their kinds.</summary>
    public ImmutableArray<ApiGroup> Groups { get; }

    /// <summary>Built-in kinds that are described but not served yet.</summary>
    public IEnumerable<ResourceSchema> NotServed => _builtIn.Where(r => !r.Served);

    public ResourceSchema? Find(string group, string version, string plural) => _byPlural.GetValueOrDefault((group, version, plural));

    public ResourceSchema? FindKind(string group, string version, string kind) => _byKind.GetValueOrDefault((group, version, kind));

    /// <summary>The version in which objects of the type are stored; null for an unknown type.</summary>
    public ResourceSchema? Find(ResourceType type) => _storage.GetValueOrDefault(type);

    /// <summary>A built-in type by its name, such as <c>meta.v1.DeleteOptions</c>.</summary>
    /// <exception cref="KeyNotFoundException">There is no such type: a fault of the caller.</exception>
    public TypeSchema Type(string name) => _types[name];

    public TypeSchema? FindType(string name) => _types.GetValueOrDefault(name);

    /// <summary>Every built-in object type, those included that no served kind reaches.</summary>
    public IEnumerable<TypeSchema> Types => _types.Values;

    /// <summary>The built-in kinds and <paramref name="custom"/>, which replaces all custom kinds of this catalog.</summary>
    public SchemaCatalog With(IEnumerable<ResourceSchema> custom) => new(_types, _builtIn, [.. custom]);

    /// <summary>Wakes those who wait for the newer catalog, which can be had by now.</summary>
    public void Retire() => _replaced.TrySetResult();

    private static SchemaCatalog LoadBuiltIn()
    {
        var assembly = typeof(SchemaCatalog).Assembly;
        var files = assembly.GetManifestResourceNames().Where(n => n.EndsWith(".schema", StringComparison.Ordinal))
            .OrderBy(n => !n.EndsWith(".core.schema", StringComparison.Ordinal)).ThenBy(n => n, StringComparer.Ordinal)
            .Select(n => ReadLines(assembly, n)).ToArray();
        var text = new SchemaText();
        foreach (var lines in files) text.AddTypes(lines);
        foreach (var lines in files) text.AddResources(lines);
        return new SchemaCatalog(text.Types, [.. text.Resources], []);
    }

    private static string[] ReadLines(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd().Split('\n');
    }
}
