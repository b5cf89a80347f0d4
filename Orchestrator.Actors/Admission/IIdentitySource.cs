using System.Security.Cryptography;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission;

/// <summary>Where new uids and generated names come from. Called from many threads.</summary>
public interface IIdentitySource
{
    /// <summary>A random UUID in its text form.</summary>
    string NewUid();

    /// <summary>A name of a prefix and a random end.</summary>
    string NewName(string prefix);
}

/// <summary>Identities from the random source of the operating system.</summary>
public sealed class RandomIdentitySource : IIdentitySource
{
    private const int UidLength = 16;

    // Asking the operating system costs as much for a thousand bytes as for sixteen.
    [ThreadStatic]
    private static byte[]? _random;

    [ThreadStatic]
    private static int _used;

    /// <summary>A random UUID (version 4) in its text form. Source: RFC 9562.</summary>
    public static string RandomUid()
    {
        var random = _random ??= new byte[64 * UidLength];
        if (_used == 0) RandomNumberGenerator.Fill(random);
        var bytes = random.AsSpan(_used, UidLength);
        _used = (_used + UidLength) % random.Length;
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    public string NewUid() => RandomUid();

    public string NewName(string prefix) => ObjectStrategy.GenerateName(prefix, Random.Shared);
}
