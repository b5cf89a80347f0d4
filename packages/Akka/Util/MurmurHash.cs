using System.Text;

namespace Akka.Util;

/// <summary>A stable 32-bit hash (MurmurHash3, x86 variant): the same in every process.</summary>
public static class MurmurHash
{
    private const uint Seed = 0x9747b28c;

    public static int StringHash(string s) => ByteHash(Encoding.UTF8.GetBytes(s ?? ""));

    public static int ByteHash(byte[] bytes)
    {
        var hash = Seed;
        var i = 0;
        for (; i + 4 <= bytes.Length; i += 4)
        {
            hash ^= Mix(BitConverter.ToUInt32(bytes, i));
            hash = (uint.RotateLeft(hash, 13) * 5) + 0xe6546b64;
        }

        var tail = 0u;
        for (var shift = 0; i < bytes.Length; i++, shift += 8) tail |= (uint)bytes[i] << shift;
        hash ^= Mix(tail);
        hash ^= (uint)bytes.Length;
        hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
        hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
        return (int)(hash ^ (hash >> 16));
    }

    private static uint Mix(uint k) => uint.RotateLeft(k * 0xcc9e2d51, 15) * 0x1b873593;
}
