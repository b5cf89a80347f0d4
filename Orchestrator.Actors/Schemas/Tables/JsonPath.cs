using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>The subset of kubectl's JSONPath that printer columns use: fields, indexes, slices, wildcards, filters, recursive descent.</summary>
/// <remarks>Parsed once per definition. Absent parts select nothing, as in Kubernetes; they are no error.</remarks>
public sealed class JsonPath
{
    private readonly ImmutableArray<JsonPathStep> _steps;

    internal JsonPath(ImmutableArray<JsonPathStep> steps) => _steps = steps;

    /// <summary>Reads a path such as <c>.status.conditions[?(@.type=="Ready")].status</c>, with or without <c>{}</c> and <c>$</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out JsonPath? path)
    {
        path = JsonPathParser.Parse(text);
        return path is not null;
    }

    /// <summary>Every value that the path selects, in document order.</summary>
    public IEnumerable<JsonElement> Select(JsonElement root)
    {
        IEnumerable<JsonElement> selected = [root];
        foreach (var step in _steps) selected = selected.SelectMany(step.Apply);
        return selected;
    }
}

/// <summary>One step of a path: from one value to those that it selects in it.</summary>
internal abstract record JsonPathStep
{
    public abstract IEnumerable<JsonElement> Apply(JsonElement value);
}

internal sealed record FieldStep(string Name) : JsonPathStep
{
    public override IEnumerable<JsonElement> Apply(JsonElement value) =>
        value.Get(Name) is { ValueKind: not JsonValueKind.Undefined } found ? [found] : [];
}

internal sealed record WildcardStep : JsonPathStep
{
    public override IEnumerable<JsonElement> Apply(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.EnumerateArray(),
        JsonValueKind.Object => value.EnumerateObject().Select(static p => p.Value),
        _ => [],
    };
}

/// <summary>The items from <paramref name="Start"/> to before <paramref name="End"/>; negative numbers count from the end.</summary>
internal sealed record SliceStep(int? Start, int? End) : JsonPathStep
{
    public override IEnumerable<JsonElement> Apply(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array) return [];
        var length = value.GetArrayLength();
        var from = Math.Max(0, Absolute(Start ?? 0, length));
        var to = Math.Min(length, Absolute(End ?? length, length));
        return from >= to ? [] : value.EnumerateArray().Skip(from).Take(to - from);
    }

    public static SliceStep Index(int index) => new(index, index == -1 ? null : index + 1);

    private static int Absolute(int index, int length) => index < 0 ? index + length : index;
}

internal sealed record RecursiveStep : JsonPathStep
{
    public override IEnumerable<JsonElement> Apply(JsonElement value)
    {
        yield return value;
        foreach (var child in new WildcardStep().Apply(value))
            foreach (var below in Apply(child)) yield return below;
    }
}

/// <summary>The items for which a comparison of a relative path with a literal holds; without an operator, those where the path exists.</summary>
internal sealed record FilterStep(JsonPath Left, string Operator, JsonElement Right) : JsonPathStep
{
    public override IEnumerable<JsonElement> Apply(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Where(Matches) : [];

    private bool Matches(JsonElement item)
    {
        foreach (var left in Left.Select(item))
            if (Operator.Length == 0 || Holds(left)) return true;
        return false;
    }

    private bool Holds(JsonElement left)
    {
        int order;
        if (left.ValueKind == JsonValueKind.Number && Right.ValueKind == JsonValueKind.Number) order = left.GetDouble().CompareTo(Right.GetDouble());
        else if (left.ValueKind == JsonValueKind.String && Right.ValueKind == JsonValueKind.String) order = string.CompareOrdinal(left.GetString(), Right.GetString());
        else return Operator == "!=" ? left.ValueKind != Right.ValueKind : Operator == "==" && left.ValueKind == Right.ValueKind;
        return Operator switch { "==" => order == 0, "!=" => order != 0, "<" => order < 0, ">" => order > 0, "<=" => order <= 0, _ => order >= 0 };
    }
}
