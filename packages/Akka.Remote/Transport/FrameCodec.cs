using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Akka.Remote.Transport;

/// <summary>What a frame carries: its first byte.</summary>
internal enum FrameKind : byte
{
    Hello = 1,
    Welcome = 2,
    Reject = 3,
    Message = 4,
    SystemMessage = 5,
    Ack = 6,
    Ping = 7,
    Goodbye = 8,
}

/// <summary>A frame is a length (32 bits, little endian, of what follows), a kind and a body.</summary>
internal static class FrameCodec
{
    public const int LengthBytes = 4;

    /// <summary>Takes one frame off the buffer, if all of it is there.</summary>
    /// <param name="buffer">Received bytes; moved behind the frame on success.</param>
    /// <param name="maximumLength">Longest frame accepted (bytes); checked before waiting for, or allocating, the body.</param>
    /// <param name="frame">Kind and body.</param>
    /// <exception cref="InvalidDataException">The announced length is not positive or exceeds the limit.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, int maximumLength, out ReadOnlySequence<byte> frame)
    {
        frame = default;
        if (buffer.Length < LengthBytes)
            return false;
        Span<byte> prefix = stackalloc byte[LengthBytes];
        buffer.Slice(0, LengthBytes).CopyTo(prefix);
        var length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        if (length < 1 || length > maximumLength)
            throw new InvalidDataException($"The peer announced a frame of {length} bytes; 1 to {maximumLength} are accepted.");
        if (buffer.Length - LengthBytes < length)
            return false;
        frame = buffer.Slice(LengthBytes, length);
        buffer = buffer.Slice(LengthBytes + length);
        return true;
    }

    /// <summary>Writes a frame of a header (which begins with the kind) and a payload, without flushing.</summary>
    public static void Write(PipeWriter output, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        var span = output.GetSpan(LengthBytes + header.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span, header.Length + payload.Length);
        header.CopyTo(span[LengthBytes..]);
        output.Advance(LengthBytes + header.Length);
        if (!payload.IsEmpty)
            output.Write(payload);
    }
}
