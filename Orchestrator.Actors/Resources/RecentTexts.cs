using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Orchestrator.Actors.Resources;

/// <summary>What was made of JSON objects whose very text comes again and again, as the specs of pods of one template do.</summary>
/// <remarks>
/// Any number of threads. It never grows beyond its places, whatever clients send: a text takes one when it comes for the second time,
/// and drives out another. What is made of a text has to follow from the text alone.
/// </remarks>
internal sealed class RecentTexts<T>
    where T : class
{
    /// <summary>Longer texts are not kept (bytes).</summary>
    public const int LengthMax = 16 * 1024;

    private const int Places = 16;
    private const int SeenBits = 8;

    private readonly Entry?[] _entries = new Entry?[Places];

    // Hashes of texts that came once, each at its place.
    private readonly uint[] _seen = new uint[1 << SeenBits];
    private int _next;

    /// <summary>What is known of the object with which <paramref name="text"/> begins.</summary>
    /// <param name="length">Of the object (bytes).</param>
    public bool TryFind(ReadOnlySpan<byte> text, [NotNullWhen(true)] out T? known, out int length)
    {
        // An object ends where its text does: one that begins like a whole object is that object.
        foreach (var entry in _entries)
        {
            if (entry is null) break;
            if (!text.StartsWith(entry.Text)) continue;
            (known, length) = (entry.Known, entry.Text.Length);
            return true;
        }
        (known, length) = (null, 0);
        return false;
    }

    /// <summary>Whether the object has come before, and so should be added; asked once per coming.</summary>
    public bool IsAgain(ReadOnlySpan<byte> text)
    {
        if (text.Length > LengthMax) return false;
        var hash = HashOf(text);
        ref var seen = ref _seen[hash >> (32 - SeenBits)];
        if (seen == hash) return true;
        seen = hash;
        return false;
    }

    public void Add(ReadOnlySpan<byte> text, T known) =>
        Volatile.Write(ref _entries[(Interlocked.Increment(ref _next) - 1) & (Places - 1)], new Entry(text.ToArray(), known));

    private static uint HashOf(ReadOnlySpan<byte> text)
    {
        var hash = (uint)text.Length;
        var words = MemoryMarshal.Cast<byte, ulong>(text);
        foreach (var word in words) hash = BitOperations.Crc32C(hash, word);
        foreach (var rest in text[(words.Length * sizeof(ulong))..]) hash = BitOperations.Crc32C(hash, rest);
        return hash;
    }

    private sealed record Entry(byte[] Text, T Known);
}
