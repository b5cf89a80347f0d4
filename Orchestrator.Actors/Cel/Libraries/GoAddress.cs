using System.Buffers;
using System.Globalization;
using System.Net;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary>Reads addresses and networks as Go's net/netip does, and says what is wrong in its words.</summary>
/// <remarks>Source of the rules and of their order: net/netip, ParseAddr and ParsePrefix.</remarks>
internal static class GoAddress
{
    private const int FieldsMax = 8;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    /// <returns>The address, or what is wrong with it.</returns>
    public static (IPAddress? Address, string Zone, string Fault) Parse(string text)
    {
        var (bytes, zone, fault) = text.IndexOfAny(['.', ':', '%']) switch
        {
            < 0 => (null, "", "unable to parse IP"),
            var at when text[at] == '%' => (null, "", "missing IPv6 address"),
            var at when text[at] == '.' => (Octets(text, out var wrong), "", wrong),
            _ => Fields(text),
        };
        return bytes is null ? (null, "", $"ParseAddr({GoQuote.Quote(text)}): {fault}") : (new IPAddress(bytes), zone, "");
    }

    /// <returns>The address and the length of the prefix, or what is wrong with it.</returns>
    public static (IPAddress? Address, int Bits, string Fault) ParsePrefix(string text)
    {
        var slash = text.LastIndexOf('/');
        if (slash < 0) return Wrong("no '/'");
        var (address, zone, fault) = Parse(text[..slash]);
        if (address is null) return Wrong(fault);
        if (zone.Length > 0) return Wrong("IPv6 zones cannot be present in a prefix");
        var length = text[(slash + 1)..];
        var unfit = (length.Length > 1 && length[0] is < '1' or > '9') || !long.TryParse(length, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);
        if (unfit) return Wrong($"bad bits after slash: {GoQuote.Quote(length)}");
        var bits = long.Parse(length, NumberStyles.None, CultureInfo.InvariantCulture);
        return bits > address.GetAddressBytes().Length * 8 ? Wrong("prefix length out of range") : (address, (int)bits, "");

        (IPAddress?, int, string) Wrong(string reason) => (null, 0, $"netip.ParsePrefix({GoQuote.Quote(text)}): {reason}");
    }

    /// <summary>The address in the one form that Go writes: the longest run of zeros is left out, and nothing of IPv6 is decimal.</summary>
    public static string Show(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        if (bytes.Length == 4) return address.ToString();
        var fields = Enumerable.Range(0, FieldsMax).Select(i => (bytes[2 * i] << 8) | bytes[(2 * i) + 1]).ToArray();
        var (start, length) = (0, 1);
        for (var i = 0; i < FieldsMax; i++)
        {
            var run = fields.Skip(i).TakeWhile(static f => f == 0).Count();
            if (run > length) (start, length) = (i, run);
        }
        var texts = fields.Select(static f => f.ToString("x", CultureInfo.InvariantCulture)).ToArray();
        return length < 2 ? string.Join(':', texts) : $"{string.Join(':', texts[..start])}::{string.Join(':', texts[(start + length)..])}";
    }

    private static string At(string reason, string rest) => $"{reason} (at {GoQuote.Quote(rest)})";

    private static byte[]? Octets(string text, out string fault)
    {
        var octets = new byte[4];
        var (count, value, digits) = (0, 0, 0);
        fault = "";
        for (var i = 0; i < text.Length && fault.Length == 0; i++)
        {
            if (char.IsAsciiDigit(text[i]))
            {
                if (digits++ == 1 && value == 0) fault = "IPv4 field has octet with leading zero";
                else if ((value = (value * 10) + text[i] - '0') > 255) fault = "IPv4 field has value >255";
            }
            else if (text[i] != '.') fault = At("unexpected character", text[i..]);
            else if (digits == 0 || i == text.Length - 1) fault = At("IPv4 field must have at least one digit", text[i..]);
            else if (count == 3) fault = "IPv4 address too long";
            else (octets[count++], value, digits) = ((byte)value, 0, 0);
        }
        if (fault.Length == 0 && count < 3) fault = "IPv4 address too short";
        octets[3] = (byte)value;
        return fault.Length == 0 ? octets : null;
    }

    private static (byte[]? Bytes, string Zone, string Fault) Fields(string text)
    {
        var percent = text.IndexOf('%', StringComparison.Ordinal);
        var zone = percent < 0 ? "" : text[(percent + 1)..];
        if (percent >= 0 && zone.Length == 0) return (null, "", "zone must be a non-empty string");
        var rest = percent < 0 ? text : text[..percent];
        var fields = new List<ushort>(FieldsMax);
        var gap = -1;
        if (rest.StartsWith("::", StringComparison.Ordinal)) (gap, rest) = (0, rest[2..]);
        while (rest.Length > 0 && fields.Count < FieldsMax)
        {
            var digits = rest.AsSpan().IndexOfAnyExcept(HexDigits);
            if (digits < 0) digits = rest.Length;
            if (digits > 4) return Wrong(At("each group must have 4 or fewer digits", rest));
            if (digits == 0) return Wrong(At("each colon-separated field must have at least one digit", rest));
            if (digits < rest.Length && rest[digits] == '.')
            {
                if (gap < 0 && fields.Count != FieldsMax - 2) return Wrong(At("embedded IPv4 address must replace the final 2 fields of the address", rest));
                if (fields.Count > FieldsMax - 2) return Wrong(At("too many hex fields to fit an embedded IPv4 at the end of the address", rest));
                if (Octets(rest, out var wrong) is not { } octets) return Wrong(wrong);
                fields.Add((ushort)((octets[0] << 8) | octets[1]));
                fields.Add((ushort)((octets[2] << 8) | octets[3]));
                rest = "";
                break;
            }
            fields.Add(ushort.Parse(rest.AsSpan(0, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
            rest = rest[digits..];
            if (rest.Length == 0) break;
            if (rest[0] != ':') return Wrong(At("unexpected character, want colon", rest));
            if (rest.Length == 1) return Wrong(At("colon must be followed by more characters", rest));
            rest = rest[1..];
            if (rest[0] != ':') continue;
            if (gap >= 0) return Wrong(At("multiple :: in address", rest));
            (gap, rest) = (fields.Count, rest[1..]);
        }
        if (rest.Length > 0) return Wrong(At("trailing garbage after address", rest));
        if (fields.Count < FieldsMax && gap < 0) return Wrong("address string too short");
        if (fields.Count == FieldsMax && gap >= 0) return Wrong("the :: must expand to at least one field of zeros");
        if (gap >= 0) fields.InsertRange(gap, new ushort[FieldsMax - fields.Count]);
        return ([.. fields.SelectMany(static f => new[] { (byte)(f >> 8), (byte)f })], zone, "");

        static (byte[]?, string, string) Wrong(string reason) => (null, "", reason);
    }
}
