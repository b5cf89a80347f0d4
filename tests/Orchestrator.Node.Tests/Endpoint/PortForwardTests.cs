using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Orchestrator.Node.Endpoint;
using Orchestrator.Node.Endpoint.PortForward;
using Orchestrator.Node.Endpoint.Spdy;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Tests.Endpoint.Spdy;

namespace Orchestrator.Node.Tests.Endpoint;

public sealed class PortForwardTests : IDisposable
{
    private readonly TcpListener _pod = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(60));
    private readonly PortForwarding _forwarding;

    public PortForwardTests()
    {
        _pod.Start();
        _ = AnswerAsync();
        _forwarding = new PortForwarding("web_default", "uid-1", async (port, token) =>
        {
            if (port == 81) throw new RuntimeFailureException("PortForwardError", "connection refused");
            if (port == 82) throw new HttpRequestException("the engine does not answer");
            var client = new TcpClient();
            await client.ConnectAsync((IPEndPoint)_pod.LocalEndpoint, token);
            return client.GetStream();
        });
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _pod.Dispose();
    }

    /// <summary>Says back what it heard, but only once the client has ended: what a half-closed connection is for.</summary>
    private async Task AnswerAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var client = await _pod.AcceptTcpClientAsync(_stop.Token);
            _ = Task.Run(async () =>
            {
                using (client)
                {
                    using var heard = new MemoryStream();
                    await client.GetStream().CopyToAsync(heard, _stop.Token);
                    await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"heard {heard.Length}"), _stop.Token);
                }
            });
        }
    }

    [Fact]
    public async Task EngineThatFails_IsTheReason_WhyThereIsNoConnection() =>
        Assert.Equal("error forwarding port 82 to pod web_default, uid uid-1: the engine does not answer",
            await _forwarding.CarryAsync(82, Stream.Null, Stream.Null, static () => ValueTask.CompletedTask, halfClosed: true, _stop.Token));

    private static async Task OpenPairAsync(SpdyClient client, int first, string id, string port)
    {
        await client.OpenAsync(first, ("streamType", "error"), ("port", port), ("requestID", id));
        await client.OpenAsync(first + 2, ("streamType", "data"), ("port", port), ("requestID", id));
    }

    [Fact]
    public async Task Spdy_ManyConnections_AreHalfClosedAndAnswered()
    {
        var client = new SpdyClient();
        var serving = new SpdyPortForward(_forwarding, TimeProvider.System).ServeAsync(client.ServerTransport, _stop.Token);
        const int connections = 20;
        for (var i = 0; i < connections; i++)
        {
            await OpenPairAsync(client, 1 + i * 4, $"{i}", "80");
            await client.DataAsync(3 + i * 4, new byte[i], fin: true);
        }

        var answers = new Dictionary<int, string>();
        var ended = new HashSet<int>();
        while (ended.Count < connections * 2)
        {
            var frame = await client.ReadAsync(type: null);
            answers[frame.Header.StreamId] = answers.GetValueOrDefault(frame.Header.StreamId, "") + frame.Text;
            if (frame.Header.IsFin) ended.Add(frame.Header.StreamId);
        }

        for (var i = 0; i < connections; i++)
        {
            Assert.Equal("", answers[1 + i * 4]);
            Assert.Equal($"heard {i}", answers[3 + i * 4]);
        }
        client.End();
        await serving;
    }

    [Fact]
    public async Task Spdy_PortThatDoesNotAnswer_SaysSoOnTheErrorStream()
    {
        var client = new SpdyClient();
        _ = new SpdyPortForward(_forwarding, TimeProvider.System).ServeAsync(client.ServerTransport, _stop.Token);

        await OpenPairAsync(client, 1, "0", "81");

        var error = await client.ReadAsync(type: null);
        Assert.Equal((1, "error forwarding port 81 to pod web_default, uid uid-1: connection refused"), (error.Header.StreamId, error.Text));
        Assert.True((await client.ReadAsync(type: null)).Header.IsFin);
    }

    [Theory]
    [InlineData("error", "0")]
    [InlineData("error", "x")]
    [InlineData("error", "70000")]
    [InlineData("other", "80")]
    public async Task Spdy_StreamThatMakesNoSense_IsReset(string type, string port)
    {
        var client = new SpdyClient();
        _ = new SpdyPortForward(_forwarding, TimeProvider.System).ServeAsync(client.ServerTransport, _stop.Token);

        await client.OpenAsync(1, ("streamType", type), ("port", port), ("requestID", "0"));

        Assert.Equal(1, (await client.ReadAsync(SpdyFrameType.RstStream)).Number(0));
    }

    [Fact]
    public async Task Spdy_SecondDataStreamOfAConnection_IsResetWithTheReason()
    {
        var client = new SpdyClient();
        _ = new SpdyPortForward(_forwarding, TimeProvider.System).ServeAsync(client.ServerTransport, _stop.Token);
        await OpenPairAsync(client, 1, "0", "80");

        await client.OpenAsync(5, ("streamType", "data"), ("port", "80"), ("requestID", "0"));

        Assert.Equal(5, (await client.ReadAsync(SpdyFrameType.RstStream)).Number(0));
        Assert.Equal("error processing stream for request 0: data stream already assigned", (await client.ReadAsync(type: null)).Text);
    }

    [Fact]
    public async Task WebSocket_EachPortHasItsChannels()
    {
        var (client, server) = SocketPair.Create();
        using var _ = client;
        var serving = WebSocketPortForward.ServeAsync(server, base64: false, [80, 81], _forwarding, _stop.Token);

        var messages = new List<string>();
        var buffer = new byte[1024];
        for (var i = 0; i < 5; i++)
        {
            var received = await client.ReceiveAsync(buffer.AsMemory(), _stop.Token);
            messages.Add(i < 4 ? Convert.ToHexStringLower(buffer.AsSpan(0, received.Count)) : Encoding.UTF8.GetString(buffer, 0, received.Count));
        }

        Assert.Equal(["005000", "015000", "025100", "035100"], messages[..4]);
        Assert.Equal("\u0003error forwarding port 81 to pod web_default, uid uid-1: connection refused", messages[4]);
        await client.SendAsync(new byte[] { 255, 0 }, WebSocketMessageType.Binary, true, _stop.Token);
        var answer = await client.ReceiveAsync(buffer.AsMemory(), _stop.Token);
        Assert.Equal("\0heard 0", Encoding.UTF8.GetString(buffer, 0, answer.Count));
        Assert.Equal(WebSocketMessageType.Close, (await client.ReceiveAsync(buffer.AsMemory(), _stop.Token)).MessageType);
        await client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _stop.Token);
        await serving;
    }

    [Theory]
    [InlineData("", "unable to parse \"\" as a port")]
    [InlineData("x", "unable to parse \"x\" as a port")]
    [InlineData("80,-1", "port \"-1\" must be > 0")]
    [InlineData("80000", "unable to parse \"80000\" as a port")]
    public void ReadPorts_Refuses(string text, string why) => Assert.Equal(why, WebSocketPortForward.ReadPorts(text).Fault);

    [Fact]
    public void ReadPorts_TakesBothWaysOfNamingSeveral() => Assert.Equal([1, 2, 3], WebSocketPortForward.ReadPorts(new[] { "1,2", "3" }).Ports);
}
