using System.Buffers.Binary;
using System.Text;

namespace Orchestrator.Host.Tests.Fuzz;

/// <summary>Makes what is sent over one connection: upgrades to WebSocket and SPDY with frames that are nearly right, requests that are torn,
/// and HTTP/2 frames. The same seed makes the same connections.</summary>
internal sealed class ConnectionFuzzer(int seed, string pod)
{
    private static readonly string[] WebSocketProtocols =
        ["v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io", "base64.channel.k8s.io", "v4.base64.channel.k8s.io", "SPDY/3.1+portforward.k8s.io", "v4.channel.k8s.io, v5.channel.k8s.io", "nonsense", ""];

    private static readonly string[] SpdyProtocols = ["v4.channel.k8s.io", "v2.channel.k8s.io", "portforward.k8s.io", "v9.channel.k8s.io", ""];

    private readonly Random _random = new(seed);

    /// <summary>The parts, in order; each may be answered before the next is sent.</summary>
    public IReadOnlyList<byte[]> Next() => _random.Next(5) switch
    {
        0 => WebSocket(),
        1 or 2 => Spdy(),
        3 => Http2(),
        _ => [Torn()],
    };

    private string Target() => _random.Next(6) switch
    {
        0 => $"{pod}/attach?stdout=1&stdin=1",
        1 => $"{pod}/portforward?ports=80",
        2 => $"{pod}/portforward",
        3 => "/api/v1/namespaces?watch=1&timeoutSeconds=2",
        4 => $"{pod}/exec?command=cat&stdin={_random.Next(2)}&stdout=1&tty={_random.Next(2)}",
        _ => $"{pod}/exec?command=cat&stdin=1&stdout=1&stderr=1&container={(_random.Next(3) == 0 ? "%00" : "")}",
    };

    private List<byte[]> WebSocket()
    {
        var key = _random.Next(8) == 0 ? "x" : Convert.ToBase64String(Bytes(16));
        var version = _random.Next(10) == 0 ? "12" : "13";
        var parts = new List<byte[]>
        {
            Text($"GET {Target()} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: {version}\r\nSec-WebSocket-Key: {key}\r\n"
                + $"Sec-WebSocket-Protocol: {WebSocketProtocols[_random.Next(WebSocketProtocols.Length)]}\r\n\r\n"),
        };
        for (var i = _random.Next(6); i > 0; i--) parts.Add(WebSocketFrame());
        return parts;
    }

    private byte[] WebSocketFrame()
    {
        var payload = Bytes(_random.Next(4) == 0 ? _random.Next(126) : _random.Next(10));
        if (payload.Length > 0 && _random.Next(3) > 0) payload[0] = (byte)_random.Next(6);
        var opcode = _random.Next(4) > 0 ? _random.Next(3) : _random.Next(16);
        var frame = new List<byte> { (byte)((_random.Next(8) > 0 ? 0x80 : _random.Next(8) << 4) | opcode) };
        // At times a length that is never kept to.
        if (_random.Next(10) == 0) frame.AddRange([0xff, .. Bytes(8)]);
        else frame.Add((byte)((_random.Next(10) > 0 ? 0x80 : 0) | payload.Length));
        frame.AddRange([0, 0, 0, 0, .. payload]);
        return [.. frame];
    }

    private List<byte[]> Spdy()
    {
        var parts = new List<byte[]>
        {
            Text($"POST {Target()} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: {SpdyProtocols[_random.Next(SpdyProtocols.Length)]}\r\nContent-Length: 0\r\n\r\n"),
        };
        for (var i = _random.Next(8); i > 0; i--)
        {
            var payload = Bytes(_random.Next(40));
            var frame = new byte[8 + payload.Length];
            if (_random.Next(3) > 0)
            {
                // A control frame: version 3, one of the types, flags, length.
                BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)(_random.Next(10) == 0 ? 0x8002 : 0x8003));
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)_random.Next(12));
            }
            else BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)_random.Next(8));
            var length = _random.Next(10) == 0 ? _random.Next(1 << 24) : payload.Length;
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), ((uint)_random.Next(4) << 24) | (uint)length);
            payload.CopyTo(frame, 8);
            parts.Add(frame);
        }
        return parts;
    }

    private List<byte[]> Http2()
    {
        List<byte[]> parts = [Text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), [0, 0, 0, 4, 0, 0, 0, 0, 0]];
        for (var i = _random.Next(20); i > 0; i--)
        {
            var payload = Bytes(_random.Next(30));
            var stream = _random.Next(4) == 0 ? 0 : (2 * _random.Next(10)) + 1;
            parts.Add([0, 0, (byte)(_random.Next(10) == 0 ? 255 : payload.Length), (byte)_random.Next(11), (byte)_random.Next(64), 0, 0, 0, (byte)stream, .. payload]);
        }
        return parts;
    }

    private byte[] Torn()
    {
        var body = """{"metadata":{"name":"torn"}}""";
        var path = "/api/v1/namespaces/default/configmaps";
        return _random.Next(9) switch
        {
            0 => Bytes(200),
            1 => Text($"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{body}"),
            2 => Text($"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{body}\r\n0\r\n\r\n"),
            3 => Text($"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n{body}"),
            4 => Text($"GET {new string('/', 9000)} HTTP/1.1\r\nHost: a\r\n\r\n"),
            5 => Text($"GET /api HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Range(0, 200).Select(static i => $"X-{i}: {i}\r\n"))}\r\n"),
            6 => Text($"GET /api HTTP/1.1\r\nHost: a\r\nX-Long: {new string('x', 70_000)}\r\n\r\n"),
            7 => Text("GET /api HTTP/1.0\r\nConnection: keep-alive, Upgrade\r\nUpgrade: h2c, websocket\r\n\r\n"),
            _ => Text("GET /api\u0001 HTTP/9.9\r\nHost: \u00ff\r\n: x\r\n\r\n"),
        };
    }

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Text(string text) => Encoding.Latin1.GetBytes(text);
}
