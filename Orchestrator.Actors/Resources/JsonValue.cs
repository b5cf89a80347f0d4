using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Actors.Resources;

/// <summary>A leaf of a JSON tree: a string, a number or a bool. It never changes.</summary>
[JsonConverter(typeof(JsonNodeConverter))]
public abstract class JsonValue : JsonNode
{
    private const int WholeFirst = -1;

    private const int WholeLast = 1024;

    // Counts, ports, modes and periods: most numbers of most objects.
    private static readonly JsonWhole[] Small = [.. Enumerable.Range(WholeFirst, WholeLast - WholeFirst + 1).Select(static n => new JsonWhole(n))];

    private protected JsonValue()
    {
    }

    [return: NotNullIfNotNull(nameof(value))]
    public static JsonValue? Create(string? value) => value is null ? null : value.Length == 0 ? JsonString.Empty : new JsonString(value);

    public static JsonValue Create(bool value) => value ? JsonBool.True : JsonBool.False;

    public static JsonValue Create(long value) => value is >= WholeFirst and <= WholeLast ? Small[value - WholeFirst] : new JsonWhole(value);

    public static JsonValue Create(double value) => new JsonDouble(value);

    /// <summary>A number that keeps its text.</summary>
    /// <param name="text">A number as JSON has it.</param>
    internal static JsonValue Number(ReadOnlySpan<byte> text) => new JsonNumberText(text.ToArray());

    /// <summary>JSON that is written already: good for being written, and not for being read.</summary>
    internal static JsonValue Raw(ReadOnlyMemory<byte> utf8) => new JsonWritten(utf8);

    /// <summary>The value, if it is one of that type: a whole number also is a number of each type into which it fits.</summary>
    /// <typeparam name="T">string, bool, int, long or double.</typeparam>
    public bool TryGetValue<T>([NotNullWhen(true)] out T? value)
    {
        if (typeof(T) == typeof(string) && Text is T text)
        {
            value = text;
            return true;
        }
        if (typeof(T) == typeof(bool) && this is JsonBool { Value: T flag })
        {
            value = flag;
            return true;
        }
        if (typeof(T) == typeof(long) && Whole is T whole)
        {
            value = whole;
            return true;
        }
        if (typeof(T) == typeof(int) && Whole is >= int.MinValue and <= int.MaxValue and var small && (int)small is T fits)
        {
            value = fits;
            return true;
        }
        if (typeof(T) == typeof(double) && Double is T number)
        {
            value = number;
            return true;
        }
        value = default;
        return false;
    }

    public sealed override JsonValue DeepClone() => this;

    /// <summary>The text of a string; null for anything else.</summary>
    internal virtual string? Text => null;

    /// <summary>The number as a whole one; null when it is no number, is not written as a whole one, or does not fit.</summary>
    internal virtual long? Whole => null;

    /// <summary>The number, as near as may be; null when it is none.</summary>
    internal virtual double? Double => null;
}

internal sealed class JsonString(string value) : JsonValue
{
    public static readonly JsonString Empty = new("");

    public readonly string Value = value;

    internal override string Text => Value;

    public override JsonValueKind GetValueKind() => JsonValueKind.String;

    public override void WriteTo(Utf8JsonWriter writer) => writer.WriteStringValue(Value);

    internal override void WriteTo(JsonText text) => text.String(Value);

    public override string ToString() => Value;
}

internal sealed class JsonBool : JsonValue
{
    public static readonly JsonBool True = new(true);

    public static readonly JsonBool False = new(false);

    public readonly bool Value;

    private JsonBool(bool value) => Value = value;

    public override JsonValueKind GetValueKind() => Value ? JsonValueKind.True : JsonValueKind.False;

    public override void WriteTo(Utf8JsonWriter writer) => writer.WriteBooleanValue(Value);

    internal override void WriteTo(JsonText text) => text.Raw(Value ? "true"u8 : "false"u8);
}

/// <summary>A whole number of 64 bits.</summary>
internal sealed class JsonWhole(long value) : JsonValue
{
    public readonly long Value = value;

    internal override long? Whole => Value;

    internal override double? Double => Value;

    public override JsonValueKind GetValueKind() => JsonValueKind.Number;

    public override void WriteTo(Utf8JsonWriter writer) => writer.WriteNumberValue(Value);

    internal override void WriteTo(JsonText text) => text.Whole(Value);
}

/// <summary>A number that our own code computed.</summary>
internal sealed class JsonDouble(double value) : JsonValue
{
    public readonly double Value = value;

    // As its text is written, 1E+300 is no whole number and 5 is one.
    internal override long? Whole =>
        long.TryParse(Value.ToString("R", CultureInfo.InvariantCulture), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole : null;

    internal override double? Double => Value;

    public override JsonValueKind GetValueKind() => JsonValueKind.Number;

    public override void WriteTo(Utf8JsonWriter writer) => writer.WriteNumberValue(Value);

    internal override void WriteTo(JsonText text) => text.Double(Value);
}

/// <summary>A number whose text says more than a whole number or a double would: 1.0, 1e3, -0, or twenty digits.</summary>
internal sealed class JsonNumberText(byte[] utf8) : JsonValue
{
    internal override long? Whole => long.TryParse(utf8, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole : null;

    internal override double? Double => double.TryParse(utf8, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    public override JsonValueKind GetValueKind() => JsonValueKind.Number;

    public override void WriteTo(Utf8JsonWriter writer)
    {
        if (!writer.Options.Indented)
        {
            writer.WriteRawValue(utf8, skipInputValidation: true);
            return;
        }
        // What is written raw begins no line of its own.
        using var document = JsonDocument.Parse(utf8);
        document.RootElement.WriteTo(writer);
    }

    internal override void WriteTo(JsonText text) => text.Raw(utf8);
}

/// <summary>JSON that is written already.</summary>
internal sealed class JsonWritten(ReadOnlyMemory<byte> utf8) : JsonValue
{
    public override JsonValueKind GetValueKind() => JsonValueKind.Undefined;

    public override void WriteTo(Utf8JsonWriter writer) => writer.WriteRawValue(utf8.Span, skipInputValidation: true);

    internal override void WriteTo(JsonText text) => text.Raw(utf8.Span);
}
