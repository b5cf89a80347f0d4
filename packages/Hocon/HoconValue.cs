using System.Globalization;
using System.Text;

namespace Hocon;

/// <summary>One resolved value: nothing, a literal, an array or an object. Never changes.</summary>
public class HoconValue : IHoconElement
{
    internal static readonly HoconValue Nothing = new();
    private readonly HoconObject _object;
    private readonly IReadOnlyList<HoconValue> _array;
    private readonly string _literal;
    private readonly bool _quoted;

    public HoconValue() => Type = HoconType.Empty;

    internal HoconValue(HoconObject value) => (_object, Type) = (value, HoconType.Object);

    internal HoconValue(IReadOnlyList<HoconValue> value) => (_array, Type) = (value, HoconType.Array);

    internal HoconValue(string literal, bool quoted)
    {
        (_literal, _quoted) = (literal, quoted);
        Type = quoted || literal is null ? HoconType.String
            : literal is "true" or "false" or "on" or "off" or "yes" or "no" ? HoconType.Boolean
            : double.TryParse(literal, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? HoconType.Number
            : HoconType.String;
    }

    public HoconType Type { get; }
    public bool IsEmpty => Type == HoconType.Empty;
    public bool IsObject() => Type == HoconType.Object;
    public bool IsArray() => Type == HoconType.Array;
    public bool IsString() => Type is HoconType.String or HoconType.Boolean or HoconType.Number;

    /// <summary>The object; an array or literal is an error, an empty value an empty object.</summary>
    public HoconObject GetObject() => Type switch
    {
        HoconType.Object => _object,
        HoconType.Empty => new HoconObject(),
        _ => throw new HoconException($"Expected an object, found {Describe()}"),
    };

    /// <summary>The elements. An object with whole-number keys counts as an array, in the order of its keys.</summary>
    public IList<HoconValue> GetArray()
    {
        if (Type == HoconType.Array) return [.. _array];
        if (Type == HoconType.Empty) return [];
        if (Type == HoconType.Object && _object.Count > 0 && _object.Keys.All(k => int.TryParse(k, out _)))
            return [.. _object.OrderBy(p => int.Parse(p.Key, CultureInfo.InvariantCulture)).Select(p => p.Value)];
        throw new HoconException($"Expected an array, found {Describe()}");
    }

    /// <summary>The text, null for an unquoted null.</summary>
    public string GetString() => Type switch
    {
        HoconType.Empty => null,
        HoconType.Array or HoconType.Object => throw new HoconException($"Expected a text, found {Describe()}"),
        _ => !_quoted && _literal == "null" ? null : _literal,
    };

    public bool GetBoolean() => GetString() switch
    {
        "true" or "on" or "yes" => true,
        "false" or "off" or "no" => false,
        var other => throw new HoconException($"Not a boolean: [{other}]"),
    };

    public int GetInt() => Number("an integer", s => int.Parse(s, NumberStyles.Integer, CultureInfo.InvariantCulture));
    public long GetLong() => Number("an integer", s => long.Parse(s, NumberStyles.Integer, CultureInfo.InvariantCulture));
    public byte GetByte() => Number("a byte", s => byte.Parse(s, NumberStyles.Integer, CultureInfo.InvariantCulture));
    public float GetFloat() => Number("a number", s => float.Parse(s, NumberStyles.Float, CultureInfo.InvariantCulture));
    public double GetDouble() => Number("a number", s => double.Parse(s, NumberStyles.Float, CultureInfo.InvariantCulture));
    public decimal GetDecimal() => Number("a number", s => decimal.Parse(s, NumberStyles.Float, CultureInfo.InvariantCulture));
    public IList<string> GetStringList() => [.. GetArray().Select(v => v.GetString())];
    public IList<int> GetIntList() => [.. GetArray().Select(v => v.GetInt())];
    public IList<long> GetLongList() => [.. GetArray().Select(v => v.GetLong())];
    public IList<byte> GetByteList() => [.. GetArray().Select(v => v.GetByte())];
    public IList<bool> GetBooleanList() => [.. GetArray().Select(v => v.GetBoolean())];
    public IList<float> GetFloatList() => [.. GetArray().Select(v => v.GetFloat())];
    public IList<double> GetDoubleList() => [.. GetArray().Select(v => v.GetDouble())];
    public IList<decimal> GetDecimalList() => [.. GetArray().Select(v => v.GetDecimal())];

    /// <summary>A duration; a bare number is in milliseconds, "infinite" is -1 ms.</summary>
    public TimeSpan GetTimeSpan(bool allowInfinite = true) => HoconUnits.ParseTimeSpan(GetString(), allowInfinite);

    /// <summary>A size in bytes: units b, kB (1000), K/KiB (1024) and so on; null when there is no number.</summary>
    public long? GetByteSize() => HoconUnits.ParseByteSize(GetString());

    /// <summary>The value below this object, null when there is none.</summary>
    public HoconValue GetChildObject(string key) =>
        Type == HoconType.Object && _object.TryGetValue(key, out var child) ? child : null;

    internal HoconValue Find(IReadOnlyList<string> path)
    {
        var node = this;
        for (var i = 0; i < path.Count && node is not null; i++) node = node.GetChildObject(path[i]);
        return node;
    }

    internal static HoconValue Merge(HoconValue over, HoconValue under) =>
        over.Type == HoconType.Object && under.Type == HoconType.Object
            ? new HoconValue(HoconObject.Merge(over._object, under._object))
            : over.IsEmpty ? under : over;

    internal object Unwrap() => Type switch
    {
        HoconType.Object => _object.Unwrapped,
        HoconType.Array => _array.Select(v => v.Unwrap()).ToList(),
        HoconType.Empty => null,
        _ => GetString(),
    };

    public override string ToString() => ToString(1, 2);

    /// <summary>HOCON text that parses to this value.</summary>
    public string ToString(int depth, int indentSize)
    {
        var text = new StringBuilder();
        Render(text, depth, indentSize);
        return text.ToString();
    }

    internal void Render(StringBuilder text, int depth, int indentSize)
    {
        switch (Type)
        {
            case HoconType.Object: _object.Render(text, depth, indentSize); break;
            case HoconType.Array:
                text.Append('[');
                for (var i = 0; i < _array.Count; i++)
                {
                    if (i > 0) text.Append(", ");
                    _array[i].Render(text, depth, indentSize);
                }

                text.Append(']');
                break;
            case HoconType.Empty: text.Append("{}"); break;
            default: text.Append(_quoted || !IsPlain(_literal) ? Quote(_literal) : _literal); break;
        }
    }

    internal static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                < ' ' => quoted.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }

    private static bool IsPlain(string text)
    {
        if (text.Length == 0 || char.IsWhiteSpace(text[0]) || char.IsWhiteSpace(text[^1])) return false;
        foreach (var c in text)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or ' '))
                return false;
        return !text.StartsWith("include", StringComparison.Ordinal);
    }

    private string Describe() => Type switch
    {
        HoconType.Object => "an object",
        HoconType.Array => "an array",
        HoconType.Empty => "nothing",
        _ => $"the text [{_literal}]",
    };

    private T Number<T>(string what, Func<string, T> parse)
    {
        var text = GetString();
        try
        {
            return parse(text ?? "");
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new HoconException($"Not {what}: [{text}]", e);
        }
    }
}
