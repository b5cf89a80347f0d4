using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>The formats of OpenAPI that are checked. One that is not known is not checked, as in Kubernetes.</summary>
internal static class StringFormats
{
    public static bool IsValid(string format, string text) => format switch
    {
        "date-time" or "datetime" => Rfc3339.TryParse(text, out _),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "ipv4" => IPAddress.TryParse(text, out var v4) && v4.AddressFamily == AddressFamily.InterNetwork && text.Count(c => c == '.') == 3,
        "ipv6" => IPAddress.TryParse(text, out var v6) && v6.AddressFamily == AddressFamily.InterNetworkV6,
        "cidr" => IPNetwork.TryParse(text, out _),
        "byte" => System.Buffers.Text.Base64.IsValid(text),
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _),
        "email" => MailAddress.TryCreate(text, out var address) && address.Address == text,
        "hostname" => text.Length <= 255 && Uri.CheckHostName(text) is UriHostNameType.Dns or UriHostNameType.IPv4,
        "uuid" or "uuid3" or "uuid4" or "uuid5" => Guid.TryParse(text, out _),
        "mac" => text.Split(':', '-') is { Length: 6 } parts && parts.All(p => p.Length == 2 && p.All(char.IsAsciiHexDigit)),
        "duration" => IsDuration(text),
        _ => true,
    };

    /// <summary>A duration of Go: <c>1h30m</c>, <c>250ms</c>.</summary>
    private static bool IsDuration(string text)
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
            if (unit == start || text[unit..at] is not ("ns" or "us" or "µs" or "ms" or "s" or "m" or "h" or "d" or "w")) return false;
        }
        return true;
    }
}
