using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Node.Kubelet;

/// <summary>Reads fields of an object that may lack them; a field of another type than asked for counts as absent.</summary>
internal static class JsonFields
{
    public static JsonElement At(this JsonElement e, string name) =>
        e.ValueKind == JsonValueKind.Object && e.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : default;

    public static bool Exists(this JsonElement e) => e.ValueKind != JsonValueKind.Undefined;

    public static string Text(this JsonElement e, string name, string otherwise = "")
    {
        var value = e.At(name);
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Number => value.GetRawText(),
            _ => otherwise,
        };
    }

    public static bool Flag(this JsonElement e, string name, bool otherwise = false) => e.At(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => otherwise,
    };

    public static bool? FlagOrNull(this JsonElement e, string name) => e.At(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    public static long? NumberOrNull(this JsonElement e, string name) =>
        e.At(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : null;

    /// <summary>A number of seconds. The API takes any that has 64 bits; more than a lifetime is for ever, and no clock or timer counts further.</summary>
    public static TimeSpan? SecondsOrNull(this JsonElement e, string name) => e.NumberOrNull(name) is { } seconds ? Seconds(seconds) : null;

    /// <summary>As long as can be counted.</summary>
    public static TimeSpan Seconds(long seconds) => TimeSpan.FromSeconds(Math.Clamp(seconds, 0, int.MaxValue));

    public static int Number(this JsonElement e, string name, int otherwise) => (int)(e.NumberOrNull(name) ?? otherwise);

    public static ImmutableArray<string> Texts(this JsonElement e, string name) =>
        e.Items(name).Where(x => x.ValueKind == JsonValueKind.String).Select(x => x.GetString()!).ToImmutableArray();

    public static IEnumerable<JsonElement> Items(this JsonElement e, string name) =>
        e.At(name) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : [];

    public static ImmutableDictionary<string, string> Map(this JsonElement e, string name)
    {
        if (e.At(name) is not { ValueKind: JsonValueKind.Object } map) return ImmutableDictionary<string, string>.Empty;
        var builder = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var property in map.EnumerateObject())
            builder[property.Name] = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : property.Value.GetRawText();
        return builder.ToImmutable();
    }

    public static DateTimeOffset? Time(this JsonElement e, string name) =>
        DateTimeOffset.TryParse(e.Text(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
