namespace Akka.Cluster;

/// <summary>
/// A 64 bit FNV-1a style digest which is equal on every machine, unlike string.GetHashCode. Used to compare state by a few bytes.
/// </summary>
internal static class GossipDigest
{
    public const ulong Start = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    public static ulong Add(ulong digest, UniqueAddress node)
    {
        digest = Add(digest, node.Address.System);
        digest = Add(digest, node.Address.Host ?? "");
        digest = Add(digest, (ulong)(node.Address.Port ?? 0));
        return Add(digest, (ulong)(uint)node.Uid);
    }

    public static ulong Add(ulong digest, string text)
    {
        foreach (var c in text)
            digest = (digest ^ c) * Prime;
        return (digest ^ 0xFFFF) * Prime;
    }

    public static ulong Add(ulong digest, ulong value)
    {
        for (var shift = 0; shift < 64; shift += 16)
            digest = (digest ^ ((value >> shift) & 0xFFFF)) * Prime;
        return digest;
    }

    /// <summary>Spreads the bits, since the last steps of FNV hardly reach the high bits; for use as a place on a ring.</summary>
    public static ulong Finish(ulong digest)
    {
        digest ^= digest >> 33;
        digest *= 0xff51afd7ed558ccd;
        digest ^= digest >> 33;
        digest *= 0xc4ceb9fe1a85ec53;
        return digest ^ (digest >> 33);
    }

    /// <summary>The place of a member on the monitoring ring.</summary>
    public static ulong RingPosition(UniqueAddress node) => Finish(Add(Start, node));
}
