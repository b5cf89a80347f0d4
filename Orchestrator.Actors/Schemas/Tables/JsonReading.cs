using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>Reads parts of an object that may be absent: what is missing reads as undefined, empty or zero.</summary>
internal static class JsonReading
{
    public static JsonElement Get(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    public static JsonElement Get(this JsonElement element, string first, string second) => element.Get(first).Get(second);

    public static bool Exists(this JsonElement element) => element.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    public static string Text(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.Undefined or JsonValueKind.Null => "",
        _ => element.GetRawText(),
    };

    public static string Text(this JsonElement element, string name) => element.Get(name).Text();

    public static long Number(this JsonElement element, string name, long otherwise = 0) =>
        element.Get(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value) ? value : otherwise;

    public static bool Flag(this JsonElement element, string name) => element.Get(name).ValueKind == JsonValueKind.True;

    public static JsonElement.ArrayEnumerator Items(this JsonElement element, string name) =>
        element.Get(name) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : default;

    /// <summary>What is read of each item; empty for what is absent, at no cost.</summary>
    public static ImmutableArray<T> Map<T>(this JsonElement element, string name, Func<JsonElement, T> read) => element.Get(name).Map(read);

    public static ImmutableArray<T> Map<T>(this JsonElement array, Func<JsonElement, T> read)
    {
        if (array.ValueKind != JsonValueKind.Array) return [];
        var items = ImmutableArray.CreateBuilder<T>(array.GetArrayLength());
        foreach (var item in array.EnumerateArray()) items.Add(read(item));
        return items.MoveToImmutable();
    }

    public static IEnumerable<JsonProperty> Entries(this JsonElement element, string name) =>
        element.Get(name) is { ValueKind: JsonValueKind.Object } map ? map.EnumerateObject() : [];

    /// <summary>How many items or properties there are; 0 for what is absent.</summary>
    public static int Count(this JsonElement element, string name) => element.Get(name) switch
    {
        { ValueKind: JsonValueKind.Array } array => array.GetArrayLength(),
        { ValueKind: JsonValueKind.Object } map => map.GetPropertyCount(),
        _ => 0,
    };

    /// <summary>The texts of an array, joined by commas.</summary>
    public static string Joined(this JsonElement element, string name) => string.Join(',', element.Items(name).Select(static e => e.Text()));

    public static string Joined(this JsonElement element, string name, string property) =>
        string.Join(',', element.Items(name).Select(e => e.Text(property)));

    /// <summary>The status of a condition by its type, or empty.</summary>
    public static string ConditionStatus(this JsonElement status, string type)
    {
        foreach (var condition in status.Items("conditions"))
            if (condition.Text("type") == type) return condition.Text("status");
        return "";
    }

    /// <summary>A map of labels as <c>a=b,c=d</c>, in the order of the keys, or <c>&lt;none&gt;</c>.</summary>
    public static string Labels(this JsonElement element, string name)
    {
        var pairs = element.Entries(name).Select(static e => $"{e.Name}={e.Value.Text()}").Order(StringComparer.Ordinal);
        var text = string.Join(',', pairs);
        return text.Length == 0 ? "<none>" : text;
    }

    /// <summary>A LabelSelector in the form that kubectl's -l takes, or <c>&lt;none&gt;</c> where it selects everything.</summary>
    public static string LabelSelector(this JsonElement selector)
    {
        var terms = selector.Entries("matchLabels").Select(static e => (Key: e.Name, Term: $"{e.Name}={e.Value.Text()}"))
            .Concat(selector.Items("matchExpressions").Select(static e => (Key: e.Text("key"), Term: Expression(e))))
            .OrderBy(static t => t.Key, StringComparer.Ordinal);
        var text = string.Join(',', terms.Select(static t => t.Term));
        return text.Length == 0 ? "<none>" : text;
    }

    private static string Expression(JsonElement expression)
    {
        var key = expression.Text("key");
        var values = string.Join(',', expression.Items("values").Select(static v => v.Text()).Order(StringComparer.Ordinal));
        return expression.Text("operator") switch
        {
            "In" => $"{key} in ({values})",
            "NotIn" => $"{key} notin ({values})",
            "Exists" => key,
            "DoesNotExist" => $"!{key}",
            _ => "<error>",
        };
    }

    public static string Invariant(long value) => value.ToString(CultureInfo.InvariantCulture);
}
