using System.Buffers.Binary;

namespace Orchestrator.Node.Endpoint.Spdy;

/// <summary>The kinds of control frames. Source: SPDY protocol, draft 3.1, section 2.6.</summary>
internal enum SpdyFrameType
{
    SynStream = 1,
    SynReply = 2,
    RstStream = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    Headers = 8,
    WindowUpdate = 9,
}

/// <summary>Why a stream is cut off. Source: SPDY protocol, draft 3.1, section 2.6.3.</summary>
internal enum SpdyResetStatus
{
    ProtocolError = 1,
    InvalidStream = 2,
    RefusedStream = 3,
    UnsupportedVersion = 4,
    Cancel = 5,
    InternalError = 6,
    FlowControlError = 7,
    StreamInUse = 8,
}

/// <summary>The peer has broken the protocol; the connection cannot go on.</summary>
internal sealed class SpdyProtocolException(string message, Exception? cause = null) : IOException(message, cause);

/// <summary>The eight bytes before every frame.</summary>
/// <param name="Type">Of a control frame; null is data.</param>
/// <param name="StreamId">Of a data frame; 0 for control.</param>
/// <param name="Length">Bytes that follow.</param>
internal readonly record struct SpdyFrameHeader(SpdyFrameType? Type, int StreamId, byte Flags, int Length)
{
    public const int Size = 8;
    public const byte Fin = 1;
    public const byte Unidirectional = 2;
    private const int Version = 3;

    public bool IsFin => (Flags & Fin) != 0;

    /// <exception cref="SpdyProtocolException">A control frame of another version.</exception>
    public static SpdyFrameHeader Parse(ReadOnlySpan<byte> bytes)
    {
        var first = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        var second = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        var flags = (byte)(second >> 24);
        var length = (int)(second & 0xffffff);
        if (first >> 31 == 0) return new SpdyFrameHeader(null, (int)first, flags, length);
        if ((first >> 16 & 0x7fff) != Version) throw new SpdyProtocolException($"SPDY version {first >> 16 & 0x7fff} is not supported");
        return new SpdyFrameHeader((SpdyFrameType)(first & 0xffff), 0, flags, length);
    }

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, Type is { } type ? 0x80000000 | Version << 16 | (uint)type : (uint)StreamId);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], (uint)Flags << 24 | (uint)Length);
    }

    /// <summary>A whole control frame whose payload is numbers.</summary>
    public static byte[] Control(SpdyFrameType type, params ReadOnlySpan<int> numbers)
    {
        var frame = new byte[Size + numbers.Length * 4];
        new SpdyFrameHeader(type, 0, 0, numbers.Length * 4).Write(frame);
        for (var i = 0; i < numbers.Length; i++) BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(Size + i * 4), numbers[i]);
        return frame;
    }
}
