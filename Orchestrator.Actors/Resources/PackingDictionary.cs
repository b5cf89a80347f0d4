using System.Buffers.Binary;
using System.Numerics;

namespace Orchestrator.Actors.Resources;

/// <summary>Text that objects of one type have in common, and the packing of objects into what they do not share with it.</summary>
/// <remarks>
/// Lempel and Ziv's way: runs of literal bytes, and copies from what lies before, of which the dictionary is the beginning. Objects of
/// one type differ in names, uids and times, so a pod of 3.5 KB becomes a few hundred bytes, and reading it back is a handful of copies.
/// Immutable, so any number of threads. The packed form lives in memory only: nothing that comes from outside is unpacked.
/// </remarks>
public sealed class PackingDictionary
{
    /// <summary>Most text in a dictionary (bytes).</summary>
    public const int LengthMax = 32 * 1024;

    // Shorter repetitions cost more to name than to repeat.
    private const int MatchMin = 6;
    private const int HashBits = 13;
    private const int SeenBitsMin = 8;

    [ThreadStatic]
    private static int[]? _seen;

    private readonly byte[] _text;

    // Where text with a given hash stands last, plus one; 0 where there is none.
    private readonly ushort[] _places = new ushort[1 << HashBits];

    private PackingDictionary(byte[] text)
    {
        _text = text;
        for (var i = 0; i + sizeof(ulong) <= text.Length; i++) _places[Hash(BinaryPrimitives.ReadUInt64LittleEndian(text.AsSpan(i)))] = (ushort)(i + 1);
    }

    public static PackingDictionary Empty { get; } = new([]);

    /// <summary>A dictionary that knows one more sample; when both do not fit, the sample alone.</summary>
    public PackingDictionary With(ReadOnlySpan<byte> sample)
    {
        if (sample.Length > LengthMax) sample = sample[..LengthMax];
        return _text.Length + sample.Length <= LengthMax ? new PackingDictionary([.. _text, .. sample]) : new PackingDictionary(sample.ToArray());
    }

    /// <summary>The packed form of <paramref name="json"/>; null when that would not be at least a quarter smaller.</summary>
    public byte[]? Pack(ReadOnlySpan<byte> json)
    {
        var packed = json.Length <= 8192 ? stackalloc byte[json.Length * 3 / 4] : new byte[json.Length * 3 / 4];
        // Only as large as the object needs: emptying it is what packing a small object costs most.
        var shift = HashBits - Math.Clamp(BitOperations.Log2((uint)json.Length), SeenBitsMin, HashBits);
        var seen = (_seen ??= new int[1 << HashBits]).AsSpan(0, 1 << (HashBits - shift));
        seen.Clear();
        var writer = new Writer(packed);
        var literals = 0;
        for (var i = 0; i + sizeof(ulong) <= json.Length;)
        {
            var hash = Hash(BinaryPrimitives.ReadUInt64LittleEndian(json[i..]));
            var (length, distance) = Longest(json, i, _places[hash] - 1, seen[hash >> shift] - 1);
            seen[hash >> shift] = i + 1;
            if (length < MatchMin)
            {
                i++;
                continue;
            }
            if (!writer.Literals(json[literals..i]) || !writer.Copy(length, distance)) return null;
            i += length;
            literals = i;
        }
        return writer.Literals(json[literals..]) ? packed[..writer.Length].ToArray() : null;
    }

    /// <summary>The object that <see cref="Pack"/> of this dictionary packed, which was <paramref name="json"/>'s length long.</summary>
    public void Unpack(ReadOnlySpan<byte> packed, Span<byte> json)
    {
        var at = 0;
        while (true)
        {
            var literals = Number(ref packed);
            packed[..literals].CopyTo(json[at..]);
            packed = packed[literals..];
            at += literals;
            if (at == json.Length) return;
            var length = Number(ref packed);
            var from = at - Number(ref packed);
            if (from < 0) _text.AsSpan(_text.Length + from, length).CopyTo(json[at..]);
            else if (from + length <= at) json.Slice(from, length).CopyTo(json[at..]);
            else
                for (var i = 0; i < length; i++) json[at + i] = json[from + i];
            at += length;
            if (at == json.Length) return;
        }
    }

    /// <summary>The longer of two repetitions, one of the dictionary and one of the object itself.</summary>
    private (int Length, int Distance) Longest(ReadOnlySpan<byte> json, int i, int inText, int inJson)
    {
        var rest = json[i..];
        var shared = inText < 0 ? 0 : rest.CommonPrefixLength(_text.AsSpan(inText));
        var own = inJson < 0 ? 0 : rest.CommonPrefixLength(json[inJson..]);
        return own > shared ? (own, i - inJson) : (shared, i + _text.Length - inText);
    }

    private static int Hash(ulong next) => (int)((next << 16) * 0x9E3779B97F4A7C15UL >> (64 - HashBits));

    private static int Number(ref ReadOnlySpan<byte> packed)
    {
        var number = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = packed[0];
            packed = packed[1..];
            number |= (b & 0x7F) << shift;
            if (b < 0x80) return number;
        }
    }

    private ref struct Writer(Span<byte> into)
    {
        private readonly Span<byte> _into = into;

        public int Length { get; private set; }

        public bool Literals(ReadOnlySpan<byte> literals)
        {
            if (!Number(literals.Length) || !literals.TryCopyTo(_into[Length..])) return false;
            Length += literals.Length;
            return true;
        }

        public bool Copy(int length, int distance) => Number(length) && Number(distance);

        private bool Number(int number)
        {
            var bytes = (BitOperations.Log2((uint)number | 1) / 7) + 1;
            if (Length + bytes > _into.Length) return false;
            for (; number >= 0x80; number >>= 7) _into[Length++] = (byte)(number | 0x80);
            _into[Length++] = (byte)number;
            return true;
        }
    }
}
