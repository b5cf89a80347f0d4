using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Orchestrator.Node.Runtime.Process;

/// <summary>Reads a container's log, which is what the process wrote and nothing else.</summary>
/// <remarks>
/// Beside it lies a list of (length, time) pairs, kept while a kubelet watches: a line's time is that of the first pair
/// that covers it. Lines written while no kubelet ran have the time of the next pair.
/// </remarks>
internal sealed class ProcessLog(string directory, LogQuery query)
{
    private const string TimesFile = "log.times";
    private const int EntryLength = 16;

    /// <summary>How much of the log is held in memory at once (bytes).</summary>
    private const int PartBytes = 64 * 1024;

    private long _position = -1;
    private bool _withinLine, _passedOver;
    private long _left = query.LimitBytes ?? long.MaxValue;

    private string LogPath => Path.Combine(directory, ProcessRecord.LogFile);

    /// <summary>Notes that the log has its present length at this time.</summary>
    public static void NoteTime(string directory, DateTimeOffset now)
    {
        try
        {
            var length = new FileInfo(Path.Combine(directory, ProcessRecord.LogFile)).Length;
            using var times = new FileStream(Path.Combine(directory, TimesFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
            var entry = new byte[EntryLength];
            if (times.Length >= EntryLength)
            {
                times.Seek(-EntryLength, SeekOrigin.End);
                times.ReadExactly(entry);
                if (BinaryPrimitives.ReadInt64LittleEndian(entry) >= length) return;
            }
            BinaryPrimitives.WriteInt64LittleEndian(entry, length);
            BinaryPrimitives.WriteInt64LittleEndian(entry.AsSpan(8), now.UtcTicks);
            times.Write(entry);
        }
        catch (IOException)
        {
            // The container is being removed.
        }
    }

    /// <summary>Fixes where the log begins now, so that nothing that is written from here on is missed.</summary>
    public void Begin()
    {
        using var file = new FileStream(LogPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        _position = First(file, new byte[PartBytes]);
    }

    /// <summary>Copies what is new since the last call, a part at a time however long it is.</summary>
    /// <param name="atEnd">Whether a last line without an end is to be copied too.</param>
    /// <returns>False when the limit is reached.</returns>
    public async Task<bool> CopyAsync(Stream output, bool atEnd, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PartBytes);
        try
        {
            await using var file = new FileStream(LogPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (_position < 0) _position = First(file, buffer);
            var times = query.Timestamps || query.Since is not null ? Times() : [];
            while (true)
            {
                file.Position = _position;
                var read = await file.ReadAtLeastAsync(buffer.AsMemory(0, PartBytes), PartBytes, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                var before = _position;
                if (!await CopyLinesAsync(buffer.AsMemory(0, read), atEnd, times, output, cancellationToken).ConfigureAwait(false)) return false;
                if (_position == before || read < PartBytes) break;
            }
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<bool> CopyLinesAsync(
        ReadOnlyMemory<byte> part, bool atEnd, List<(long Length, DateTimeOffset At)> times, Stream output, CancellationToken cancellationToken)
    {
        var whole = part.Length == PartBytes;
        for (var from = 0; from < part.Length;)
        {
            var end = part.Span[from..].IndexOf((byte)'\n');
            // A line longer than a part is copied in pieces; any other waits until it is complete.
            if (end < 0 && (whole ? from > 0 : !atEnd)) return true;
            var line = end < 0 ? part[from..] : part.Slice(from, end + 1);
            from += line.Length;
            _position += line.Length;
            var begins = !_withinLine;
            _withinLine = end < 0;
            if (begins && (query.Timestamps || query.Since is not null))
            {
                var time = TimeOf(times, _position);
                _passedOver = query.Since is { } since && time < since;
                if (query.Timestamps && !_passedOver && !await WriteAsync(output, Stamp(time), cancellationToken).ConfigureAwait(false)) return false;
            }
            if (!_passedOver && !await WriteAsync(output, line, cancellationToken).ConfigureAwait(false)) return false;
        }
        return true;
    }

    private static byte[] Stamp(DateTimeOffset time) =>
        Encoding.ASCII.GetBytes(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z '", CultureInfo.InvariantCulture));

    private async Task<bool> WriteAsync(Stream output, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var part = bytes[..(int)Math.Min(bytes.Length, _left)];
        await output.WriteAsync(part, cancellationToken).ConfigureAwait(false);
        _left -= part.Length;
        return _left > 0;
    }

    /// <summary>Where the last lines begin that were asked for.</summary>
    private long First(FileStream file, byte[] buffer)
    {
        if (query.TailLines is not { } lines) return 0;
        var length = file.Length;
        if (lines == 0) return length;
        for (var end = length; end > 0;)
        {
            var start = Math.Max(0, end - PartBytes);
            file.Position = start;
            var read = file.ReadAtLeast(buffer.AsSpan(0, (int)(end - start)), (int)(end - start), throwOnEndOfStream: false);
            for (var i = read - 1; i >= 0; i--)
                if (buffer[i] == '\n' && start + i + 1 < length && --lines == 0) return start + i + 1;
            end = start;
        }
        return 0;
    }

    private List<(long Length, DateTimeOffset At)> Times()
    {
        var times = new List<(long, DateTimeOffset)>();
        var path = Path.Combine(directory, TimesFile);
        if (!File.Exists(path)) return times;
        ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);
        for (; bytes.Length >= EntryLength; bytes = bytes[EntryLength..])
            times.Add((BinaryPrimitives.ReadInt64LittleEndian(bytes), new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]), TimeSpan.Zero)));
        return times;
    }

    private DateTimeOffset TimeOf(List<(long Length, DateTimeOffset At)> times, long end)
    {
        var (low, high) = (0, times.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (times[middle].Length < end) low = middle + 1;
            else high = middle;
        }
        if (low < times.Count) return times[low].At;
        return File.GetLastWriteTimeUtc(LogPath);
    }
}
