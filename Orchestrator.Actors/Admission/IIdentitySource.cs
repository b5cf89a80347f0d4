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
    public string NewUid()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    public string NewName(string prefix) => ObjectStrategy.GenerateName(prefix, Random.Shared);
}
