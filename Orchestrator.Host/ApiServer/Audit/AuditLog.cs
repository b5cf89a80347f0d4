using System.Globalization;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;

namespace Orchestrator.Host.ApiServer.Audit;

/// <summary>Where audit events go.</summary>
/// <param name="Path">A file, or <c>-</c> for standard output.</param>
/// <param name="BytesMax">A file that has grown larger is put aside; 0 lets it grow.</param>
/// <param name="BackupsMax">How many files that were put aside are kept; 0 keeps all.</param>
public sealed record AuditTarget(string Path, AuditPolicy Policy, long BytesMax, int BackupsMax)
{
    /// <summary>Opens the file, to be added to.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be opened.</exception>
    public FileStream OpenFile()
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 64 * 1024 };
        // Audit events tell who did what.
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(Path, options);
    }

    /// <summary>Makes sure that the file can be opened.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be opened.</exception>
    public void RequireWritable()
    {
        if (Path != "-") OpenFile().Dispose();
    }
}

/// <summary>Writes audit events, a line each, in batches. When the disk is slower than the requests, requests wait: none goes unrecorded.</summary>
public sealed partial class AuditLog : IAsyncDisposable
{
    private const int WaitingMax = 10_000;

    private readonly AuditTarget _target;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Channel<byte[]> _events = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(WaitingMax) { SingleReader = true });
    private readonly Task _writing;
    private Stream _stream;
    private long _written;

    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be opened.</exception>
    public AuditLog(AuditTarget target, TimeProvider clock, ILogger logger)
    {
        _target = target;
        _clock = clock;
        _logger = logger;
        _stream = Open();
        _writing = Task.Run(WriteAsync);
    }

    public AuditPolicy Policy => _target.Policy;

    /// <summary>How many events were recorded.</summary>
    public long Count { get; private set; }

    /// <summary>The id under which a request is recorded: its own where it brings one, so that a call through several servers is one.</summary>
    public static string IdOf(IHeaderDictionary headers) =>
        headers.TryGetValue("Audit-ID", out var given) && given.ToString() is { Length: > 0 and <= 64 } id && !id.Any(char.IsControl) ? id : RandomIdentitySource.RandomUid();

    /// <summary>Begins the record of a request.</summary>
    /// <param name="user">Who asks; null when nobody knows.</param>
    /// <param name="effective">In whose name; null when that was refused.</param>
    public async ValueTask BeginAsync(HttpContext context, string id, RequestInfo request, UserInfo? user, UserInfo? effective)
    {
        var decision = Policy.Decide(user, request);
        if (decision.Level == AuditLevel.None) return;
        var record = new AuditRecord(id, request, decision, _clock.GetUtcNow()) { User = user, Impersonated = ReferenceEquals(user, effective) ? null : effective };
        context.Features.Set(record);
        await AddAsync(record.At("RequestReceived", context, _clock.GetUtcNow())).ConfigureAwait(false);
        if (request.IsLongRunning)
            context.Response.OnStarting(() => AddAsync(record.At("ResponseStarted", context, _clock.GetUtcNow())).AsTask());
    }

    /// <summary>Ends the record of a request, if there is one.</summary>
    public ValueTask EndAsync(HttpContext context) => context.Features.Get<AuditRecord>() is { } record
        ? AddAsync(record.At("ResponseComplete", context, _clock.GetUtcNow()))
        : ValueTask.CompletedTask;

    private ValueTask AddAsync(byte[]? line) => line is null ? ValueTask.CompletedTask : _events.Writer.WriteAsync(line);

    public async ValueTask DisposeAsync()
    {
        _events.Writer.TryComplete();
        await _writing.ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
    }

    private async Task WriteAsync()
    {
        var reader = _events.Reader;
        while (await reader.WaitToReadAsync().ConfigureAwait(false))
        {
            try
            {
                while (reader.TryRead(out var line))
                {
                    await _stream.WriteAsync(line).ConfigureAwait(false);
                    _written += line.Length;
                    Count++;
                }
                await _stream.FlushAsync().ConfigureAwait(false);
                if (_target.BytesMax > 0 && _written >= _target.BytesMax && _target.Path != "-") await RotateAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A full disk must not stop the cluster; the gap is told where people look for faults.
                LogLoss(_logger, _target.Path, e);
            }
        }
    }

    private Stream Open()
    {
        if (_target.Path == "-") return Console.OpenStandardOutput();
        var stream = _target.OpenFile();
        _written = stream.Length;
        return stream;
    }

    private async Task RotateAsync()
    {
        await _stream.DisposeAsync().ConfigureAwait(false);
        var extension = Path.GetExtension(_target.Path);
        var stem = _target.Path[..^extension.Length];
        var stamp = _clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH-mm-ss.fffffff", CultureInfo.InvariantCulture);
        File.Move(_target.Path, $"{stem}-{stamp}{extension}", overwrite: true);
        _stream = Open();
        if (_target.BackupsMax == 0) return;
        var folder = Path.GetDirectoryName(Path.GetFullPath(_target.Path))!;
        var old = Directory.GetFiles(folder, $"{Path.GetFileName(stem)}-*{extension}").Order(StringComparer.Ordinal).ToArray();
        foreach (var file in old.AsSpan(0, Math.Max(0, old.Length - _target.BackupsMax))) File.Delete(file);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Audit events could not be written to {Path}")]
    private static partial void LogLoss(ILogger logger, string path, Exception exception);
}
