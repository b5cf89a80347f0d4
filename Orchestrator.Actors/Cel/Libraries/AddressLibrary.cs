using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Cel.Libraries;

internal sealed class CelIp(IPAddress address) : CelValue
{
    public static CelType IpType { get; } = CelType.Opaque("net.IP");

    public IPAddress Address => address;

    public override CelType Type => IpType;

    public override long CostSize => address.GetAddressBytes().Length;

    public override bool SameAs(CelValue other) => other is CelIp ip && ip.Address.Equals(address);

    public override JsonNode? ToJson() => GoAddress.Show(address);
}

/// <param name="address">As written; bits beyond the prefix are kept.</param>
internal sealed class CelCidr(IPAddress address, int prefix) : CelValue
{
    public static CelType CidrType { get; } = CelType.Opaque("net.CIDR");

    public IPAddress Address => address;

    /// <summary>In bits.</summary>
    public int Prefix => prefix;

    public override CelType Type => CidrType;

    public override long CostSize => address.GetAddressBytes().Length + 1;

    public override bool SameAs(CelValue other) => other is CelCidr c && c.Prefix == prefix && c.Address.Equals(address);

    public override JsonNode? ToJson() => ToString();

    public override string ToString() => $"{GoAddress.Show(address)}/{prefix.ToString(CultureInfo.InvariantCulture)}";

    public IPAddress Masked()
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var keep = Math.Clamp(prefix - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xff << (8 - keep));
        }
        return new IPAddress(bytes);
    }

    public bool Contains(IPAddress other)
    {
        if (other.AddressFamily != address.AddressFamily) return false;
        return new CelCidr(other, prefix).Masked().Equals(Masked());
    }
}

/// <summary>IP addresses and networks. IPv4 in IPv6 and zones are refused, as upstream does.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/cel/library/ip.go and cidr.go.</remarks>
internal static class AddressLibrary
{
    public static CelLibrary Build() => new CelLibrary()
        .AddType("net.IP", CelIp.IpType)
        .AddType("net.CIDR", CelCidr.CidrType)
        .Add("ip(string) net.IP", static a => ParseIp(StandardLibrary.Text(a[0])), CelCostRule.Text)
        .Add("isIP(string) bool", static a => CelBool.Of(ParseIp(StandardLibrary.Text(a[0])) is CelIp), CelCostRule.Text)
        .Add(".ip.isCanonical(string) bool", static a => ParseIp(StandardLibrary.Text(a[0])) is var ip && ip is CelIp found
            ? CelBool.Of(GoAddress.Show(found.Address) == StandardLibrary.Text(a[0])) : ip, CelCostRule.TextTwice)
        .Add("string(net.IP) string", static a => new CelString(GoAddress.Show(Ip(a[0]))), CelCostRule.Text)
        .Add("net.IP.family() int", static a => CelInt.Of(Family(Ip(a[0]))))
        .Add("net.IP.isUnspecified() bool", static a => CelBool.Of(Ip(a[0]).Equals(IPAddress.Any) || Ip(a[0]).Equals(IPAddress.IPv6Any)))
        .Add("net.IP.isLoopback() bool", static a => CelBool.Of(IPAddress.IsLoopback(Ip(a[0]))))
        .Add("net.IP.isLinkLocalMulticast() bool", static a => CelBool.Of(IsLinkLocalMulticast(Ip(a[0]))))
        .Add("net.IP.isLinkLocalUnicast() bool", static a => CelBool.Of(IsLinkLocalUnicast(Ip(a[0]))))
        .Add("net.IP.isGlobalUnicast() bool", static a => CelBool.Of(IsGlobalUnicast(Ip(a[0]))))
        .Add("cidr(string) net.CIDR", static a => ParseCidr(StandardLibrary.Text(a[0])), CelCostRule.Text)
        .Add("isCIDR(string) bool", static a => CelBool.Of(ParseCidr(StandardLibrary.Text(a[0])) is CelCidr), CelCostRule.Text)
        .Add("string(net.CIDR) string", static a => new CelString(a[0].ToString()!), CelCostRule.Text)
        .Add("net.CIDR.containsIP(net.IP) bool", static a => CelBool.Of(((CelCidr)a[0]).Contains(Ip(a[1]))), CelCostRule.InRange)
        .Add("net.CIDR.containsIP(string) bool", static a => ParseIp(StandardLibrary.Text(a[1])) is var ip && ip is CelIp found
            ? CelBool.Of(((CelCidr)a[0]).Contains(found.Address)) : ip, CelCostRule.InRange)
        .Add("net.CIDR.containsCIDR(net.CIDR) bool", static a => CelBool.Of(Includes((CelCidr)a[0], (CelCidr)a[1])), CelCostRule.RangeInRange)
        .Add("net.CIDR.containsCIDR(string) bool", static a => ParseCidr(StandardLibrary.Text(a[1])) is var cidr && cidr is CelCidr found
            ? CelBool.Of(Includes((CelCidr)a[0], found)) : cidr, CelCostRule.RangeInRange)
        .Add("net.CIDR.ip() net.IP", static a => new CelIp(((CelCidr)a[0]).Address))
        .Add("net.CIDR.masked() net.CIDR", static a => new CelCidr(((CelCidr)a[0]).Masked(), ((CelCidr)a[0]).Prefix))
        .Add("net.CIDR.prefixLength() int", static a => CelInt.Of(((CelCidr)a[0]).Prefix));

    private static IPAddress Ip(CelValue value) => ((CelIp)value).Address;

    private static bool Includes(CelCidr outer, CelCidr inner) => outer.Prefix <= inner.Prefix && outer.Contains(inner.Masked());

    private static int Family(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? 4 : 6;

    private static CelValue ParseIp(string text)
    {
        var (address, zone, fault) = GoAddress.Parse(text);
        if (address is null) return new CelError($"IP Address {GoQuote.Quote(text)} parse error during conversion from string: {fault}");
        if (zone.Length > 0) return new CelError($"IP address {GoQuote.Quote(text)} with zone value is not allowed");
        return address.IsIPv4MappedToIPv6 ? new CelError($"IPv4-mapped IPv6 address {GoQuote.Quote(text)} is not allowed") : new CelIp(address);
    }

    // Upstream says what happened twice where the text is no network, and once where it is one that is not taken.
    private static CelValue ParseCidr(string text)
    {
        const string Context = "network address parse error during conversion from string: ";
        var (address, bits, fault) = GoAddress.ParsePrefix(text);
        if (address is null) return new CelError(Context + Context + fault);
        return address.IsIPv4MappedToIPv6 ? new CelError($"{Context}IPv4-mapped IPv6 address {GoQuote.Quote(text)} is not allowed") : new CelCidr(address, bits);
    }

    private static bool IsLinkLocalMulticast(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return bytes.Length == 4 ? bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0 : bytes[0] == 0xff && (bytes[1] & 0x0f) == 2;
    }

    private static bool IsLinkLocalUnicast(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return bytes.Length == 4 ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
    }

    private static bool IsGlobalUnicast(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        var multicast = bytes.Length == 4 ? bytes[0] is >= 224 and < 240 : bytes[0] == 0xff;
        return !multicast && !IPAddress.IsLoopback(address) && !IsLinkLocalUnicast(address) && !bytes.All(static b => b == 0) && !address.Equals(IPAddress.Broadcast);
    }
}
