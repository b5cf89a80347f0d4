using System.Text.Json;
using System.Threading.Channels;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Endpoint;

/// <summary>Reads the sizes of a client's terminal: JSON objects, one after the other.</summary>
internal static class TerminalSizes
{
    /// <summary>Longest object that can be a size (bytes).</summary>
    private const int ObjectBytesMax = 1024;

    /// <summary>Only the newest size matters, so few are kept.</summary>
    public static Channel<TerminalSize> NewChannel() => Channel.CreateBounded<TerminalSize>(new BoundedChannelOptions(4) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>Reads until the stream ends, however it ends.</summary>
    public static async Task ReadAsync(Stream from, ChannelWriter<TerminalSize> to, CancellationToken cancellationToken)
    {
        var text = new List<byte>();
        var buffer = new byte[256];
        try
        {
            while (await from.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                text.AddRange(buffer.AsSpan(0, read));
                for (int end; (end = text.IndexOf((byte)'}')) >= 0; text.RemoveRange(0, end + 1))
                    if (Parse([.. text[..(end + 1)]]) is { } size) to.TryWrite(size);
                if (text.Count > ObjectBytesMax) text.Clear();
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client has left.
        }
        to.TryComplete();
    }

    private static TerminalSize? Parse(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return new TerminalSize(document.RootElement.GetProperty("Width").GetUInt16(), document.RootElement.GetProperty("Height").GetUInt16());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null; // not a size; passed over, as by Kubernetes
        }
    }
}
