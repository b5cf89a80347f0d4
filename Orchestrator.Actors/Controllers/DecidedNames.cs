using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Actors.Controllers;

/// <summary>Names of created objects, derived from a decision instead of drawn, so that a repeated decision names the same object.</summary>
public static class DecidedNames
{
    /// <summary>No vowels and nothing that looks like another character; source: apimachinery, util/rand.</summary>
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>Longest name with a generated suffix (characters); source: apiserver, names.maxNameLength.</summary>
    private const int NameMax = 63;

    private const int SuffixLength = 5;

    /// <summary><paramref name="prefix"/> and five characters that depend on the seed and the index alone.</summary>
    public static string Generate(string prefix, string seed, int index)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seed}/{index}")), hash);
        Span<char> suffix = stackalloc char[SuffixLength];
        for (var i = 0; i < SuffixLength; i++)
            suffix[i] = Alphabet[(int)(BinaryPrimitives.ReadUInt32LittleEndian(hash[(i * 4)..]) % Alphabet.Length)];
        var kept = prefix.Length > NameMax - SuffixLength ? prefix.AsSpan(0, NameMax - SuffixLength) : prefix;
        return $"{kept}{suffix}";
    }

    /// <summary>A short hash of a text as part of a name, such as the pod-template-hash.</summary>
    public static string Hash(string text)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        var digits = BinaryPrimitives.ReadUInt32LittleEndian(hash).ToString(CultureInfo.InvariantCulture);
        return string.Create(digits.Length, digits, static (span, digits) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = Alphabet[(digits[i] - '0' + (i * 3)) % Alphabet.Length];
        });
    }
}
