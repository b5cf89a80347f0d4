using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Remote.Serialization;

namespace Akka.Remote.Transport;

/// <summary>Why a connection was refused.</summary>
internal enum RejectReason : byte
{
    WrongProtocol = 1,
    WrongAddress = 2,
    Quarantined = 3,
    ShuttingDown = 4,
}

/// <summary>The first frame of the connecting side: who it is and whom it means to reach.</summary>
internal sealed record Hello(int Version, int Uid, Address From, string To);

/// <summary>The accepting side's answer.</summary>
internal sealed record Welcome(int Version, int Uid, Address From);

/// <summary>Encodes and decodes the opening frames of a connection.</summary>
internal static class Handshake
{
    public const int ProtocolVersion = 1;

    /// <summary>Longest opening frame (bytes), far below the frame limit since the peer is not known yet.</summary>
    public const int MaxLength = 2048;

    private const int Magic = 0x524B_4131;

    public static byte[] Encode(Hello hello)
    {
        var writer = new PayloadWriter();
        writer.WriteByte((byte)FrameKind.Hello);
        writer.WriteFixedInt32(Magic);
        writer.WriteVarInt32(hello.Version);
        writer.WriteFixedInt32(hello.Uid);
        writer.WriteString(hello.From.ToString());
        writer.WriteString(hello.To);
        return writer.ToArray();
    }

    public static byte[] Encode(Welcome welcome)
    {
        var writer = new PayloadWriter();
        writer.WriteByte((byte)FrameKind.Welcome);
        writer.WriteFixedInt32(Magic);
        writer.WriteVarInt32(welcome.Version);
        writer.WriteFixedInt32(welcome.Uid);
        writer.WriteString(welcome.From.ToString());
        return writer.ToArray();
    }

    public static byte[] EncodeReject(RejectReason reason, string text)
    {
        var writer = new PayloadWriter();
        writer.WriteByte((byte)FrameKind.Reject);
        writer.WriteByte((byte)reason);
        writer.WriteString(text);
        return writer.ToArray();
    }

    /// <exception cref="SerializationException">This is no opening frame of ours.</exception>
    public static Hello DecodeHello(ReadOnlySpan<byte> frame)
    {
        var reader = Open(frame, FrameKind.Hello);
        var version = reader.ReadVarInt32();
        var uid = reader.ReadFixedInt32();
        return new Hello(version, uid, ReadAddress(ref reader), reader.ReadString());
    }

    /// <exception cref="SerializationException">This is no answer of ours.</exception>
    /// <exception cref="HandshakeRejectedException">The peer refused us.</exception>
    public static Welcome DecodeWelcome(ReadOnlySpan<byte> frame)
    {
        if (frame.Length > 2 && frame[0] == (byte)FrameKind.Reject)
        {
            var reject = new PayloadReader(frame[1..]);
            var reason = (RejectReason)reject.ReadByte();
            throw new HandshakeRejectedException(reason, reject.ReadString());
        }

        var reader = Open(frame, FrameKind.Welcome);
        var version = reader.ReadVarInt32();
        var uid = reader.ReadFixedInt32();
        return new Welcome(version, uid, ReadAddress(ref reader));
    }

    private static PayloadReader Open(ReadOnlySpan<byte> frame, FrameKind expected)
    {
        var reader = new PayloadReader(frame);
        if (reader.ReadByte() != (byte)expected || reader.ReadFixedInt32() != Magic)
            throw new SerializationException($"The peer does not speak the remoting protocol (expected {expected}).");
        return reader;
    }

    private static Address ReadAddress(ref PayloadReader reader)
    {
        var text = reader.ReadString();
        try
        {
            var address = Address.Parse(text);
            return address.HasGlobalScope ? address : throw new SerializationException($"The peer's address '{text}' names no host.");
        }
        catch (Exception e) when (e is UriFormatException or FormatException or ArgumentException)
        {
            throw new SerializationException($"The peer's address '{text}' is not an address.", e);
        }
    }
}

/// <summary>The peer refused the connection.</summary>
internal sealed class HandshakeRejectedException(RejectReason reason, string message) : Exception(message)
{
    public RejectReason Reason { get; } = reason;
}
