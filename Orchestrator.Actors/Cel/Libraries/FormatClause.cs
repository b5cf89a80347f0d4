using System.Globalization;
using System.Text;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary>A part of the text that <c>format</c> is called on: text as it is, or a clause that a value takes the place of.</summary>
/// <param name="Text">What stands there; empty for a clause.</param>
/// <param name="Verb">The letter that a clause ends with; <c>\0</c> for text.</param>
/// <param name="Precision">Of a clause that has one.</param>
/// <param name="Fault">What is wrong with a clause, which then ends the text.</param>
/// <remarks>Source: cel-go, ext/formatting.go.</remarks>
internal readonly record struct FormatClause(string Text, char Verb, int? Precision, string? Fault)
{
    public const string End = "unexpected end of string";

    private const string Context = "could not parse formatting clause: ";

    /// <summary>Digits are made for each of it.</summary>
    private const int PrecisionMax = 1000;

    public static IEnumerable<FormatClause> Parse(string text)
    {
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%') continue;
            if (i > start) yield return OfText(text[start..i]);
            if (++i == text.Length)
            {
                yield return OfFault(End);
                yield break;
            }
            // The second of two begins the text that follows.
            start = text[i] == '%' ? i : i + 1;
            if (text[i] == '%') continue;
            var (precision, fault) = PrecisionAt(text, ref i);
            if (fault is null && !"sdfebxXo".Contains(text[i], StringComparison.Ordinal))
                fault = $"{Context}unrecognized formatting clause \"{(char)Encoding.UTF8.GetBytes(text[i].ToString())[0]}\"";
            if (fault is not null)
            {
                yield return OfFault(fault);
                yield break;
            }
            yield return new FormatClause("", text[i], precision, null);
            start = i + 1;
        }
        if (start < text.Length) yield return OfText(text[start..]);
    }

    private static FormatClause OfText(string text) => new(text, '\0', null, null);

    private static FormatClause OfFault(string fault) => new("", '?', null, fault);

    private static (int? Precision, string? Fault) PrecisionAt(string text, ref int at)
    {
        if (text[at] != '.') return (null, null);
        const string Parsing = Context + "error while parsing precision: ";
        var start = ++at;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        if (at == text.Length) return (null, Parsing + "could not find end of precision specifier");
        var digits = text.AsSpan(start, at - start);
        if (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var precision) && precision <= PrecisionMax) return (precision, null);
        return (null, $"{Parsing}error while converting precision to integer: strconv.Atoi: parsing {GoQuote.Quote(digits.ToString())}: {(digits.IsEmpty ? "invalid syntax" : "value out of range")}");
    }
}
