using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Akka.Remote.TestKit.Internal;

/// <summary>Frames over a socket, one JSON document per line. One reader; any number of writers.</summary>
internal sealed class FrameChannel : IAsyncDisposable
{
    /// <summary>Longest line (bytes); a longer one is not ours.</summary>
    public const int LineMax = 64 * 1024;

    private static readonly JsonSerializerOptions Json = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Converters = { new JsonStringEnumConverter() },
        RespectNullableAnnotations = true,
    };

    private readonly NetworkStream _stream;
    private readonly PipeReader _reader;
    private readonly SemaphoreSlim _writing = new(1, 1);

    public FrameChannel(Socket socket)
    {
        socket.NoDelay = true;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = PipeReader.Create(_stream, new StreamPipeReaderOptions(leaveOpen: true));
    }

    /// <exception cref="InvalidDataException">The frame is too long.</exception>
    public async Task SendAsync(ConductorFrame frame)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(frame, Json);
        if (line.Length >= LineMax) throw new InvalidDataException($"A frame of {line.Length} bytes is too long for the conductor.");
        Array.Resize(ref line, line.Length + 1);
        line[^1] = (byte)'\n';
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            await _stream.WriteAsync(line).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The next frame, or null when the other side has closed.</summary>
    /// <exception cref="InvalidDataException">The line is too long or no frame.</exception>
    public async Task<ConductorFrame?> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = read.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end);
                if (line.Length >= LineMax) throw TooLong();
                var frame = Parse(line);
                _reader.AdvanceTo(buffer.GetPosition(1, end));
                return frame;
            }

            if (buffer.Length >= LineMax) throw TooLong();
            if (read.IsCompleted) return null;
            _reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync().ConfigureAwait(false);
    }

    private static ConductorFrame Parse(ReadOnlySequence<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            return JsonSerializer.Deserialize<ConductorFrame>(ref reader, Json) ?? throw new InvalidDataException("null is no frame.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("A line to the conductor is no frame.", e);
        }
    }

    private static InvalidDataException TooLong() => new($"A line of more than {LineMax} bytes is no frame.");
}
