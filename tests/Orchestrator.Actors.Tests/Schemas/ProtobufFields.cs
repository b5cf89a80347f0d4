namespace Orchestrator.Actors.Tests.Schemas;

/// <summary>Takes protobuf messages apart by field numbers alone, so that encoders are not tested against our own decoder.</summary>
internal static class ProtobufFields
{
    /// <summary>The length-delimited values of a field.</summary>
    public static IEnumerable<byte[]> Of(byte[] message, int field) => All(message).Where(f => f.Field == field).Select(static f => f.Bytes);

    /// <summary>The varints of a field.</summary>
    public static IEnumerable<ulong> Varints(byte[] message, int field) => All(message).Where(f => f.Field == field).Select(static f => f.Value);

    public static IEnumerable<(int Field, ulong Value, byte[] Bytes)> All(byte[] message)
    {
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message, ref at);
            switch (tag & 7)
            {
                case 0:
                    yield return ((int)(tag >> 3), Varint(message, ref at), []);
                    break;
                case 1:
                    yield return ((int)(tag >> 3), BitConverter.ToUInt64(message, at), []);
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(message, ref at);
                    yield return ((int)(tag >> 3), 0, message[at..(at + length)]);
                    at += length;
                    break;
                default:
                    throw new InvalidDataException($"wire type {tag & 7}");
            }
        }
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = message[at++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }
    }
}
