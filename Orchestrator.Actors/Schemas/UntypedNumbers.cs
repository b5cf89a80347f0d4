using System.Globalization;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>Gives the numbers of a custom resource the one form in which they are stored: integers of 64 bits as they are, all others
/// as the shortest text of the nearest double. So <c>3.0</c> and <c>3e0</c> are 3.</summary>
/// <remarks>Source: what unstructured objects of k8s.io/apimachinery make of a number, and how Go's encoding/json writes a float64.</remarks>
internal static class UntypedNumbers
{
    public static void Settle(JsonNode? node)
    {
        if (node is JsonObject owner)
        {
            for (var i = 0; i < owner.Count; i++)
            {
                var value = owner.GetAt(i).Value;
                if (value is JsonValue leaf)
                {
                    if (Settled(leaf) is { } settled) owner.SetAt(i, settled);
                }
                else Settle(value);
            }
        }
        else if (node is JsonArray list)
        {
            for (var i = 0; i < list.Count; i++)
            {
                if (list[i] is not JsonValue leaf) Settle(list[i]);
                else if (Settled(leaf) is { } settled) list[i] = settled;
            }
        }
    }

    /// <summary>The number in the other form that it is to have; null when it stays, or is none.</summary>
    private static JsonNode? Settled(JsonValue value)
    {
        if (value.GetValueKind() != JsonValueKind.Number || value.TryGetValue<long>(out _) || value.TryGetValue<int>(out _)) return null;
        var text = JsonTree.ToText(value);
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)) return null;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number)) return null;
        var form = Form(number);
        return form == text ? null : JsonNode.Parse(form);
    }

    /// <summary>Plain from 1e-6 to below 1e21, else with an exponent without leading zeros.</summary>
    internal static string Form(double number)
    {
        var size = Math.Abs(number);
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        if (size != 0 && (size < 1e-6 || size >= 1e21))
        {
            var mark = text.IndexOf('E', StringComparison.Ordinal);
            var exponent = int.Parse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            return $"{text.AsSpan(0, mark)}e{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent).ToString(exponent < 0 ? "0" : "00", CultureInfo.InvariantCulture)}";
        }
        return Plain(text);
    }

    /// <summary>Writes out the exponent of a text of the round-trip form.</summary>
    private static string Plain(string text)
    {
        var mark = text.IndexOf('E', StringComparison.Ordinal);
        if (mark < 0) return text;
        var exponent = int.Parse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var sign = text[0] == '-' ? "-" : "";
        var digits = text.AsSpan(sign.Length, mark - sign.Length).ToString();
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        var whole = (point < 0 ? digits.Length : point) + exponent;
        digits = digits.Replace(".", "", StringComparison.Ordinal);
        if (whole <= 0) return $"{sign}0.{new string('0', -whole)}{digits}";
        return whole >= digits.Length ? sign + digits.PadRight(whole, '0') : $"{sign}{digits[..whole]}.{digits[whole..]}";
    }
}
