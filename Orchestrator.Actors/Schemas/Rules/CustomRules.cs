using System.Collections.Frozen;
using System.Collections.Immutable;
using Orchestrator.Actors.Cel.Types;

namespace Orchestrator.Actors.Schemas.Rules;

/// <summary>The rules of a schema, in the shape of the schema; parts without rules are left out.</summary>
/// <remarks>Rules are compiled when the first value meets them. Source: apiextensions-apiserver, pkg/apiserver/schema/cel/validation.go.</remarks>
public sealed class CustomRules
{
    private readonly Lazy<ImmutableArray<RuleCompilation>> _compiled;

    private CustomRules(TypeSchema schema, CelType? type, ImmutableArray<ValidationRule> rules)
    {
        Schema = schema;
        _compiled = new Lazy<ImmutableArray<RuleCompilation>>(() => type is null ? [] : [.. rules.Select(r => RuleCompilation.Compile(r, type))]);
    }

    public TypeSchema Schema { get; }

    public ImmutableArray<RuleCompilation> Compiled => _compiled.Value;

    /// <summary>Of the elements of a list or the values of a map.</summary>
    public CustomRules? Items { get; private init; }

    public FrozenDictionary<string, CustomRules> Properties { get; private init; } = FrozenDictionary<string, CustomRules>.Empty;

    public ImmutableArray<CustomRules> AllOf { get; private init; } = [];

    /// <summary>Null when the schema has no rules anywhere.</summary>
    public static CustomRules? Build(TypeSchema root) => Build(root, root, "selfType", root: true);

    /// <param name="rules">Where the rules are: the node itself, or a part of its allOf.</param>
    /// <param name="node">The node of the structure.</param>
    private static CustomRules? Build(TypeSchema rules, TypeSchema node, string path, bool root)
    {
        var items = rules.Items is not null && node.Items is not null ? Build(rules.Items, node.Items, path + ".@items", false) : null;
        Dictionary<string, CustomRules>? properties = null;
        foreach (var field in rules.Fields)
        {
            // The types of built-in kinds, such as metadata, are recursive and have no rules.
            if (field.Type.Name.Length > 0 || node.Field(field.Name) is not { } own || own.Type.Name.Length > 0) continue;
            if (Build(field.Type, own.Type, $"{path}.{field.Name}", false) is { } found) (properties ??= new(StringComparer.Ordinal))[field.Name] = found;
        }
        var allOf = rules.Constraints is { AllOf: { IsEmpty: false } parts }
            ? parts.Select(p => Build(p, node, path, root)).OfType<CustomRules>().ToImmutableArray() : [];
        if (rules.Rules.IsEmpty && items is null && properties is null && allOf.IsEmpty) return null;
        return new CustomRules(node, rules.Rules.IsEmpty ? null : SchemaTypes.Of(node, path, root), rules.Rules)
        {
            Items = items,
            Properties = properties?.ToFrozenDictionary(StringComparer.Ordinal) ?? FrozenDictionary<string, CustomRules>.Empty,
            AllOf = allOf,
        };
    }
}
