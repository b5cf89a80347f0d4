using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Actors.Resources;

/// <summary>Strings that were read lately, so that the names of fields, which are the same in every object, and values that come again and
/// again are not made anew for each.</summary>
/// <remarks>Tables of fixed size in which a newer string takes the place of an older one: nothing that clients send makes it grow.</remarks>
internal static class RecentStrings
{
    /// <summary>Longer texts are made anew (bytes).</summary>
    private const int LengthMax = 48;

    private const int SlotBits = 11;

    private static readonly string?[] Names = new string?[1 << SlotBits];

    private static readonly JsonString?[] Leaves = new JsonString?[1 << SlotBits];

    /// <summary>The name that the reader stands at: where the code says it too, the very string of the code, so that the two need not be
    /// compared.</summary>
    public static string ReadName(ref Utf8JsonReader reader)
    {
        var utf8 = reader.ValueSpan;
        if (reader.ValueIsEscaped || reader.HasValueSequence || utf8.Length is 0 or > LengthMax) return reader.GetString()!;
        ref var slot = ref Names[SlotOf(utf8)];
        var known = slot;
        if (known is not null && Ascii.Equals(utf8, known)) return known;
        if (!Ascii.IsValid(utf8)) return reader.GetString()!;
        var name = Encoding.ASCII.GetString(utf8);
        return slot = string.IsInterned(name) ?? name;
    }

    /// <summary>The string, or the text of the number, that the reader stands at.</summary>
    public static string Read(ref Utf8JsonReader reader) => ReadLeaf(ref reader).Value;

    /// <summary>The string that the reader stands at, as a leaf that trees share.</summary>
    public static JsonString ReadLeaf(ref Utf8JsonReader reader)
    {
        var utf8 = reader.ValueSpan;
        if (reader.ValueIsEscaped || reader.HasValueSequence || utf8.Length > LengthMax) return new JsonString(reader.GetString()!);
        if (utf8.Length == 0) return JsonString.Empty;
        ref var slot = ref Leaves[SlotOf(utf8)];
        var known = slot;
        if (known is not null && Ascii.Equals(utf8, known.Value)) return known;
        if (!Ascii.IsValid(utf8)) return new JsonString(reader.GetString()!);
        return slot = new JsonString(Encoding.ASCII.GetString(utf8));
    }

    private static uint SlotOf(ReadOnlySpan<byte> utf8)
    {
        var (head, tail) = utf8.Length >= sizeof(uint)
            ? (MemoryMarshal.Read<uint>(utf8), MemoryMarshal.Read<uint>(utf8[^sizeof(uint)..]))
            : (utf8[0], (uint)utf8[^1]);
        return (((head * 0x9E3779B1) ^ (tail * 0x85EBCA77) ^ (uint)utf8.Length) * 0xC2B2AE3D) >> (32 - SlotBits);
    }
}
