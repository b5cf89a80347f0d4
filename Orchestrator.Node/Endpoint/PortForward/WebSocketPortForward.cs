using System.Buffers.Binary;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Orchestrator.Node.Endpoint.PortForward;

/// <summary>Port-forward over the channels of a WebSocket: of each port, channel 2n carries its bytes and 2n+1 its error.</summary>
/// <remarks>The first message of each channel is the port, little-endian. Source: k8s.io/kubelet, cri/streaming/portforward websocket.go.</remarks>
internal static class WebSocketPortForward
{
    /// <summary>Channels are numbered by one byte, and the last is taken.</summary>
    private const int PortsMax = 100;

    /// <summary>Reads the ports of a request, or says what is wrong with them.</summary>
    public static (int[] Ports, string? Fault) ReadPorts(StringValues values)
    {
        var ports = new List<int>();
        foreach (var text in values.SelectMany(v => (v ?? "").Split(',')))
        {
            if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var port) || port > ushort.MaxValue) return ([], $"unable to parse \"{text}\" as a port");
            if (port < 1) return ([], $"port \"{text}\" must be > 0");
            ports.Add((int)port);
        }
        if (ports.Count == 0) return ([], "query parameter \"port\" is required");
        return ports.Count > PortsMax ? ([], $"at most {PortsMax} ports can be forwarded over one WebSocket") : ([.. ports], null);
    }

    public static async Task ServeAsync(WebSocket socket, bool base64, int[] ports, PortForwarding forwarding, CancellationToken cancellationToken)
    {
        using var channels = new ChannelSocket(socket, base64, [.. ports.Select((_, i) => i * 2)]);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            for (var i = 0; i < ports.Length; i++)
            {
                var port = new byte[2];
                BinaryPrimitives.WriteUInt16LittleEndian(port, (ushort)ports[i]);
                await channels.SendAsync((byte)(i * 2), port, ended.Token).ConfigureAwait(false);
                await channels.SendAsync((byte)(i * 2 + 1), port, ended.Token).ConfigureAwait(false);
            }
            var reading = channels.RunAsync(ended.Token);
            var left = reading.ContinueWith(_ => ended.CancelAsync(), TaskScheduler.Default).Unwrap();
            await Task.WhenAll(ports.Select((port, i) => CarryAsync(channels, i * 2, port, forwarding, ended.Token))).ConfigureAwait(false);
            await channels.CloseAsync().ConfigureAwait(false);
            await reading.WaitAsync(TimeSpan.FromSeconds(10), ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ended.CancelAsync().ConfigureAwait(false);
            await left.ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client has left.
        }
    }

    private static async Task CarryAsync(ChannelSocket channels, int channel, int port, PortForwarding forwarding, CancellationToken cancellationToken)
    {
        try
        {
            var fault = await forwarding.CarryAsync(
                port, channels.Input(channel), channels.Output(channel), () => ValueTask.CompletedTask, halfClosed: false, cancellationToken).ConfigureAwait(false);
            if (fault is not null) await channels.SendAsync((byte)(channel + 1), Encoding.UTF8.GetBytes(fault), cancellationToken).ConfigureAwait(false);
            channels.Ignore(channel);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client has left.
        }
    }
}
