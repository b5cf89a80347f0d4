using Microsoft.AspNetCore.Http;
using Orchestrator.Node.Endpoint.Spdy;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Endpoint;

/// <summary>Which streams a client wants of a command.</summary>
internal readonly record struct CommandStreams(bool Stdin, bool Stdout, bool Stderr, bool Tty)
{
    /// <summary>Reads the query of an exec or attach; null when it asks for nothing. A terminal has no stderr of its own.</summary>
    /// <param name="terminal">Attached to a container that has one, whatever the query says.</param>
    public static CommandStreams? Read(IQueryCollection query, bool terminal)
    {
        var tty = terminal || Flag(query, "tty");
        var wanted = new CommandStreams(
            Flag(query, "stdin") || Flag(query, "input"), Flag(query, "stdout") || Flag(query, "output"),
            (Flag(query, "stderr") || Flag(query, "error")) && !tty, tty);
        return wanted.Stdin || wanted.Stdout || wanted.Stderr ? wanted : null;
    }

    private static bool Flag(IQueryCollection query, string name) => (string?)query[name] is "true" or "1";
}

/// <summary>Serves an exec or attach: connects the client's streams to the work and tells how it ended.</summary>
/// <param name="doing">What the work is, for the message of its failure.</param>
/// <param name="work">Runs with the streams until it ends or the client leaves; its result is an exit code.</param>
internal sealed class RemoteCommand(CommandStreams wanted, string doing, Func<ExecStreams, CancellationToken, Task<int>> work)
{
    private const int Stdin = 0, Stdout = 1, Stderr = 2, Result = 3, Resize = 4;

    /// <summary>How long a client may take to open its streams. Source: kubelet, DefaultStreamCreationTimeout.</summary>
    private static readonly TimeSpan StreamsTimeout = TimeSpan.FromSeconds(30);

    /// <summary>How long a client may take to read the end. Cutting it off earlier would lose what it has not read.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How long a command with a terminal waits for its size, which a client need not send.</summary>
    private static readonly TimeSpan FirstSizeTimeout = TimeSpan.FromMilliseconds(300);

    public Task ServeAsync(HttpContext http, AgreedStream agreed) =>
        agreed.Transport == StreamTransport.Spdy ? ServeSpdyAsync(http, agreed) : ServeChannelsAsync(http, agreed);

    private async Task ServeChannelsAsync(HttpContext http, AgreedStream agreed)
    {
        using var socket = await WebSocketHandshake.AcceptAsync(http, agreed.Protocol).ConfigureAwait(false);
        using var channels = new ChannelSocket(socket, agreed.Transport == StreamTransport.Base64Channels, [.. Inputs()]);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        var reading = ReadAsync(channels.RunAsync(ended.Token), ended);
        try
        {
            // An empty message tells the client that it is connected. Source: kubelet, remotecommand createWebSocketStreams.
            await channels.SendAsync(wanted.Stdout ? (byte)Stdout : wanted.Stderr ? (byte)Stderr : (byte)Result, default, ended.Token).ConfigureAwait(false);
            var status = await RunAsync(
                wanted.Stdin ? channels.Input(Stdin) : null, wanted.Stdout ? channels.Output(Stdout) : null, wanted.Stderr ? channels.Output(Stderr) : null,
                wanted.Tty ? channels.Input(Resize) : null, agreed.Version, ended.Token).ConfigureAwait(false);
            foreach (var channel in Inputs()) channels.Ignore(channel);
            if (status is null) return;
            if (status.Length > 0) await channels.SendAsync(Result, status, ended.Token).ConfigureAwait(false);
            await channels.CloseAsync().ConfigureAwait(false);
            await reading.WaitAsync(CloseTimeout, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client has left.
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The channels that somebody reads. Others would fill up, and then hold up all that comes behind.</summary>
    private IEnumerable<int> Inputs()
    {
        if (wanted.Stdin) yield return Stdin;
        if (wanted.Tty) yield return Resize;
    }

    private async Task ServeSpdyAsync(HttpContext http, AgreedStream agreed)
    {
        var opened = new CommandStreamSet(wanted, agreed.Version);
        var transport = await StreamNegotiation.UpgradeToSpdyAsync(http, agreed.Protocol).ConfigureAwait(false);
        using var connection = new SpdyConnection(transport, opened.Take);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        var reading = ReadAsync(connection.RunAsync(ended.Token), ended);
        try
        {
            await opened.Complete.WaitAsync(StreamsTimeout, ended.Token).ConfigureAwait(false);
            var status = await RunAsync(
                opened["stdin"]?.Input, opened["stdout"]?.Output, opened["stderr"]?.Output, opened["resize"]?.Input, agreed.Version, ended.Token).ConfigureAwait(false);
            foreach (var stream in opened.All) stream.Ignore();
            if (status is null) return;
            await opened["error"]!.Output.WriteAsync(status, ended.Token).ConfigureAwait(false);
            foreach (var stream in opened.All) await stream.CloseAsync().ConfigureAwait(false);
            await connection.GoAwayAsync().ConfigureAwait(false);
            await reading.WaitAsync(CloseTimeout, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or TimeoutException)
        {
            // The client has left, or never said what it wants.
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>What the error stream is to say; null when nobody is left to hear it.</returns>
    private async Task<byte[]?> RunAsync(Stream? stdin, Stream? stdout, Stream? stderr, Stream? resize, int version, CancellationToken cancellationToken)
    {
        var sizes = resize is null ? null : TerminalSizes.NewChannel();
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var resizing = resize is null ? Task.CompletedTask : TerminalSizes.ReadAsync(resize, sizes!.Writer, done.Token);
        try
        {
            // A command may look at the size once, when it begins, and clients send it with their first words.
            if (sizes is not null) await Task.WhenAny(sizes.Reader.WaitToReadAsync(done.Token).AsTask(), Task.Delay(FirstSizeTimeout, done.Token)).ConfigureAwait(false);
            var streams = new ExecStreams { Stdin = stdin, Stdout = stdout, Stderr = stderr, Tty = wanted.Tty, Resizes = sizes?.Reader };
            return RemoteCommandStatus.Exited(await work(streams, cancellationToken).ConfigureAwait(false), version);
        }
        catch (RuntimeFailureException e)
        {
            return RemoteCommandStatus.Failed(doing, e, version);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return null;
        }
        catch (Exception e)
        {
            // A fault of the engine: whoever waits for the command is to hear of it.
            return RemoteCommandStatus.Failed(doing, new RuntimeFailureException("InternalError", e.Message, e), version);
        }
        finally
        {
            await done.CancelAsync().ConfigureAwait(false);
            await resizing.ConfigureAwait(false);
        }
    }

    private static async Task ReadAsync(Task reading, CancellationTokenSource ended)
    {
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ended.CancelAsync().ConfigureAwait(false);
    }
}

/// <summary>The streams of a command over SPDY, as the client opens them one by one.</summary>
internal sealed class CommandStreamSet
{
    private readonly Dictionary<string, SpdyStream?> _streams = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _missing;

    public CommandStreamSet(CommandStreams wanted, int version)
    {
        foreach (var (name, expected) in (ReadOnlySpan<(string, bool)>)
                 [("error", true), ("stdin", wanted.Stdin), ("stdout", wanted.Stdout), ("stderr", wanted.Stderr), ("resize", wanted.Tty && version >= 3)])
            if (expected) _streams[name] = null;
        _missing = _streams.Count;
    }

    /// <summary>Ends when all are there that were asked for.</summary>
    public Task Complete => _complete.Task;

    public IEnumerable<SpdyStream> All => _streams.Values.OfType<SpdyStream>();

    public SpdyStream? this[string name] => _streams.GetValueOrDefault(name);

    /// <summary>Takes a stream by its header, each once.</summary>
    public SpdyResetStatus? Take(SpdyStream stream)
    {
        var name = stream.Header("streamType");
        if (!_streams.TryGetValue(name, out var taken) || taken is not null) return SpdyResetStatus.RefusedStream;
        _streams[name] = stream;
        if (--_missing == 0) _complete.TrySetResult();
        return null;
    }
}
