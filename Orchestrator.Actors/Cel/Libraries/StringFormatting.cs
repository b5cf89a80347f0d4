using System.Globalization;
using System.Text;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary><c>"%s is %d".format([...])</c>: a clause begins with %, may have a precision, and ends with a verb.</summary>
/// <remarks>Source: cel-go, ext/formatting.go in version 2 of the string library, which is that of Kubernetes since 1.29.</remarks>
internal static class StringFormatting
{
    public static CelValue Format(string text, CelList args)
    {
        var result = new StringBuilder(text.Length);
        var next = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                result.Append(text[i]);
                continue;
            }
            if (++i == text.Length) return new CelError("unexpected end of string");
            if (text[i] == '%')
            {
                result.Append('%');
                continue;
            }
            int? precision = null;
            if (text[i] == '.')
            {
                var start = ++i;
                while (i < text.Length && char.IsAsciiDigit(text[i])) i++;
                if (i == text.Length) return new CelError("could not find end of precision specifier");
                if (!int.TryParse(text.AsSpan(start, i - start), NumberStyles.None, CultureInfo.InvariantCulture, out var digits) || digits > 1000)
                    return new CelError("error while converting precision to integer");
                precision = digits;
            }
            if (next >= args.Count) return new CelError($"index {next} out of range");
            var (clause, fault) = Clause(text[i], precision, args[next++]);
            if (fault is not null) return new CelError($"error during formatting: {fault}");
            result.Append(clause);
        }
        return new CelString(result.ToString());
    }

    private static (string Text, string? Fault) Clause(char verb, int? precision, CelValue arg)
    {
        switch (verb)
        {
            case 's': return ToText(arg);
            case 'd': return Decimal(arg);
            case 'f': return Float(arg, 'f', precision ?? 6);
            case 'e': return Float(arg, 'e', 0);
            case 'b':
                return arg switch
                {
                    CelInt i => (Radix(i.Value, 2, false), null),
                    CelUint u => (Radix(u.Value, 2, false), null),
                    CelBool b => (b.Value ? "1" : "0", null),
                    _ => ("", $"only integers and bools can be formatted as binary, was given {arg.Type.Name}"),
                };
            case 'o':
                return arg switch
                {
                    CelInt i => (Radix(i.Value, 8, false), null),
                    CelUint u => (Radix(u.Value, 8, false), null),
                    _ => ("", $"octal clause can only be used on integers, was given {arg.Type.Name}"),
                };
            case 'x' or 'X':
                var upper = verb == 'X';
                return arg switch
                {
                    CelInt i => (Radix(i.Value, 16, upper), null),
                    CelUint u => (Radix(u.Value, 16, upper), null),
                    CelString s => (Hex(Encoding.UTF8.GetBytes(s.Value), upper), null),
                    CelBytes b => (Hex(b.Value.Span, upper), null),
                    _ => ("", $"only integers, byte buffers, and strings can be formatted as hex, was given {arg.Type.Name}"),
                };
            default:
                return ("", $"unrecognized formatting clause \"{verb}\"");
        }
    }

    private static (string Text, string? Fault) ToText(CelValue value) => value switch
    {
        CelList or CelMap => ToLiteral(value),
        CelDouble d when double.IsInfinity(d.Value) => (d.Value > 0 ? "+Inf" : "-Inf", null),
        CelString or CelInt or CelUint or CelDouble or CelBool or CelNull or CelBytes or CelTypeValue or CelTimestamp or CelDuration => (CelText.Show(value), null),
        _ => ("", $"string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given {value.Type.Name}"),
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

    private static (string Text, string? Fault) Decimal(CelValue value) => value is CelInt or CelUint
        ? (CelText.Show(value), null)
        : ("", $"decimal clause can only be used on integers, was given {value.Type.Name}");

    /// <summary>Numbers are written for people, as in American English. A precision of the scientific form is read there as a width, which the
    /// text has anyway.</summary>
    private static (string Text, string? Fault) Float(CelValue value, char verb, int precision)
    {
        double number;
        switch (value)
        {
            case CelDouble d: number = d.Value; break;
            case CelString { Value: "NaN" }: number = double.NaN; break;
            case CelString { Value: "Infinity" }: number = double.PositiveInfinity; break;
            case CelString { Value: "-Infinity" }: number = double.NegativeInfinity; break;
            default: return ("", $"{(verb == 'f' ? "fixed-point" : "scientific")} clause can only be used on doubles, was given {value.Type.Name}");
        }
        if (!double.IsFinite(number)) return (double.IsNaN(number) ? "NaN" : number > 0 ? "∞" : "-∞", null);
        if (verb == 'f') return (number.ToString("N" + precision.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), null);
        var text = number.ToString("e6", CultureInfo.InvariantCulture);
        var at = text.IndexOf('e', StringComparison.Ordinal);
        var power = int.Parse(text.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var digits = string.Concat(Math.Abs(power).ToString("00", CultureInfo.InvariantCulture).Select(static d => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d - '0']));
        return ($"{text[..at]}\u202f×\u202f10{(power < 0 ? "⁻" : "")}{digits}", null);
    }

    private static string Radix(Int128 value, int radix, bool upper)
    {
        if (value == 0) return "0";
        var digits = new StringBuilder();
        for (var rest = Int128.Abs(value); rest > 0; rest /= radix) digits.Insert(0, (upper ? "0123456789ABCDEF" : "0123456789abcdef")[(int)(rest % radix)]);
        return value < 0 ? "-" + digits : digits.ToString();
    }

    private static string Hex(ReadOnlySpan<byte> bytes, bool upper) => upper ? Convert.ToHexString(bytes) : Convert.ToHexStringLower(bytes);
}
