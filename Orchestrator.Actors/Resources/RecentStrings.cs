using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Actors.Resources;

/// <summary>Strings that were read lately, so that the names of fields, which are the same in every object, are not made anew for each.</summary>
/// <remarks>A table of fixed size in which a newer string takes the place of an older one: nothing that clients send makes it grow.</remarks>
internal static class RecentStrings
{
    /// <summary>Longer texts are made anew (bytes).</summary>
    private const int LengthMax = 48;

    private const int SlotBits = 11;

    private static readonly string?[] Slots = new string?[1 << SlotBits];

    /// <summary>The name or string that the reader stands at.</summary>
    public static string Read(ref Utf8JsonReader reader) =>
        reader.ValueIsEscaped || reader.HasValueSequence ? reader.GetString()! : Of(reader.ValueSpan) ?? reader.GetString()!;

    // Null where the text is long or not plain ASCII.
    private static string? Of(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length is 0 or > LengthMax) return null;
        ref var slot = ref Slots[SlotOf(utf8)];
        var known = slot;
        if (known is not null && Ascii.Equals(utf8, known)) return known;
        if (!Ascii.IsValid(utf8)) return null;
        return slot = Encoding.ASCII.GetString(utf8);
    }

    private static uint SlotOf(ReadOnlySpan<byte> utf8)
    {
        var (head, tail) = utf8.Length >= sizeof(uint)
            ? (MemoryMarshal.Read<uint>(utf8), MemoryMarshal.Read<uint>(utf8[^sizeof(uint)..]))
            : (utf8[0], (uint)utf8[^1]);
        return (((head * 0x9E3779B1) ^ (tail * 0x85EBCA77) ^ (uint)utf8.Length) * 0xC2B2AE3D) >> (32 - SlotBits);
    }
}
