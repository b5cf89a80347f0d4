using System.Buffers;
using System.Runtime.Serialization;
using Akka.Remote.Serialization;
using Akka.Remote.Transport;

namespace Packages.Conformance.Remote;

public sealed class WireFormatTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Numbers_RoundTrip(int number)
    {
        var writer = new PayloadWriter();
        writer.WriteVarInt32(number);
        writer.WriteVarInt64(number);
        writer.WriteFixedInt32(number);
        var reader = new PayloadReader(writer.Written);
        Assert.Equal(number, reader.ReadVarInt32());
        Assert.Equal(number, reader.ReadVarInt64());
        Assert.Equal(number, reader.ReadFixedInt32());
        Assert.Equal(0, reader.Remaining);
    }

    [Fact]
    public void Reader_TextLongerThanTheBytes_IsRefusedBeforeItIsAllocated() => Assert.Throws<SerializationException>(() =>
    {
        var writer = new PayloadWriter();
        writer.WriteVarUInt64(2_000_000_000);
        var reader = new PayloadReader(writer.Written);
        reader.ReadString();
    });

    [Fact]
    public void Reader_NumberWithoutAnEnd_IsRefused() => Assert.Throws<SerializationException>(() =>
    {
        var reader = new PayloadReader(Enumerable.Repeat((byte)0xFF, 20).ToArray());
        reader.ReadVarUInt64();
    });

    [Fact]
    public void Frame_InPieces_IsReadWhenComplete()
    {
        byte[] whole = [3, 0, 0, 0, 7, 8, 9, 99];
        for (var length = 0; length < 7; length++)
        {
            var part = new ReadOnlySequence<byte>(whole, 0, length);
            Assert.False(FrameCodec.TryRead(ref part, 100, out _));
        }

        var all = new ReadOnlySequence<byte>(whole);
        Assert.True(FrameCodec.TryRead(ref all, 100, out var frame));
        Assert.Equal([7, 8, 9], frame.ToArray());
        Assert.Equal(1, all.Length);
    }

    [Theory]
    [InlineData(101)]
    [InlineData(0)]
    [InlineData(-5)]
    public void Frame_WithAnImpossibleLength_IsRefusedByItsPrefix(int length)
    {
        var bytes = new ReadOnlySequence<byte>(BitConverter.GetBytes(length));
        Assert.Throws<InvalidDataException>(() => FrameCodec.TryRead(ref bytes, 100, out _));
    }

    [Fact]
    public void StringTables_OfBothEnds_StayInStep()
    {
        string?[] texts = ["/user/a", null, "/user/a", "/temp/x", "/user/b", "/temp/x", "/user/a"];
        var outbound = new OutboundStringTable();
        var writer = new PayloadWriter();
        foreach (var text in texts)
            outbound.Write(writer, text, remember: text?.StartsWith("/temp", StringComparison.Ordinal) == false);
        var inbound = new InboundStringTable();
        var reader = new PayloadReader(writer.Written);
        foreach (var text in texts)
            Assert.Equal(text, inbound.Read(ref reader)?.Text);
    }

    [Fact]
    public void StringTable_ReferenceToNothing_IsRefused() => Assert.Throws<SerializationException>(() =>
    {
        var reader = new PayloadReader([200]);
        new InboundStringTable().Read(ref reader);
    });

    [Fact]
    public void Handshake_RoundTrips()
    {
        var hello = new Hello(1, -77, new Akka.Actor.Address("akka.tcp", "sys", "10.0.0.1", 4711), "akka.tcp://sys@host:1");
        Assert.Equal(hello, Handshake.DecodeHello(Handshake.Encode(hello)));
        var welcome = new Welcome(1, 5, hello.From);
        Assert.Equal(welcome, Handshake.DecodeWelcome(Handshake.Encode(welcome)));
        var rejected = Assert.Throws<HandshakeRejectedException>(
            () => Handshake.DecodeWelcome(Handshake.EncodeReject(RejectReason.Quarantined, "no")));
        Assert.Equal(RejectReason.Quarantined, rejected.Reason);
    }

    [Fact]
    public void Handshake_FromAStranger_IsRefused() =>
        Assert.Throws<SerializationException>(() => Handshake.DecodeHello("GET / HTTP/1.1"u8));

    [Fact]
    public void SystemMessages_AreTakenInOrderAndOnce()
    {
        var receiver = new SystemMessageDelivery();
        receiver.Begin(1);
        var taken = new List<ulong>();
        foreach (var sequence in (ulong[])[2, 1, 1, 2, 4, 3, 4])
            receiver.Receive(1, sequence, () => taken.Add(sequence));
        Assert.Equal([1UL, 2, 3, 4], taken);
        Assert.True(receiver.TryTakeAcknowledgement(out var acknowledged));
        Assert.Equal(4UL, acknowledged);
        Assert.False(receiver.TryTakeAcknowledgement(out _));
    }

    [Fact]
    public void SystemMessages_AreKeptUntilAcknowledged()
    {
        var sender = new SystemMessageDelivery();
        sender.Begin(1);
        for (var i = 0; i < 5; i++)
            sender.Add(default);
        sender.Acknowledged(1, 3);
        Assert.Equal([4UL, 5UL], sender.DueForResend(TimeSpan.Zero, 10).Select(p => p.Sequence));
        sender.Acknowledged(1, 5);
        Assert.Equal(0, sender.UnacknowledgedCount);
    }
}
