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

    private long _position = -1;
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

    /// <summary>Copies what is new since the last call.</summary>
    /// <param name="atEnd">Whether a last line without an end is to be copied too.</param>
    /// <returns>False when the limit is reached.</returns>
    public async Task<bool> CopyAsync(Stream output, bool atEnd, CancellationToken cancellationToken)
    {
        var all = await ReadAsync(cancellationToken).ConfigureAwait(false);
        var (content, start) = (all.Content, all.Start);
        if (_position < 0) _position = First(content);
        var times = query.Timestamps || query.Since is not null ? Times() : [];
        while (_position - start < content.Length)
        {
            var from = (int)(_position - start);
            var end = content.AsSpan(from).IndexOf((byte)'\n');
            if (end < 0 && !atEnd) break;
            var line = end < 0 ? content.AsMemory(from) : content.AsMemory(from, end + 1);
            _position += line.Length;
            var time = TimeOf(times, _position);
            if (query.Since is { } since && time < since) continue;
            if (query.Timestamps)
            {
                var stamp = Encoding.ASCII.GetBytes(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z '", CultureInfo.InvariantCulture));
                if (!await WriteAsync(output, stamp, cancellationToken).ConfigureAwait(false)) return false;
            }
            if (!await WriteAsync(output, line, cancellationToken).ConfigureAwait(false)) return false;
        }
        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task<bool> WriteAsync(Stream output, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var part = bytes[..(int)Math.Min(bytes.Length, _left)];
        await output.WriteAsync(part, cancellationToken).ConfigureAwait(false);
        _left -= part.Length;
        return _left > 0;
    }

    private async Task<(byte[] Content, long Start)> ReadAsync(CancellationToken cancellationToken)
    {
        await using var file = new FileStream(LogPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var start = Math.Max(0, _position);
        file.Seek(start, SeekOrigin.Begin);
        var content = new byte[Math.Max(0, file.Length - start)];
        var read = await file.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return (content[..read], start);
    }

    /// <summary>Where the last lines begin that were asked for.</summary>
    private long First(byte[] content)
    {
        if (query.TailLines is not { } lines) return 0;
        if (lines == 0) return content.Length;
        var position = content.Length;
        if (position > 0 && content[position - 1] == '\n') position--;
        for (var left = lines; position > 0; position--)
            if (content[position - 1] == '\n' && --left == 0) break;
        return position;
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
        foreach (var (length, at) in times)
            if (length >= end) return at;
        return File.GetLastWriteTimeUtc(LogPath);
    }
}
