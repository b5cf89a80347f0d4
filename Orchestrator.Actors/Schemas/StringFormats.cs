using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Orchestrator.Actors.Schemas;

/// <summary>The formats of OpenAPI that are checked. One that is not known is not checked, as in Kubernetes.</summary>
/// <remarks>Source: kube-openapi, pkg/validation/strfmt, and what it is built of: where that is generous, so is this.</remarks>
internal static class StringFormats
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
    private const string Octet = @"\s*(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])\s*";

    private static readonly Regex Hostname = new(
        @"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\p{S}\p{L}-]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})\z", Options);

    private static readonly Regex Card = new(
        @"^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11}|6[27][0-9]{14})\z", Options);

    private static readonly Regex Time = new("^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))\\z", Options);
    private static readonly Regex Spans = new("[0-9]+\\s*([A-Za-zµ]+)", Options);
    private static readonly Regex Mac = new("^([0-9a-fA-F]{2}((:[0-9a-fA-F]{2}){5}|(:[0-9a-fA-F]{2}){7}|(:[0-9a-fA-F]{2}){19}|(-[0-9a-fA-F]{2}){5}|(-[0-9a-fA-F]{2}){7}|(-[0-9a-fA-F]{2}){19})"
        + "|[0-9a-fA-F]{4}((\\.[0-9a-fA-F]{4}){2}|(\\.[0-9a-fA-F]{4}){3}|(\\.[0-9a-fA-F]{4}){9}))\\z", Options);

    private static readonly FrozenDictionary<string, Regex> Patterns = new Dictionary<string, Regex>(StringComparer.Ordinal)
    {
        ["bsonobjectid"] = new("^[0-9a-fA-F]{24}\\z", Options),
        ["hexcolor"] = new("^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})\\z", Options),
        ["rgbcolor"] = new($@"^rgb\({Octet},{Octet},{Octet}\)\z", Options),
        ["ssn"] = new("^[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}\\z", Options),
        ["byte"] = new("^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})\\z", Options),
        ["mac"] = Mac,
        ["uuid"] = Uuid("[0-9a-f]", "[0-9a-f]"),
        ["uuid3"] = Uuid("3", "[0-9a-f]"),
        ["uuid4"] = Uuid("4", "[89ab]"),
        ["uuid5"] = Uuid("5", "[89ab]"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly string[] Units = ["ns", "nano", "us", "µs", "micro", "ms", "milli", "s", "m", "h", "d", "w"];

    public static bool IsValid(string format, string text)
    {
        if (Patterns.TryGetValue(format, out var pattern)) return (format == "byte" && text.Length == 0) || pattern.IsMatch(text);
        return format switch
        {
            "date-time" or "datetime" => IsDateTime(text),
            "date" => IsDate(text),
            "ipv4" => text.Contains('.', StringComparison.Ordinal) && IsAddress(text),
            "ipv6" => text.Contains(':', StringComparison.Ordinal) && IsAddress(text),
            "cidr" => IsNetwork(text),
            "uri" => Uri.TryCreate(text, UriKind.Absolute, out _) || (text.Length > 2 && char.IsAsciiLetter(text[0]) && text[1] == ':'),
            "email" => MailAddress.TryCreate(text, out _),
            "hostname" => text.Length <= 255 && Hostname.IsMatch(text) && text.Split('.').All(static p => p.Length <= 63),
            "creditcard" => string.Concat(text.Where(char.IsAsciiDigit)) is var digits && Card.IsMatch(digits) && Luhn(digits),
            "isbn10" => IsIsbn10(Plain(text)),
            "isbn13" => IsIsbn13(Plain(text)),
            "isbn" => IsIsbn10(Plain(text)) || IsIsbn13(Plain(text)),
            "duration" => IsDuration(text),
            _ => true,
        };
    }

    private static Regex Uuid(string version, string variant)
    {
        var rest = version.Length == 1 ? version + "[0-9a-f]{3}" : "[0-9a-f]{4}";
        return new($"^[0-9a-f]{{8}}-?[0-9a-f]{{4}}-?{rest}-?{variant}[0-9a-f]{{3}}-?[0-9a-f]{{12}}\\z", Options | RegexOptions.IgnoreCase);
    }

    private static bool IsDate(string text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private static bool IsDateTime(string text)
    {
        var parts = text.ToLowerInvariant().Split('t');
        if (parts.Length < 2 || !IsDate(parts[0]) || Time.Match(parts[1]) is not { Success: true } time) return false;
        return string.CompareOrdinal(time.Groups[1].Value, "23") <= 0 && string.CompareOrdinal(time.Groups[2].Value, "59") <= 0 && string.CompareOrdinal(time.Groups[3].Value, "59") <= 0;
    }

    private static bool IsAddress(string text)
    {
        if (text.Contains('%', StringComparison.Ordinal) || !IPAddress.TryParse(text, out var address)) return false;
        // Go reads no short forms of IPv4 and no leading zeros.
        var dotted = address.AddressFamily == AddressFamily.InterNetwork ? text : text.Contains('.', StringComparison.Ordinal) ? text[(text.LastIndexOf(':') + 1)..] : null;
        return dotted is null || (dotted.Split('.') is { Length: 4 } octets && octets.All(static o => o.Length is 1 or 2 or 3 && (o.Length == 1 || o[0] != '0') && o.All(char.IsAsciiDigit)));
    }

    private static bool IsNetwork(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && IsAddress(text[..slash]) && int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var bits)
            && bits <= (text.Contains(':', StringComparison.Ordinal) ? 128 : 32);
    }

    private static string Plain(string text) => string.Concat(text.Where(static c => c != '-' && !char.IsWhiteSpace(c)));

    private static bool IsIsbn10(string text)
    {
        if (text.Length != 10 || !text.AsSpan(0, 9).ToString().All(char.IsAsciiDigit) || !(char.IsAsciiDigit(text[9]) || text[9] == 'X')) return false;
        var sum = text[9] == 'X' ? 100 : 10 * (text[9] - '0');
        for (var i = 0; i < 9; i++) sum += (i + 1) * (text[i] - '0');
        return sum % 11 == 0;
    }

    private static bool IsIsbn13(string text)
    {
        if (text.Length != 13 || !text.All(char.IsAsciiDigit)) return false;
        var sum = 0;
        for (var i = 0; i < 13; i++) sum += (i % 2 == 0 ? 1 : 3) * (text[i] - '0');
        return sum % 10 == 0;
    }

    private static bool Luhn(string digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)] - '0';
            if (i % 2 == 1) digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
            sum += digit;
        }
        return sum % 10 == 0;
    }

    /// <summary>A duration of Go, such as <c>1h30m</c>; or a text with a number before the beginning of a unit in it, such as <c>2 days</c>.</summary>
    private static bool IsDuration(string text) =>
        IsGoDuration(text) || Spans.Matches(text).Any(static m => Units.Any(u => m.Groups[1].Value.StartsWith(u, StringComparison.OrdinalIgnoreCase)));

    private static bool IsGoDuration(string text)
    {
        var at = text.Length > 0 && text[0] is '+' or '-' ? 1 : 0;
        if (text.AsSpan(at).SequenceEqual("0")) return true;
        if (at == text.Length) return false;
        while (at < text.Length)
        {
            var start = at;
            while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.')) at++;
            var unit = at;
            while (at < text.Length && !char.IsAsciiDigit(text[at]) && text[at] != '.') at++;
            if (unit == start || text[unit..at] is not ("ns" or "us" or "µs" or "μs" or "ms" or "s" or "m" or "h")) return false;
        }
        return true;
    }
}
