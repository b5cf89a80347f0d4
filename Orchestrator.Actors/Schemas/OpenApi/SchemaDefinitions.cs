using System.Text.Json;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>A kind as x-kubernetes-group-version-kind tells it.</summary>
internal readonly record struct KindName(string Group, string Version, string Kind);

/// <summary>The definitions that a document needs: what was asked for, and whatever those refer to, each once.</summary>
internal sealed class SchemaDefinitions(SchemaCatalog catalog, OpenApiFlavor flavor)
{
    private readonly SortedDictionary<string, Action<Utf8JsonWriter>> _definitions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedSet<KindName>> _kinds = new(StringComparer.Ordinal);
    private readonly Queue<TypeSchema> _unseen = [];

    /// <summary>Defines the kind of a resource and its list.</summary>
    public void AddResource(ResourceSchema resource)
    {
        var kind = OpenApiNames.OfKind(resource, resource.Kind);
        var list = OpenApiNames.OfKind(resource, resource.ListKind);
        AddKind(kind, new KindName(resource.Group, resource.Version, resource.Kind));
        if (resource.Root.Name.Length > 0) AddType(resource.Root);
        else Add(kind, writer => CustomSchema.WriteRoot(writer, resource, flavor, KindsOf(kind)), resource.Root);

        if (!resource.Verbs.Contains("list")) return;
        AddKind(list, new KindName(resource.Group, resource.Version, resource.ListKind));
        var listType = resource.Root.Name.Length > 0
            ? catalog.FindType(resource.Root.Name[..(resource.Root.Name.LastIndexOf('.') + 1)] + resource.ListKind)
            : null;
        if (listType is not null) AddType(listType);
        else Add(list, writer => CustomSchema.WriteList(writer, resource, kind, flavor, KindsOf(list)));
        foreach (var name in (ReadOnlySpan<string>)["ListMeta", "ObjectMeta", "Status", "DeleteOptions"]) AddType(catalog.Type("meta.v1." + name));
        AddKind(OpenApiNames.DeleteOptions, new KindName(resource.Group, resource.Version, "DeleteOptions"));
        AddKind(OpenApiNames.Status, new KindName("", "v1", "Status"));
        Add(OpenApiNames.Patch, WritePatch);
    }

    /// <summary>The definition of a subresource's body, or null where the schemas do not describe it.</summary>
    public string? AddSubresource(ResourceSchema resource, SubresourceSchema subresource)
    {
        if (subresource.Kind == resource.Kind && subresource.Group == resource.Group) return OpenApiNames.OfKind(resource, resource.Kind);
        if (catalog.FindType(OpenApiNames.TypeOf(subresource.Group, subresource.Version, subresource.Kind)) is not { } type) return null;
        var name = OpenApiNames.OfType(type.Name);
        AddKind(name, new KindName(subresource.Group, subresource.Version, subresource.Kind));
        AddType(type);
        return name;
    }

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach (var (name, write) in _definitions)
        {
            writer.WritePropertyName(name);
            write(writer);
        }
        writer.WriteEndObject();
    }

    private void AddType(TypeSchema type)
    {
        var name = OpenApiNames.OfType(type.Name);
        Add(name, writer => SchemaWriter.WriteDefinition(writer, type, flavor, KindsOf(name)), type);
    }

    private void Add(string name, Action<Utf8JsonWriter> write, TypeSchema? type = null)
    {
        if (!_definitions.TryAdd(name, write) || type is null) return;
        _unseen.Enqueue(type);
        // A queue instead of recursion: some types contain themselves.
        while (_unseen.TryDequeue(out var next))
            foreach (var field in next.Fields) AddReferred(field.Type);
    }

    private void AddReferred(TypeSchema type)
    {
        if (type.Items is not null) AddReferred(type.Items);
        if (SchemaWriter.ScalarDefinition(type.Kind) is { } scalar)
        {
            _definitions.TryAdd(scalar, writer => SchemaWriter.WriteScalarDefinition(writer, type.Kind, flavor));
        }
        else if (type is { Kind: SchemaKind.Object, Name.Length: > 0 })
        {
            var name = OpenApiNames.OfType(type.Name);
            if (_definitions.TryAdd(name, writer => SchemaWriter.WriteDefinition(writer, type, flavor, KindsOf(name)))) _unseen.Enqueue(type);
        }
        else
        {
            foreach (var field in type.Fields) AddReferred(field.Type);
        }
    }

    private void AddKind(string definition, KindName kind)
    {
        if (!_kinds.TryGetValue(definition, out var kinds))
            _kinds[definition] = kinds = new SortedSet<KindName>(Comparer<KindName>.Create(static (a, b) =>
                string.CompareOrdinal($"{a.Group}/{a.Version}/{a.Kind}", $"{b.Group}/{b.Version}/{b.Kind}")));
        kinds.Add(kind);
    }

    private KindName[] KindsOf(string definition) => _kinds.TryGetValue(definition, out var kinds) ? [.. kinds] : [];

    private static void WritePatch(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("description"u8, "A patch in one of the forms that the Content-Type names."u8);
        writer.WriteString("type"u8, "object"u8);
        writer.WriteEndObject();
    }
}
