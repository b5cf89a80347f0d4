using System.Globalization;
using System.Text;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary><c>"%s is %d".format([...])</c>: a clause begins with %, may have a precision, and ends with a verb.</summary>
/// <remarks>Source: cel-go, ext/formatting.go in version 2 of the string library, which is that of Kubernetes since 1.29.</remarks>
internal static class StringFormatting
{
    private const int DefaultPrecision = 6;

    public static CelValue Format(string text, CelList args)
    {
        var result = new StringBuilder(text.Length);
        var next = 0;
        foreach (var clause in FormatClause.Parse(text))
        {
            if (clause.Verb == '\0')
            {
                result.Append(clause.Text);
                continue;
            }
            if (next >= args.Count) return new CelError($"index {next} out of range");
            if (clause.Fault is not null) return new CelError(clause.Fault);
            var (shown, fault) = Show(clause, args[next++]);
            if (fault is not null) return new CelError($"error during formatting: {fault}");
            result.Append(shown);
        }
        return new CelString(result.ToString());
    }

    /// <summary>What is said of a value of a type that a clause does not take.</summary>
    public static string Refusal(char verb, string type) => verb switch
    {
        's' => $"string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given {type}",
        'd' => $"decimal clause can only be used on integers, was given {type}",
        'f' => $"fixed-point clause can only be used on doubles, was given {type}",
        'e' => $"scientific clause can only be used on doubles, was given {type}",
        'b' => $"only integers and bools can be formatted as binary, was given {type}",
        'o' => $"octal clause can only be used on integers, was given {type}",
        _ => $"only integers, byte buffers, and strings can be formatted as hex, was given {type}",
    };

    private static (string Text, string? Fault) Show(FormatClause clause, CelValue arg)
    {
        var shown = clause.Verb switch
        {
            's' => null,
            'd' => arg is CelInt or CelUint ? CelText.Show(arg) : null,
            'f' => NumberOf(arg) is { } number ? Fixed(number, clause.Precision ?? DefaultPrecision) : null,
            'e' => NumberOf(arg) is { } number ? Scientific(number).PadLeft(clause.Precision ?? DefaultPrecision) : null,
            'b' => arg is CelBool b ? b.Value ? "1" : "0" : Radix(arg, 2, false),
            'o' => Radix(arg, 8, false),
            _ => Hex(arg, clause.Verb == 'X'),
        };
        return shown is not null ? (shown, null) : clause.Verb == 's' ? ToText(arg) : ("", Refusal(clause.Verb, arg.Type.Name));
    }

    private static (string Text, string? Fault) ToText(CelValue value) => value switch
    {
        CelList or CelMap => ToLiteral(value),
        CelDouble d when double.IsInfinity(d.Value) => (d.Value > 0 ? "+Inf" : "-Inf", null),
        CelString or CelInt or CelUint or CelDouble or CelBool or CelNull or CelBytes or CelTypeValue or CelTimestamp or CelDuration => (CelText.Show(value), null),
        _ => ("", Refusal('s', value.Type.Name)),
    };

    /// <summary>What is in a list or a map is written as it would be in an expression.</summary>
    private static (string Text, string? Fault) ToLiteral(CelValue value)
    {
        switch (value)
        {
            case CelString s: return (GoQuote.Quote(s.Value), null);
            case CelBytes b: return ("b" + GoQuote.Quote(Encoding.UTF8.GetString(b.Value.Span)), null);
            case CelTimestamp: return ($"timestamp({GoQuote.Quote(CelText.Show(value))})", null);
            case CelDuration: return ($"duration({GoQuote.Quote(CelText.Show(value))})", null);
            case CelDouble { Value: var d }:
                return (double.IsFinite(d) ? d.ToString("F6", CultureInfo.InvariantCulture) : double.IsNaN(d) ? "\"NaN\"" : d > 0 ? "\"+Inf\"" : "\"-Inf\"", null);
            case CelInt or CelUint or CelBool or CelNull or CelTypeValue: return (CelText.Show(value), null);
            case CelList list:
                var items = new List<string>();
                for (var i = 0; i < list.Count; i++)
                {
                    var (item, fault) = ToLiteral(list[i]);
                    if (fault is not null) return ("", fault);
                    items.Add(item);
                }
                return ($"[{string.Join(", ", items)}]", null);
            case CelMap map:
                var entries = new SortedDictionary<string, string>(StringComparer.Ordinal);
                foreach (var key in map.Keys)
                {
                    if (key is not (CelString or CelBool or CelInt or CelUint)) return ("", $"no formatting function for map key of type {key.Type.Name}");
                    var (item, fault) = ToLiteral(map.Find(key)!);
                    if (fault is not null) return ("", fault);
                    entries[ToLiteral(key).Text] = item;
                }
                return ($"{{{string.Join(", ", entries.Select(static e => $"{e.Key}:{e.Value}"))}}}", null);
            default:
                return ("", $"no formatting function for {value.Type.Name}");
        }
    }

    private static double? NumberOf(CelValue value) => value switch
    {
        CelDouble d => d.Value,
        CelString { Value: "NaN" } => double.NaN,
        CelString { Value: "Infinity" } => double.PositiveInfinity,
        CelString { Value: "-Infinity" } => double.NegativeInfinity,
        _ => null,
    };

    /// <summary>Numbers are written for people, as in American English; zero has no sign there.</summary>
    private static string Fixed(double number, int precision) => !double.IsFinite(number) ? Unending(number)
        : (number == 0 ? 0 : number).ToString("N" + precision.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>With six digits, always: what is given as precision is read as a width.</summary>
    private static string Scientific(double number)
    {
        if (!double.IsFinite(number)) return Unending(number);
        var text = (number == 0 ? 0 : number).ToString("e6", CultureInfo.InvariantCulture);
        var at = text.IndexOf('e', StringComparison.Ordinal);
        var power = int.Parse(text.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var digits = string.Concat(Math.Abs(power).ToString("00", CultureInfo.InvariantCulture).Select(static d => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d - '0']));
        return $"{text[..at]}\u202f×\u202f10{(power < 0 ? "⁻" : "")}{digits}";
    }

    private static string Unending(double number) => double.IsNaN(number) ? "NaN" : number > 0 ? "∞" : "-∞";

    private static string? Hex(CelValue value, bool upper) => value switch
    {
        CelString s => Hex(Encoding.UTF8.GetBytes(s.Value), upper),
        CelBytes b => Hex(b.Value.Span, upper),
        _ => Radix(value, 16, upper),
    };

    private static string Hex(ReadOnlySpan<byte> bytes, bool upper) => upper ? Convert.ToHexString(bytes) : Convert.ToHexStringLower(bytes);

    private static string? Radix(CelValue value, int radix, bool upper) => value switch
    {
        CelInt i => Radix((Int128)i.Value, radix, upper),
        CelUint u => Radix((Int128)u.Value, radix, upper),
        _ => null,
    };

    private static string Radix(Int128 value, int radix, bool upper)
    {
        if (value == 0) return "0";
        var digits = new StringBuilder();
        for (var rest = Int128.Abs(value); rest > 0; rest /= radix) digits.Insert(0, (upper ? "0123456789ABCDEF" : "0123456789abcdef")[(int)(rest % radix)]);
        return value < 0 ? "-" + digits : digits.ToString();
    }
}
