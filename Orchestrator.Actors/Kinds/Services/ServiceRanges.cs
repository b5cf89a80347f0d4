using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Actors.Kinds.Services;

/// <summary>What Services are given of: cluster addresses and ports on nodes. The same on all members of a control plane.</summary>
/// <param name="Addresses">IPv4; its first address is that of the API server.</param>
/// <param name="NodePortMin">The first port that is given out on nodes.</param>
/// <param name="NodePortMax">The last one.</param>
/// <remarks>Source: kube-apiserver, <c>--service-cluster-ip-range</c> and <c>--service-node-port-range</c>.</remarks>
public sealed record ServiceRanges(IPNetwork Addresses, int NodePortMin, int NodePortMax)
{
    /// <summary>The longest prefix that leaves an address for the API server and some for Services (bits).</summary>
    private const int PrefixMax = 28;

    /// <summary>More than 20 bits of addresses are refused upstream, for their bookkeeping (bits).</summary>
    private const int PrefixMin = 12;

    public static ServiceRanges Default { get; } = new(IPNetwork.Parse("10.96.0.0/16"), 30000, 32767);

    /// <summary>The address of the Service of the API server.</summary>
    public IPAddress ApiServerAddress => Address(1);

    /// <summary>How many addresses can be given (count): all but that of the network and the last one, which is that of a broadcast.</summary>
    public uint AddressCount => (1u << (32 - Addresses.PrefixLength)) - 2;

    /// <summary>The address at a place in the network.</summary>
    /// <param name="index">From 1 to <see cref="AddressCount"/>.</param>
    public IPAddress Address(uint index)
    {
        Span<byte> bytes = stackalloc byte[4];
        Addresses.BaseAddress.TryWriteBytes(bytes, out _);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, BinaryPrimitives.ReadUInt32BigEndian(bytes) + index);
        return new IPAddress(bytes);
    }

    /// <summary>Reads a network such as <c>10.0.0.0/24</c>; an address within it stands for it, as upstream.</summary>
    public static bool TryParseAddresses(string text, out IPNetwork network)
    {
        network = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !IPAddress.TryParse(text.AsSpan(0, slash), out var address) || address.AddressFamily != AddressFamily.InterNetwork
            || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var prefix) || prefix is < PrefixMin or > PrefixMax)
            return false;
        var first = BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes()) & (uint.MaxValue << (32 - prefix));
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, first);
        network = new IPNetwork(new IPAddress(bytes), prefix);
        return true;
    }

    /// <summary>Reads a range of ports such as <c>30000-32767</c>.</summary>
    public static bool TryParsePorts([NotNullWhen(true)] string? text, out int min, out int max)
    {
        (min, max) = (0, 0);
        return text?.Split('-') is [var first, var last]
            && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out min)
            && int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out max)
            && min >= 1 && min <= max && max <= ushort.MaxValue;
    }
}
