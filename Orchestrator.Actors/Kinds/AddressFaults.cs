using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Actors.Kinds;

/// <summary>Tells why an address cannot be that of an endpoint.</summary>
/// <remarks>Source: ValidateNonSpecialIP of kubernetes pkg/apis/core/validation.</remarks>
internal static class AddressFaults
{
    public const string NotAnAddress = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

    /// <summary>True for a whole address; 10.1 is one to .NET and to C, but not to Kubernetes.</summary>
    public static bool TryParse(string text, out IPAddress address)
    {
        if (!IPAddress.TryParse(text, out address!)) return false;
        return address.AddressFamily == AddressFamily.InterNetworkV6 || text.Count(static c => c == '.') == 3;
    }

    /// <summary>Null for an address that other machines could reach.</summary>
    public static string? NonSpecial(IPAddress address)
    {
        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)) return $"may not be unspecified ({address})";
        if (IPAddress.IsLoopback(address)) return "may not be in the loopback range (127.0.0.0/8, ::1/128)";
        var bytes = address.GetAddressBytes();
        if (address.IsIPv6LinkLocal || (bytes.Length == 4 && bytes is [169, 254, ..]))
            return "may not be in the link-local range (169.254.0.0/16, fe80::/10)";
        if (bytes is [224, 0, 0, _] || (bytes.Length == 16 && bytes is [0xff, 0x02, ..]))
            return "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)";
        return null;
    }
}
