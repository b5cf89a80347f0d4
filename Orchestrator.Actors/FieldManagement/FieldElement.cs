using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>One step of the path to a field: a field's name, the keys of a list's entry, a value of a set, or an index.</summary>
/// <param name="Kind">How FieldsV1 marks it: <c>f</c>, <c>k</c>, <c>v</c> or <c>i</c>.</param>
/// <param name="Value">The name, the compact JSON of the keys (sorted by name) or of the value, or the number.</param>
/// <remarks>Source: structured-merge-diff, fieldpath PathElement and its serialization.</remarks>
internal readonly record struct FieldElement(char Kind, string Value) : IComparable<FieldElement>
{
    private const string Kinds = "fkvi";

    public static FieldElement Field(string name) => new('f', name);

    public bool IsField => Kind == 'f';

    /// <summary>The step to an entry of a list, told apart by keys or by its value; null when it has none that could tell it apart.</summary>
    public static FieldElement? OfItem(TypeSchema list, JsonNode? item)
    {
        if (list.ListType == ListMergeType.Set) return item is JsonValue ? new FieldElement('v', Canonical(item)) : null;
        if (item is not JsonObject entry || list.ListKeys.IsEmpty) return null;
        if (list.ListKeys.Length == 1)
            return KeyOf(list, entry, list.ListKeys[0]) is { } only ? new FieldElement('k', $"{{{JsonTree.ToText(list.ListKeys[0])}:{Canonical(only)}}}") : null;
        var text = new StringBuilder("{");
        foreach (var name in SortedKeys(list))
        {
            if (KeyOf(list, entry, name) is not { } value) return null;
            if (text.Length > 1) text.Append(',');
            text.Append(JsonTree.ToText(name)).Append(':').Append(Canonical(value));
        }
        return new FieldElement('k', text.Append('}').ToString());
    }

    /// <summary>Why <see cref="OfItem"/> has no answer, in upstream's words.</summary>
    public static string Explain(TypeSchema list, JsonNode? item)
    {
        if (list.ListType == ListMergeType.Set)
            return item switch
            {
                null => "associative list without keys has an element that's an explicit null",
                JsonObject => "associative list without keys has an element that's a map type",
                _ => "not supported: associative list with lists as elements",
            };
        if (item is null) return "associative list with keys may not have a null element";
        if (item is not JsonObject entry) return "associative list with keys may not have non-map elements";
        var missing = list.ListKeys.FirstOrDefault(k => KeyOf(list, entry, k) is null) ?? "";
        return $"associative list with keys has an element that omits key field {GoQuote.Quote(missing)} (and doesn't have default value)";
    }

    /// <summary>Reads a step as FieldsV1 writes it; null for steps of a kind that is not known.</summary>
    /// <exception cref="FormatException">It is no step at all.</exception>
    public static FieldElement? Parse(string text)
    {
        if (text.Length < 2) throw new FormatException("key must be 2 characters long:");
        if (text[1] != ':') throw new FormatException($"missing colon: {GoQuote.Quote(text)}");
        var value = text[2..];
        switch (text[0])
        {
            case 'f': return Field(value);
            case 'i' when long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _): return new FieldElement('i', value);
            case 'k' when JsonNode.Parse(value) is JsonObject keys:
                return new FieldElement('k', $"{{{string.Join(',', keys.OrderBy(k => k.Key, StringComparer.Ordinal).Select(k => $"{JsonTree.ToText(k.Key)}:{Canonical(k.Value)}"))}}}");
            case 'v': return new FieldElement('v', Canonical(JsonNode.Parse(value)));
            case 'i' or 'k': throw new FormatException($"malformed path element {GoQuote.Quote(text)}");
            default: return null;
        }
    }

    /// <summary>As FieldsV1 writes it.</summary>
    public string ToFieldsV1() => $"{Kind}:{Value}";

    public int CompareTo(FieldElement other)
    {
        if (Kind != other.Kind) return Kinds.IndexOf(Kind, StringComparison.Ordinal).CompareTo(Kinds.IndexOf(other.Kind, StringComparison.Ordinal));
        if (Kind == 'i') return long.Parse(Value, CultureInfo.InvariantCulture).CompareTo(long.Parse(other.Value, CultureInfo.InvariantCulture));
        return string.CompareOrdinal(Value, other.Value);
    }

    /// <summary>As a path is told to people: <c>.name</c>, <c>[name="a"]</c>, <c>[="v"]</c>, <c>[3]</c>.</summary>
    public override string ToString() => Kind switch
    {
        'f' => "." + Value,
        'k' => $"[{string.Join(',', JsonNode.Parse(Value)!.AsObject().Select(k => $"{k.Key}={Show(k.Value)}"))}]",
        'v' => $"[={Show(JsonNode.Parse(Value))}]",
        _ => $"[{Value}]",
    };

    internal static IEnumerable<string> SortedKeys(TypeSchema list) =>
        IsSorted(list.ListKeys) ? list.ListKeys : list.ListKeys.Sort(StringComparer.Ordinal);

    // A key that a client leaves out is the default that it will get.
    internal static JsonNode? KeyOf(TypeSchema list, JsonObject entry, string name)
    {
        if (entry.TryGetPropertyValue(name, out var value)) return value;
        return list.Items?.Field(name)?.Default;
    }

    private static bool IsSorted(ImmutableArray<string> keys)
    {
        for (var i = 1; i < keys.Length; i++)
            if (string.CompareOrdinal(keys[i - 1], keys[i]) > 0) return false;
        return true;
    }

    private static string Canonical(JsonNode? value) =>
        JsonTree.AsInt64(value) is { } whole ? whole.ToString(CultureInfo.InvariantCulture) : JsonTree.ToText(value);

    private static string Show(JsonNode? value) => JsonTree.AsString(value) is { } text ? GoQuote.Quote(text) : JsonTree.ToText(value);
}
