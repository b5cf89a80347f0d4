using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Tables;
using Orchestrator.Node.Endpoint;

namespace Orchestrator.Host.ApiServer;

/// <summary>A watch: a cursor over the log of a type, written to the client as fast as it takes it.</summary>
public sealed class WatchEndpoint(ConsistentReads reads, Representations representations, Func<SchemaCatalog> catalog, Metrics metrics, TimeProvider clock, CancellationToken stopping)
{
    /// <summary>How often a client that allows it is told the version. Source: k8s.io/apiserver, cacher bookmarkFrequency.</summary>
    private static readonly TimeSpan BookmarkEvery = TimeSpan.FromMinutes(1);

    /// <summary>Shortest life of a watch that asks for none; the longest is twice that. Source: kube-apiserver, min-request-timeout.</summary>
    private const int LifetimeMinSeconds = 1800;

    /// <summary>How many objects of the initial state are looked at between two flushes (count).</summary>
    private const int FlushEvery = 64;

    private static readonly Task<long> Never = new TaskCompletionSource<long>().Task;

    private readonly ConsistentReads _reads = reads;
    private readonly Representations _representations = representations;
    private readonly Func<SchemaCatalog> _catalog = catalog;
    private readonly TimeProvider _clock = clock;
    private readonly Metrics _metrics = metrics;

    public async Task HandleAsync(HttpContext context, RequestInfo request, ResourceSchema schema)
    {
        var format = Negotiation.Choose(context.Request.Headers.Accept.ToString(), f => Representations.Offers(f, schema, list: false));
        if (format is null || format.Encoding == MediaEncoding.Yaml)
        {
            await StatusWriter.WriteAsync(context, Representations.NotAcceptableAsStream).ConfigureAwait(false);
            return;
        }
        var (options, error) = ListOptions.Read(schema, request, context.Request.Query);
        var rows = RowObject.Metadata;
        if (error is null && format.Projection == Projection.Table && !TableWriter.TryParse(context.Request.Query["includeObject"], out rows)) error = Representations.BadInclude(context);
        if (error is not null)
        {
            await StatusWriter.WriteAsync(context, error).ConfigureAwait(false);
            return;
        }
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            if (WebSocketHandshake.IsRequested(context.Request))
            {
                await RunOverSocketAsync(context, output => new Stream(this, context, output, schema, format, options!, request.Namespace, rows), format, ending.Token).ConfigureAwait(false);
                return;
            }
            var stream = new Stream(this, context, context.Response.BodyWriter, schema, format, options!, request.Namespace, rows);
            await stream.StartAsync(ending.Token).ConfigureAwait(false);
            await stream.RunAsync(ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client has gone or the server stops; the end of the body tells the rest.
        }
        finally
        {
            // Lets go of the pulse that the cursor may still wait for.
            await ending.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Browsers watch so: they can read no endless answer, and each event comes as one message.</summary>
    private static async Task RunOverSocketAsync(HttpContext context, Func<PipeWriter, Stream> watch, MediaFormat format, CancellationToken cancellationToken)
    {
        using var socket = (await MessageSocket.TryAcceptAsync(context, cancellationToken).ConfigureAwait(false))!;
        var events = new Pipe(new PipeOptions(useSynchronizationContext: false));
        var sending = socket.SendEventsAsync(events.Reader, delimited: format.Encoding == MediaEncoding.Protobuf);
        try
        {
            await watch(events.Writer).RunAsync(socket.Left).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (socket.Left.IsCancellationRequested)
        {
            // The client has gone.
        }
        finally
        {
            await events.Writer.CompleteAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(false);
        }
    }

    private sealed class Stream(
        WatchEndpoint owner, HttpContext context, PipeWriter output, ResourceSchema schema, MediaFormat format, ListOptions options, string ns, RowObject rows)
    {
        private readonly PipeWriter _output = output;
        private readonly StrongBox<long> _told = owner._metrics.WatchEventsOf(schema);
        private bool _headings = true;

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            var now = owner._clock.GetUtcNow();
            var end = now.AddSeconds(options.TimeoutSeconds is { } asked and not 0 ? asked : LifetimeMinSeconds + Random.Shared.Next(LifetimeMinSeconds));
            // A version that is yet to come may be waited for longer than the watch is to last.
            using var lasting = new CancellationTokenSource(TimeSpan.FromTicks(Math.Clamp((end - now).Ticks, 0, TimeSpan.TicksPerDay)), owner._clock);
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lasting.Token);
            WatchCursor? cursor;
            try
            {
                cursor = await FindStartAsync(waiting.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (lasting.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                return;
            }
            if (cursor is null) return;
            await FollowAsync(cursor, end, cancellationToken).ConfigureAwait(false);
        }

        /// <summary>Clients wait for the head of the answer before they believe that they watch.</summary>
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            var response = context.Response;
            response.ContentType = format.Encoding == MediaEncoding.Protobuf ? MediaFormat.ProtobufType + ";stream=watch" : MediaFormat.JsonType;
            response.Headers.CacheControl = "no-cache, private";
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            await response.StartAsync(cancellationToken).ConfigureAwait(false);
            await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        /// <summary>Writes the state at the start where it is wanted, and returns the cursor behind it.</summary>
        private async Task<WatchCursor?> FindStartAsync(CancellationToken cancellationToken)
        {
            var initial = options.SendInitialEvents ?? options.Revision is null or 0;
            var (informer, error) = await owner._reads.AtLeastAsync(schema.StoredAs, options.Revision, cancellationToken).ConfigureAwait(false);
            if (informer is null)
            {
                await FailAsync(error!, cancellationToken).ConfigureAwait(false);
                return null;
            }
            var objects = informer.Objects;
            if (!initial) return informer.Watch(options.Revision is > 0 ? options.Revision.Value : objects.Revision, withPrevious: !options.Selection.IsEverything);

            foreach (var batch in (ns.Length > 0 ? objects.InNamespace(ns) : objects.EnumerateFrom()).Chunk(schema.Conversion is null ? FlushEvery : CustomResourceConverter.BatchMax))
            {
                var (shown, unconverted) = await owner._representations.ShowAsync(schema, batch, cancellationToken).ConfigureAwait(false);
                if (unconverted is not null)
                {
                    await FailAsync(ApiError.Internal(unconverted.Message), cancellationToken).ConfigureAwait(false);
                    return null;
                }
                var any = false;
                foreach (var o in shown)
                {
                    if (!options.Selection.Matches(o)) continue;
                    Write("ADDED", o);
                    any = true;
                }
                if (any) await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
            if (options.SendInitialEvents == true && options.AllowBookmarks) Representations.WriteBookmark(_output, schema, format, objects.Revision, endOfInitial: true);
            await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
            return informer.Watch(objects.Revision, withPrevious: !options.Selection.IsEverything);
        }

        private async Task FollowAsync(WatchCursor cursor, DateTimeOffset end, CancellationToken cancellationToken)
        {
            using var timer = new Ticker(owner._clock);
            var bookmarkAt = owner._clock.GetUtcNow() + BookmarkEvery;
            var bookmarked = cursor.Position;
            var next = cursor.NextAsync(cancellationToken).AsTask();
            var redefined = schema.IsCustom ? RedefinedAsync(cancellationToken) : Never;
            while (true)
            {
                if (!next.IsCompleted)
                {
                    var tick = timer.At(options.AllowBookmarks && bookmarkAt < end ? bookmarkAt : end);
                    await Task.WhenAny(next, tick, redefined).ConfigureAwait(false);
                    if (!next.IsCompleted && redefined.IsCompleted && cursor.Position >= await redefined.ConfigureAwait(false)) return;
                }
                if (next.IsCompleted)
                {
                    if (await next.ConfigureAwait(false) is not { } changes)
                    {
                        var oldest = await cursor.OldestAsync(cancellationToken).ConfigureAwait(false);
                        await FailAsync(ApiError.Expired($"too old resource version: {cursor.Position} ({oldest})"), cancellationToken).ConfigureAwait(false);
                        return;
                    }
                    var (seen, unconverted) = await ShowAsync(changes, cancellationToken).ConfigureAwait(false);
                    if (unconverted is not null)
                    {
                        await FailAsync(ApiError.Internal(unconverted.Message), cancellationToken).ConfigureAwait(false);
                        return;
                    }
                    if (WriteChanges(seen)) await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
                    next = cursor.NextAsync(cancellationToken).AsTask();
                }
                var now = owner._clock.GetUtcNow();
                // Bookmarks name what was given, and nothing while something is still to be given.
                if (options.AllowBookmarks && !next.IsCompleted && (now >= bookmarkAt || now >= end))
                {
                    bookmarkAt = now + BookmarkEvery;
                    if (cursor.Position > 0 && (cursor.Position != bookmarked || now < end))
                    {
                        bookmarked = cursor.Position;
                        Representations.WriteBookmark(_output, schema, format, cursor.Position, endOfInitial: false);
                        await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
                    }
                }
                if (now >= end) return;
            }
        }

        /// <summary>Ends when the definition says something else than when the watch began, or is gone; the client then watches anew.</summary>
        /// <returns>The version up to which the watch is still to tell: with a definition all its objects go, and that is told first.</returns>
        private async Task<long> RedefinedAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                var catalog = owner._catalog();
                if (!ReferenceEquals(catalog.Find(schema.Group, schema.Version, schema.Plural), schema)) break;
                await catalog.Replaced.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            return (await owner._reads.Registries.ConsistentAsync(schema.StoredAs, cancellationToken).ConfigureAwait(false)).Objects.Revision;
        }

        /// <summary>Changes in the version of the request: a webhook is asked once about all of them.</summary>
        private async ValueTask<(IReadOnlyList<ObjectChange> Changes, ApiError? Error)> ShowAsync(IReadOnlyList<ObjectChange> changes, CancellationToken cancellationToken)
        {
            if (!ObjectConversion.IsReadAnew(schema)) return (changes, null);
            var own = changes.Where(c => ns.Length == 0 || c.Object.Key.Namespace == ns).ToList();
            var states = own.Select(static c => c.Object).Concat(own.Select(static c => c.Previous).OfType<StoredObject>()).ToList();
            var (shown, error) = await owner._representations.ShowAsync(schema, states, cancellationToken).ConfigureAwait(false);
            if (error is not null) return ([], error);
            var previous = own.Count;
            return ([.. own.Select((c, i) => c with { Object = shown[i], Previous = c.Previous is null ? null : shown[previous++] })], null);
        }

        private bool WriteChanges(IReadOnlyList<ObjectChange> changes)
        {
            var any = false;
            foreach (var change in changes)
            {
                if (ns.Length > 0 && change.Object.Key.Namespace != ns) continue;
                var (type, o) = EventOf(change);
                if (type is null) continue;
                Write(type, o);
                any = true;
            }
            return any;
        }

        /// <summary>What a change means to someone who sees only what is selected: crossing the line is a birth or a death.</summary>
        private (string? Type, StoredObject Object) EventOf(ObjectChange change)
        {
            var o = change.Object;
            if (options.Selection.IsEverything)
                return (change.Kind switch { ChangeKind.Added => "ADDED", ChangeKind.Modified => "MODIFIED", _ => "DELETED" }, o);
            var selected = options.Selection.Matches(o);
            if (change.Kind == ChangeKind.Added) return (selected ? "ADDED" : null, o);
            // What is read from the journal may not know what it replaced; telling of an unknown death does no harm.
            var was = change.Previous is not { } previous || options.Selection.Matches(previous);
            if (change.Kind == ChangeKind.Deleted) return (was && (change.Previous is not null || selected) ? "DELETED" : null, o);
            if (selected) return (was ? "MODIFIED" : "ADDED", o);
            return was ? ("DELETED", change.Previous is { } last ? ObjectSplice.WithRevision(last, o.Revision) : o) : (null, o);
        }

        private void Write(string type, StoredObject o)
        {
            owner._representations.WriteEvent(_output, schema, format, type, o, rows, _headings);
            _headings = false;
            Interlocked.Increment(ref _told.Value);
        }

        private async Task FailAsync(ApiError error, CancellationToken cancellationToken)
        {
            Representations.WriteError(_output, owner._catalog(), format, error);
            await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>One timer of a long-lived request, set again and again.</summary>
internal sealed class Ticker : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private TaskCompletionSource _tick = New();
    private DateTimeOffset _at;

    public Ticker(TimeProvider clock)
    {
        _clock = clock;
        _timer = clock.CreateTimer(static state => Volatile.Read(ref ((Ticker)state!)._tick).TrySetResult(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Completes at the given time; the same task while the time stays the same.</summary>
    public Task At(DateTimeOffset time)
    {
        if (time == _at && !_tick.Task.IsCompleted) return _tick.Task;
        _at = time;
        if (_tick.Task.IsCompleted) Volatile.Write(ref _tick, New());
        var wait = time - _clock.GetUtcNow();
        _timer.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        return _tick.Task;
    }

    public void Dispose() => _timer.Dispose();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
