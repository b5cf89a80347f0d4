using System.Collections.Immutable;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Rules;

namespace Orchestrator.Actors.Schemas;

/// <summary>The type of a value: what it may hold, and how lists and maps of it merge.</summary>
/// <remarks>The fields of a built-in object type are read from its text at first use, because most of
/// them are never touched in a process. Types may be recursive.</remarks>
public sealed class TypeSchema
{
    private readonly Func<ImmutableArray<FieldSchema>>? _read;
    private FieldTable? _fields;

    public TypeSchema(SchemaKind kind, Func<ImmutableArray<FieldSchema>>? fields = null)
    {
        Kind = kind;
        _read = fields;
    }

    public SchemaKind Kind { get; }

    /// <summary>Such as <c>core.v1.PodSpec</c>; empty for scalars, lists, maps and the parts of custom resources.</summary>
    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    /// <summary>The type of the elements of a list, or of the values of a map; else null.</summary>
    public TypeSchema? Items { get; init; }

    /// <summary>What an element gets that is null and may not be (custom resources); clone before use. Null when there is no default.</summary>
    public JsonNode? ItemsDefault { get; init; }

    public ListMergeType ListType { get; init; }

    /// <summary>The fields that together tell the entries of a <see cref="ListMergeType.Map"/> list apart.</summary>
    public ImmutableArray<string> ListKeys { get; init; } = [];

    /// <summary>The map or object is replaced as a whole by a merge.</summary>
    public bool Atomic { get; init; }

    /// <summary>null is a value of its own (custom resources).</summary>
    public bool Nullable { get; init; }

    /// <summary>Fields that the schema does not name are kept.</summary>
    public bool PreserveUnknownFields { get; init; }

    /// <summary>The value is a whole object with apiVersion, kind and metadata.</summary>
    public bool EmbeddedResource { get; init; }

    /// <summary>Limits on the value; null when there are none.</summary>
    public ValueConstraints? Constraints { get; init; }

    /// <summary>The rules that the values must keep beside their limits (custom resources).</summary>
    public ImmutableArray<ValidationRule> Rules { get; init; } = [];

    /// <summary>The fields of an object in the order of their names; empty for every other kind.</summary>
    public ImmutableArray<FieldSchema> Fields => Table.All;

    /// <summary>The fields that defaulting and validation must visit when they are absent.</summary>
    public ImmutableArray<FieldSchema> RequiredFields => Table.Required;

    /// <summary>The fields with a default.</summary>
    public ImmutableArray<FieldSchema> DefaultedFields => Table.Defaulted;

    public FieldSchema? Field(string name) => Table.ByName.GetValueOrDefault(name);

    // Racing readers parse the same text to the same effect, so the last one in may win.
    private FieldTable Table => _fields ??= new FieldTable(_read is null ? [] : _read());

    public override string ToString() => Kind switch
    {
        SchemaKind.List => $"[]{Items}",
        SchemaKind.Map => $"map[string]{Items}",
        SchemaKind.Object when Name.Length > 0 => Name,
        _ => Kind.ToString(),
    };

    private sealed class FieldTable
    {
        public readonly ImmutableArray<FieldSchema> All, Required, Defaulted;
        public readonly Dictionary<string, FieldSchema> ByName;

        public FieldTable(ImmutableArray<FieldSchema> all)
        {
            All = all;
            Required = [.. all.Where(f => f.Required)];
            Defaulted = [.. all.Where(f => f.Default is not null)];
            ByName = new Dictionary<string, FieldSchema>(all.Length, StringComparer.Ordinal);
            foreach (var field in all) ByName[field.Name] = field;
        }
    }
}
