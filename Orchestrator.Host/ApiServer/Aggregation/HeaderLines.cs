using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Host.ApiServer.Aggregation;

/// <summary>Sends a header of several values as several lines, which the HTTP client would join with commas.</summary>
/// <remarks>
/// A server that believes a front proxy reads each line as one group, and a group may have a comma in it. So values are joined with a mark
/// that nobody can guess, and on the way out the mark becomes the end of a line. HTTP/1.1 only.
/// </remarks>
internal static class HeaderLines
{
    // It never leaves the process: what a client or a server sends cannot contain it.
    private static readonly string Mark = $"~{Convert.ToHexString(RandomNumberGenerator.GetBytes(16))}~";
    private static readonly byte[] MarkBytes = Encoding.ASCII.GetBytes(Mark);

    /// <summary>Adds a header with a line for each value.</summary>
    public static void Add(HttpRequestMessage message, string name, IEnumerable<string> values)
    {
        var text = string.Join($"{Mark}{name}: ", values.Select(Printable));
        if (text.Length > 0) message.Headers.TryAddWithoutValidation(name, text);
    }

    /// <summary>What a connection writes passes through here.</summary>
    public static Stream Wrap(Stream connection) => new Lines(connection);

    // A line break in a name would make a header of its own.
    private static string Printable(string value) => value.AsSpan().IndexOfAny('\r', '\n', '\0') < 0
        ? value
        : value.Replace('\r', ' ').Replace('\n', ' ').Replace('\0', ' ');

    private sealed class Lines(Stream inner) : Stream
    {
        // The beginning of a mark whose rest is yet to be written (count of its bytes).
        private int _held;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);
        public override int Read(Span<byte> buffer) => inner.Read(buffer);
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);
        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => inner.ReadAsync(buffer, offset, count, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(Rewrite(buffer.AsMemory(offset, count)).Span);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => inner.WriteAsync(Rewrite(buffer), cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        // Heads end before they are flushed, so what is held then is no mark but looks like the beginning of one.
        public override void Flush()
        {
            if (_held > 0) inner.Write(MarkBytes, 0, _held);
            _held = 0;
            inner.Flush();
        }

        public override async Task FlushAsync(CancellationToken cancellationToken)
        {
            if (_held > 0) await inner.WriteAsync(MarkBytes.AsMemory(0, _held), cancellationToken).ConfigureAwait(false);
            _held = 0;
            await inner.FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync().ConfigureAwait(false);
            await base.DisposeAsync().ConfigureAwait(false);
        }

        private ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> data)
        {
            if (_held > 0)
            {
                data = (byte[])[.. MarkBytes.AsSpan(0, _held), .. data.Span];
                _held = 0;
            }
            var at = data.Span.IndexOf(MarkBytes);
            if (at >= 0)
            {
                var lines = new MemoryStream(data.Length);
                for (; at >= 0; at = data.Span.IndexOf(MarkBytes))
                {
                    lines.Write(data.Span[..at]);
                    lines.Write("\r\n"u8);
                    data = data[(at + MarkBytes.Length)..];
                }
                Hold(ref data);
                lines.Write(data.Span);
                return lines.ToArray();
            }
            Hold(ref data);
            return data;
        }

        private void Hold(ref ReadOnlyMemory<byte> data)
        {
            for (var count = Math.Min(data.Length, MarkBytes.Length - 1); count > 0; count--)
            {
                if (!data.Span[^count..].SequenceEqual(MarkBytes.AsSpan(0, count))) continue;
                (_held, data) = (count, data[..^count]);
                return;
            }
        }
    }
}
