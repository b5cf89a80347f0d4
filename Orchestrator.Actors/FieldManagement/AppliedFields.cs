using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>The set of fields that a configuration speaks about, and whether it fits the schema at all.</summary>
/// <remarks>Source: structured-merge-diff, typed/tofieldset.go and validate.go, whose words the faults are.</remarks>
internal sealed class AppliedFields
{
    private readonly List<string> _faults = [];
    private readonly bool _check;

    private AppliedFields(bool check) => _check = check;

    /// <summary>The fields of a state that is known to fit; what a list holds twice is there once, and as a whole: its parts cannot be told apart.</summary>
    public static FieldSet Of(TypeSchema? type, JsonObject tree) => new AppliedFields(check: false).Map(type, tree, "") ?? FieldSet.Empty;

    /// <summary>The fields of a configuration from a client, or the fault.</summary>
    public static (FieldSet Set, string? Fault) Check(TypeSchema? type, JsonObject tree)
    {
        var walk = new AppliedFields(check: true);
        var set = walk.Map(type, tree, "") ?? FieldSet.Empty;
        return (set, walk._faults.Count switch
        {
            0 => null,
            1 => walk._faults[0],
            _ => $"errors:\n  {string.Join("\n  ", walk._faults)}",
        });
    }

    private FieldSet? Map(TypeSchema? type, JsonObject tree, string path)
    {
        List<FieldNode>? nodes = null;
        foreach (var (name, value) in tree)
        {
            var element = FieldElement.Field(name);
            var named = FieldStructures.Names(type, name);
            if (_check && !named && type is { Kind: SchemaKind.Object, PreserveUnknownFields: false })
            {
                _faults.Add($"{path}{element}: field not declared in schema");
                continue;
            }
            var children = Value(FieldStructures.Child(type, name), value, element, path, out var leaf);
            var member = leaf || !named || value is null or JsonObject { Count: 0 };
            if (member || children is not null) (nodes ??= []).Add(new FieldNode(element, member, children));
        }
        return nodes is null ? null : FieldSet.Of(nodes);
    }

    private FieldSet? Value(TypeSchema? type, JsonNode? value, FieldElement element, string path, out bool leaf)
    {
        leaf = false;
        if (_check && type is not null && value is not null && Mismatch(type, value) is { } fault) _faults.Add($"{path}{element}: {fault}");
        switch (FieldStructures.Of(type, value))
        {
            case FieldStructure.Map when value is JsonObject map: return Map(type, map, Below(path, element));
            case FieldStructure.List when value is JsonArray list: return List(type!, list, Below(path, element));
            case FieldStructure.Leaf:
                leaf = true;
                // What is atomic has one owner, and is still held to the schema.
                if (_check && type is not null) CheckBelow(type, value, Below(path, element));
                return null;
            default: return null;
        }
    }

    private FieldSet? List(TypeSchema type, JsonArray list, string path)
    {
        List<FieldNode>? nodes = null;
        Dictionary<FieldElement, int> seen = [];
        for (var i = 0; i < list.Count; i++)
        {
            if (FieldElement.OfItem(type, list[i]) is not { } element)
            {
                if (_check) _faults.Add($"{path}: element {i}: {FieldElement.Explain(type, list[i])}");
                continue;
            }
            if (!seen.TryAdd(element, nodes?.Count ?? 0))
            {
                if (_check) _faults.Add($"{path}: duplicate entries for key {element}");
                nodes![seen[element]] = new FieldNode(element, true, null);
                continue;
            }
            (nodes ??= []).Add(new FieldNode(element, true, Value(type.Items, list[i], element, path, out _)));
        }
        return nodes is null ? null : FieldSet.Of(nodes);
    }

    private void CheckBelow(TypeSchema type, JsonNode? value, string path)
    {
        if (value is JsonObject map && type.Kind is SchemaKind.Object or SchemaKind.Map) Map(type, map, path);
        else if (value is JsonArray list && type is { Kind: SchemaKind.List, Items: { } items })
            for (var i = 0; i < list.Count; i++) Value(items, list[i], new FieldElement('i', i.ToString(System.Globalization.CultureInfo.InvariantCulture)), path, out _);
    }

    // A path is made while walking only for the faults, and there are none when nothing is checked.
    private string Below(string path, FieldElement element) => _check ? path + element : "";

    private static string? Mismatch(TypeSchema type, JsonNode value)
    {
        var kind = value.GetValueKind();
        return type.Kind switch
        {
            SchemaKind.Object or SchemaKind.Map when value is not JsonObject => $"expected map, got &{{{Plain(value)}}}",
            SchemaKind.List when value is not JsonArray => $"expected list, got &{{{Plain(value)}}}",
            SchemaKind.String or SchemaKind.Time or SchemaKind.MicroTime or SchemaKind.Bytes when kind != JsonValueKind.String => $"expected string, got &value.valueUnstructured{{Value:{Plain(value)}}}",
            SchemaKind.Int32 or SchemaKind.Int64 or SchemaKind.Double when kind != JsonValueKind.Number => $"expected numeric (int or float), got {GoTypes.Of(value)}",
            SchemaKind.Bool when kind is not (JsonValueKind.True or JsonValueKind.False) => $"expected boolean, got {GoTypes.Of(value)}",
            SchemaKind.Quantity or SchemaKind.IntOrString when value is not JsonValue => $"expected any scalar, got {Plain(value)}",
            _ => null,
        };
    }

    private static string Plain(JsonNode value) => JsonTree.AsString(value) ?? JsonTree.ToText(value);
}
