using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;
using Orchestrator.Node.Endpoint;

namespace Orchestrator.Node.Tests.Endpoint;

/// <summary>The two ends of a WebSocket without a network.</summary>
internal static class SocketPair
{
    public static (WebSocket Client, WebSocket Server) Create()
    {
        var (up, down) = (new Pipe(), new Pipe());
        return (
            WebSocket.CreateFromStream(new Both(down.Reader.AsStream(), up.Writer.AsStream()), new WebSocketCreationOptions { IsServer = false }),
            WebSocket.CreateFromStream(new Both(up.Reader.AsStream(), down.Writer.AsStream()), new WebSocketCreationOptions { IsServer = true }));
    }

    private sealed class Both(Stream reading, Stream writing) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => writing.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => writing.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => reading.Read(buffer, offset, count);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => reading.ReadAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => writing.Write(buffer, offset, count);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => writing.WriteAsync(buffer, cancellationToken);
    }
}

public sealed class ChannelSocketTests
{
    private static CancellationToken Bound { get; } = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Channels_CarryBothWays_AndEndTogetherWithTheSocket(bool base64)
    {
        var (client, server) = SocketPair.Create();
        using var channels = new ChannelSocket(server, base64, 0, 4);
        var running = channels.RunAsync(Bound);
        var type = base64 ? WebSocketMessageType.Text : WebSocketMessageType.Binary;

        await client.SendAsync(base64 ? "0aGVsbG8="u8.ToArray() : "\0hello"u8.ToArray(), type, true, Bound);
        await client.SendAsync(base64 ? "7aGVsbG8="u8.ToArray() : "\u0007hello"u8.ToArray(), type, true, Bound); // nobody's channel
        await channels.Output(1).WriteAsync("out"u8.ToArray(), Bound);
        var buffer = new byte[64];
        var received = await client.ReceiveAsync(buffer.AsMemory(), Bound);
        await client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Bound);

        Assert.Equal((type, base64 ? "1b3V0" : "\u0001out"), (received.MessageType, Encoding.ASCII.GetString(buffer, 0, received.Count)));
        using var reader = new StreamReader(channels.Input(0));
        Assert.Equal("hello", await reader.ReadToEndAsync(Bound));
        await running;
        Assert.Equal(0, await channels.Input(4).ReadAsync(new byte[1], Bound));
    }

    [Fact]
    public async Task CloseOfOneChannel_EndsItAndNoOther()
    {
        var (client, server) = SocketPair.Create();
        using var channels = new ChannelSocket(server, base64: false, 0, 4);
        _ = channels.RunAsync(Bound);

        await client.SendAsync(new byte[] { 255, 0 }, WebSocketMessageType.Binary, true, Bound);
        await client.SendAsync(new byte[] { 0, 1 }, WebSocketMessageType.Binary, true, Bound);
        await client.SendAsync(new byte[] { 4, (byte)'{' }, WebSocketMessageType.Binary, true, Bound);

        Assert.Equal(0, await channels.Input(0).ReadAsync(new byte[1], Bound));
        Assert.Equal(1, await channels.Input(4).ReadAsync(new byte[1], Bound));
    }

    [Fact]
    public async Task Sizes_OneAfterTheOther_AreReadWhateverTheirPieces()
    {
        var sizes = TerminalSizes.NewChannel();
        using var json = new MemoryStream("""{"Width":80,"Height":24}nonsense}{"Height":50,"Width":132}{"Width":70000,"Height":1}"""u8.ToArray());

        await TerminalSizes.ReadAsync(json, sizes.Writer, Bound);

        Assert.Equal([(80, 24), (132, 50)], await sizes.Reader.ReadAllAsync(Bound).Select(s => (s.Width, s.Height)).ToListAsync(Bound));
    }
}
