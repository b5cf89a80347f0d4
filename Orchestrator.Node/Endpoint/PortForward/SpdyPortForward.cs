using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Orchestrator.Node.Endpoint.Spdy;

namespace Orchestrator.Node.Endpoint.PortForward;

/// <summary>Port-forward over SPDY: two streams for each connection, one for its bytes and one for its error.</summary>
/// <remarks>Source: k8s.io/kubelet, cri/streaming/portforward httpStreamHandler.</remarks>
internal sealed class SpdyPortForward(PortForwarding forwarding, TimeProvider clock)
{
    /// <summary>How long the second stream of a connection may be missing. Source: kubelet, DefaultStreamCreationTimeout.</summary>
    private static readonly TimeSpan PairTimeout = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Pair> _pairs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, byte> _running = new();
    private CancellationToken _ended;

    /// <summary>Serves until the client has gone and every connection of it has ended.</summary>
    public async Task ServeAsync(Stream transport, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _ended = ended.Token;
        using var connection = new SpdyConnection(transport, Take);
        await connection.RunAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ended.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_running.Keys).ConfigureAwait(false);
    }

    private SpdyResetStatus? Take(SpdyStream stream)
    {
        var type = stream.Header("streamType");
        if (type is not ("error" or "data") || !ushort.TryParse(stream.Header("port"), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
            return SpdyResetStatus.Cancel;
        // The first clients sent no id of the connection: they opened the error's stream, and the data's right after it.
        var id = stream.Header("requestID") is { Length: > 0 } given ? given : (type == "error" ? stream.Id : stream.Id - 2).ToString(CultureInfo.InvariantCulture);
        var pair = _pairs.GetOrAdd(id, static key => new Pair(key));
        if (!pair.Add(type, stream)) Run(ComplainAsync(pair, stream, $"error processing stream for request {id}: {type} stream already assigned"));
        else if (pair is { Data: not null, Error: not null }) Run(CarryAsync(pair, port));
        else Run(AwaitPairAsync(pair));
        return null;
    }

    private void Run(Task task)
    {
        _running[task] = 0;
        _ = task.ContinueWith(t => _running.TryRemove(t, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task AwaitPairAsync(Pair pair)
    {
        await Task.Yield();
        try
        {
            await pair.Complete.Task.WaitAsync(PairTimeout, clock, _ended).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            if (_pairs.TryRemove(pair.Id, out _)) await EndAsync(pair, $"(request={pair.Id}) timed out waiting for streams").ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The client has gone.
        }
    }

    private static async Task ComplainAsync(Pair pair, SpdyStream stream, string why)
    {
        await Task.Yield();
        await stream.ResetAsync(SpdyResetStatus.Cancel).AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (pair.Error is { } error) await WriteAsync(error, why).ConfigureAwait(false);
    }

    private async Task CarryAsync(Pair pair, int port)
    {
        await Task.Yield();
        pair.Complete.TrySetResult();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_ended, pair.Data!.Reset);
        string? fault = null;
        try
        {
            fault = await forwarding.CarryAsync(port, pair.Data.Input, pair.Data.Output, FinishAsync, halfClosed: true, ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The client gave up before the pod had answered.
        }
        _pairs.TryRemove(pair.Id, out _);
        await EndAsync(pair, fault).ConfigureAwait(false);

        async ValueTask FinishAsync()
        {
            // A client may wait for the end of the error before it ends its own side.
            await CloseAsync(pair.Data).ConfigureAwait(false);
            await CloseAsync(pair.Error!).ConfigureAwait(false);
        }
    }

    private static async Task EndAsync(Pair pair, string? fault)
    {
        if (fault is not null && pair.Error is { } error) await WriteAsync(error, fault).ConfigureAwait(false);
        foreach (var stream in (SpdyStream?[])[pair.Error, pair.Data])
        {
            if (stream is null) continue;
            stream.Ignore();
            await CloseAsync(stream).ConfigureAwait(false);
        }
    }

    private static async Task WriteAsync(SpdyStream error, string message)
    {
        try
        {
            await error.Output.WriteAsync(Encoding.UTF8.GetBytes(message)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody is left to read it.
        }
    }

    private static async Task CloseAsync(SpdyStream stream)
    {
        try
        {
            await stream.CloseAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The connection has gone, and the stream with it.
        }
    }

    private sealed class Pair(string id)
    {
        public string Id { get; } = id;

        public SpdyStream? Data { get; private set; }

        public SpdyStream? Error { get; private set; }

        public TaskCompletionSource Complete { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Called on the connection's reading loop only.</summary>
        public bool Add(string type, SpdyStream stream)
        {
            if ((type == "data" ? Data : Error) is not null) return false;
            if (type == "data") Data = stream;
            else Error = stream;
            return true;
        }
    }
}
