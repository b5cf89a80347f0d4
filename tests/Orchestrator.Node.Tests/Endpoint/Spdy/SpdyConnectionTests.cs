using System.Text;
using System.Threading.Channels;
using Orchestrator.Node.Endpoint.Spdy;

namespace Orchestrator.Node.Tests.Endpoint.Spdy;

public sealed class SpdyConnectionTests : IDisposable
{
    private readonly SpdyClient _client = new();
    private readonly Channel<SpdyStream> _opened = Channel.CreateUnbounded<SpdyStream>();
    private readonly CancellationTokenSource _stop = new();
    private readonly SpdyConnection _connection;
    private readonly Task _running;

    public SpdyConnectionTests()
    {
        _connection = new SpdyConnection(_client.ServerTransport, stream =>
        {
            if (stream.Header("refuse").Length > 0) return SpdyResetStatus.RefusedStream;
            _opened.Writer.TryWrite(stream);
            return null;
        });
        _running = Task.Run(() => _connection.RunAsync(_stop.Token));
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _connection.Dispose();
    }

    private async Task<SpdyStream> OpenAsync(int id, params (string, string)[] headers)
    {
        await _client.OpenAsync(id, headers);
        Assert.Equal(id, (await _client.ReadAsync(SpdyFrameType.SynReply)).Number(0));
        return await _opened.Reader.ReadAsync(_client.Bound);
    }

    [Fact]
    public async Task Stream_CarriesBytesBothWays_AndClosesEachWayByItself()
    {
        var stream = await OpenAsync(1, ("streamType", "data"));
        Assert.Equal("data", stream.Header("STREAMTYPE"));

        await _client.DataAsync(1, "to the server", fin: true);
        using var reader = new StreamReader(stream.Input, Encoding.UTF8);
        Assert.Equal("to the server", await reader.ReadToEndAsync(_client.Bound));

        await stream.Output.WriteAsync("to the client"u8.ToArray(), _client.Bound);
        Assert.Equal("to the client", (await _client.ReadAsync(type: null)).Text);
        await stream.CloseAsync();
        Assert.True((await _client.ReadAsync(type: null)).Header.IsFin);
        Assert.Equal(0, _connection.StreamCount);
    }

    [Fact]
    public async Task Ping_IsAnsweredWithItsNumber()
    {
        await _client.ControlAsync(SpdyFrameType.Ping, 77);

        Assert.Equal(77, (await _client.ReadAsync(SpdyFrameType.Ping)).Number(0));
    }

    [Fact]
    public async Task Reset_FailsTheStreamAndNoOther()
    {
        var one = await OpenAsync(1);
        var two = await OpenAsync(3);

        await _client.ControlAsync(SpdyFrameType.RstStream, 1, (int)SpdyResetStatus.Cancel);
        await _client.DataAsync(3, "alive");

        await Assert.ThrowsAsync<IOException>(async () => await one.Input.ReadExactlyAsync(new byte[8], _client.Bound));
        await Assert.ThrowsAsync<IOException>(async () => await one.Output.WriteAsync(new byte[8], _client.Bound));
        Assert.True(one.Reset.IsCancellationRequested);
        Assert.Equal(5, await two.Input.ReadAsync(new byte[8], _client.Bound));
    }

    [Fact]
    public async Task Refused_IsReset()
    {
        await _client.OpenAsync(1, ("refuse", "yes"));

        var reset = await _client.ReadAsync(SpdyFrameType.RstStream);

        Assert.Equal((1, (int)SpdyResetStatus.RefusedStream), (reset.Number(0), reset.Number(4)));
        Assert.Equal(0, _connection.StreamCount);
    }

    [Fact]
    public async Task PeerThatKeepsWindows_IsNotSentMoreThanItsWindow()
    {
        await _client.SendAsync([0x80, 3, 0, 4, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 10]); // SETTINGS: initial window 10
        var stream = await OpenAsync(1);

        var writing = stream.Output.WriteAsync(new byte[25], _client.Bound).AsTask();
        Assert.Equal(10, (await _client.ReadAsync(type: null)).Header.Length);
        Assert.False(writing.IsCompleted);
        await _client.ControlAsync(SpdyFrameType.WindowUpdate, 1, 14);
        Assert.Equal(14, (await _client.ReadAsync(type: null)).Header.Length);
        await _client.ControlAsync(SpdyFrameType.WindowUpdate, 1, 100);
        Assert.Equal(1, (await _client.ReadAsync(type: null)).Header.Length);
        await writing;
    }

    [Fact]
    public async Task WindowBeyondTheProtocol_ResetsTheStream()
    {
        await OpenAsync(1);

        await _client.ControlAsync(SpdyFrameType.WindowUpdate, 1, int.MaxValue);

        Assert.Equal((int)SpdyResetStatus.FlowControlError, (await _client.ReadAsync(SpdyFrameType.RstStream)).Number(4));
    }

    [Fact]
    public async Task UnreadStream_HoldsTheClientUpInsteadOfMemory_AndIsReadOnLater()
    {
        var stream = await OpenAsync(1);
        var total = 20 * SpdyStream.WindowBytes;

        var sending = _client.DataAsync(1, new byte[total], fin: true);
        Assert.False(sending.IsCompleted);
        var drain = Task.Run(async () =>
        {
            while (await _client.ReadAsync() is not null)
            {
            }
        });
        using var sink = new MemoryStream();
        await stream.Input.CopyToAsync(sink, _client.Bound);

        await sending;
        Assert.Equal(total, sink.Length);
        Assert.False(drain.IsFaulted);
    }

    [Fact]
    public async Task ConnectionThatEnds_FailsItsStreams_EvenWhileOneHoldsItUp()
    {
        var blocked = await OpenAsync(1);
        var other = await OpenAsync(3);
        var sending = _client.DataAsync(1, new byte[10 * SpdyStream.WindowBytes]);

        await _stop.CancelAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => _running.WaitAsync(_client.Bound));
        Assert.True(blocked.Reset.IsCancellationRequested && other.Reset.IsCancellationRequested);
        Assert.False(sending.IsFaulted);
    }

    [Theory]
    [InlineData("80030001000000020000")] // SYN_STREAM cut short
    [InlineData("8003000100ffffff")] // a control frame of 16 MB
    [InlineData("80020001")] // followed by nothing of use: another version
    [InlineData("800300040000000400000fff")] // SETTINGS with more entries than bytes
    public async Task Breach_EndsTheConnection(string hex)
    {
        await _client.SendAsync(Convert.FromHexString(hex));
        await _client.SendAsync(new byte[4]);
        _client.End();

        await Assert.ThrowsAnyAsync<IOException>(() => _running.WaitAsync(_client.Bound));
    }

    [Fact]
    public async Task StreamNumbers_OnlyGrow()
    {
        await OpenAsync(5);

        await _client.OpenAsync(3);

        await Assert.ThrowsAsync<SpdyProtocolException>(() => _running.WaitAsync(_client.Bound));
        Assert.Equal(1, (await _client.ReadAsync(SpdyFrameType.GoAway)).Number(4));
    }

    [Fact]
    public async Task MoreStreamsThanTheLimit_AreRefused()
    {
        for (var i = 0; i < SpdyConnection.StreamsMax; i++) await OpenAsync(i * 2 + 1);

        await _client.OpenAsync(SpdyConnection.StreamsMax * 2 + 1);

        Assert.Equal((int)SpdyResetStatus.RefusedStream, (await _client.ReadAsync(SpdyFrameType.RstStream)).Number(4));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task AnyFrames_NeverMeetAFault(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 60; round++)
        {
            var client = new SpdyClient();
            using var connection = new SpdyConnection(client.ServerTransport, stream => { stream.Ignore(); return random.Next(2) == 0 ? null : SpdyResetStatus.Cancel; });
            var running = connection.RunAsync(client.Bound);
            var draining = Task.Run(async () =>
            {
                while (await client.ReadAsync() is not null)
                {
                }
            });
            await client.OpenAsync(1, fin: false, ("a", "b"));
            for (var frame = 0; frame < 20 && !running.IsCompleted; frame++)
            {
                var bytes = new byte[8 + random.Next(40)];
                random.NextBytes(bytes);
                if (random.Next(2) == 0) new SpdyFrameHeader((SpdyFrameType)random.Next(1, 11), 0, (byte)random.Next(4), bytes.Length - 8).Write(bytes);
                else new SpdyFrameHeader(null, random.Next(4), (byte)random.Next(2), bytes.Length - 8).Write(bytes);
                var sent = client.SendAsync(bytes);
                if (await Task.WhenAny(sent, running) == running) break;
            }
            client.End();
            try
            {
                await running;
            }
            catch (IOException)
            {
                // A breach, or cut short: as it should be.
            }
            Assert.False(draining.IsFaulted);
        }
    }
}
