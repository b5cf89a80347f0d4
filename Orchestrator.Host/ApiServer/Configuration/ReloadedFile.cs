using Microsoft.Extensions.Logging;

namespace Orchestrator.Host.ApiServer.Configuration;

/// <summary>Reads a configuration file again when its content changes. What is wrong is told and counted, and what was before stays in use.</summary>
/// <remarks>The content is compared, not the time of the file or its place: a mounted ConfigMap changes by a symbolic link far above it.</remarks>
/// <param name="path">Of the file.</param>
/// <param name="initial">What it was when the server started.</param>
/// <param name="apply">Puts a content to use; a <see cref="FormatException"/> says that it never will be of use, a <see cref="TimeoutException"/> that it may be later.</param>
/// <param name="counts">Counts what became of it.</param>
/// <param name="clock">The time.</param>
/// <param name="logger">Is told what is wrong.</param>
public sealed partial class ReloadedFile(
    string path, byte[] initial, Func<byte[], CancellationToken, Task> apply, ReloadCounts counts, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    /// <summary>How often the file is looked at. Upstream is told of changes by the system, and looks once a minute besides.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stopping = new();
    private byte[] _seen = initial;
    private Task _running = Task.CompletedTask;

    public ReloadCounts Counts => counts;

    /// <summary>Looks at the file from now on.</summary>
    public void Start() => _running = RunAsync(_stopping.Token);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stopping.Dispose();
    }

    /// <summary>Looks at the file once. Not for use by two threads at once.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            var content = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
            if (content.AsSpan().SequenceEqual(_seen)) return;
            try
            {
                await apply(content, cancellationToken).ConfigureAwait(false);
            }
            catch (FormatException)
            {
                // It is looked at again once it is another.
                _seen = content;
                throw;
            }
            _seen = content;
            counts.Add(success: true, clock.GetUtcNow());
        }
        catch (Exception e) when (e is FormatException or TimeoutException or IOException or UnauthorizedAccessException)
        {
            counts.Add(success: false, clock.GetUtcNow());
            LogFault(logger, path, e.Message);
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false)) await CheckAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} cannot be used, and what it was before stays in use: {Fault}")]
    private static partial void LogFault(ILogger logger, string path, string fault);
}
