using System.Globalization;
using System.Text;
using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary>The conversions between types, each an explicit call.</summary>
internal static class Conversions
{
    private const double IntEnd = 9223372036854775808.0;
    private static readonly UTF8Encoding Strict = new(false, true);

    public static void AddTo(CelLibrary library)
    {
        foreach (var type in (string[])["bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"])
            library.Add($"{type}({type}) {type}", static a => a[0]);
        library.Add("int(uint) int", static a => Arithmetic.Int((Int128)Arithmetic.Uint(a[0])))
            .Add("int(double) int", static a => FromDouble(Arithmetic.Double(a[0])))
            .Add("int(string) int", static a => long.TryParse(Text(a[0]), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
                ? CelInt.Of(value) : new CelError($"strconv.ParseInt: parsing {Resources.GoQuote.Quote(Text(a[0]))}: {ParseFault(Text(a[0]))}"))
            .Add("int(timestamp) int", static a => CelInt.Of(((CelTimestamp)a[0]).Seconds))
            .Add("int(duration) int", static a => CelInt.Of(((CelDuration)a[0]).Nanos))
            .Add("uint(int) uint", static a => Arithmetic.Uint(Arithmetic.Int(a[0])))
            .Add("uint(double) uint", static a => Arithmetic.Double(a[0]) is >= 0 and < 18446744073709551616.0 and var d ? new CelUint((ulong)d) : CelError.UintOverflow)
            .Add("uint(string) uint", static a => ulong.TryParse(Text(a[0]), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                ? new CelUint(value) : new CelError($"strconv.ParseUint: parsing {Resources.GoQuote.Quote(Text(a[0]))}: {ParseFault(Text(a[0]))}"))
            .Add("double(int) double", static a => new CelDouble(Arithmetic.Int(a[0])))
            .Add("double(uint) double", static a => new CelDouble(Arithmetic.Uint(a[0])))
            .Add("double(string) double", static a => ParseDouble(Text(a[0])))
            .Add("bool(string) bool", static a => ParseBool(Text(a[0])))
            .Add("string(int) string", static a => new CelString(CelText.Show(a[0])))
            .Add("string(uint) string", static a => new CelString(CelText.Show(a[0])))
            .Add("string(double) string", static a => new CelString(CelNumbers.Show(Arithmetic.Double(a[0]))))
            .Add("string(bool) string", static a => new CelString(CelText.Show(a[0])))
            .Add("string(bytes) string", static a => ToText(((CelBytes)a[0]).Value.Span), CelCostRule.Text)
            .Add("string(timestamp) string", static a => new CelString(a[0].ToString()!))
            .Add("string(duration) string", static a => new CelString(a[0].ToString()!))
            .Add("bytes(string) bytes", static a => new CelBytes(Encoding.UTF8.GetBytes(Text(a[0]))), CelCostRule.Text)
            .Add("timestamp(string) timestamp", static a => CelTimestamp.Parse(Text(a[0])) ?? new CelError(Resources.Rfc3339.Explain(Text(a[0]), micros: false)))
            .Add("timestamp(int) timestamp", static a => CelTimestamp.Of((Int128)Arithmetic.Int(a[0]) * 1_000_000_000))
            .Add("duration(string) duration", static a => CelDuration.Parse(Text(a[0])) ?? (CelValue)new CelError($"time: invalid duration {Resources.GoQuote.Quote(Text(a[0]))}"))
            .Add("duration(int) duration", static a => CelDuration.Of(Arithmetic.Int(a[0])));
    }

    private static string Text(CelValue value) => StandardLibrary.Text(value);

    private static string ParseFault(string text)
    {
        var digits = text.TrimStart('+', '-');
        return digits.Length > 0 && digits.All(char.IsAsciiDigit) ? "value out of range" : "invalid syntax";
    }

    // The bounds themselves are doubles that no longer tell neighbouring ints apart, so they are refused.
    private static CelValue FromDouble(double value) =>
        double.IsNaN(value) || value <= -IntEnd || value >= IntEnd ? CelError.IntOverflow : CelInt.Of((long)Math.Truncate(value));

    private static CelValue ParseDouble(string text)
    {
        switch (text.TrimStart('+', '-').ToLowerInvariant())
        {
            case "inf" or "infinity": return new CelDouble(text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity);
            case "nan": return new CelDouble(double.NaN);
        }
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(text, style, CultureInfo.InvariantCulture, out var value)
            ? new CelDouble(value) : new CelError($"strconv.ParseFloat: parsing {Resources.GoQuote.Quote(text)}: invalid syntax");
    }

    private static CelValue ParseBool(string text) => text switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => CelBool.True,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => CelBool.False,
        _ => new CelError($"strconv.ParseBool: parsing {Resources.GoQuote.Quote(text)}: invalid syntax"),
    };

    private static CelValue ToText(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return new CelString(Strict.GetString(bytes));
        }
        catch (DecoderFallbackException)
        {
            return new CelError("invalid UTF-8 in bytes, cannot convert to string");
        }
    }
}
