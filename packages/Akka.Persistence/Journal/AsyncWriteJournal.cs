using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Persistence.Journal;

/// <summary>Reads the events of an id.</summary>
public interface IAsyncRecovery
{
    /// <summary>
    /// Calls back with each stored event within the inclusive bounds, in order and not more than <paramref name="max"/> of them.
    /// The callback may come on any thread.
    /// </summary>
    Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback);

    /// <summary>The highest sequence number ever written, also of deleted events; 0 for none.</summary>
    Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr);
}

/// <summary>Base of journals that write without blocking the actor.</summary>
/// <remarks>
/// Answers go out when a write ends. A persistent actor has one write under way and the next one waiting, so its answers are in
/// order; writes of different actors do not wait for each other.
/// </remarks>
public abstract class AsyncWriteJournal : WriteJournalBase, IAsyncRecovery
{
    /// <summary>True when the journal's requests are published on the event stream (for tests).</summary>
    protected readonly bool CanPublish;

    private readonly Config _config;
    private readonly PluginBreaker _breaker;
    private readonly ILoggingAdapter _log;
    private readonly ReplayFilterMode _filterMode;
    private readonly TimeSpan _recoveryTimeout;

    /// <summary>Reads the plugin's configuration.</summary>
    protected AsyncWriteJournal()
    {
        _config = Persistence.Instance.Apply(Context.System).ConfigOf(Self);
        _log = Logging.GetLogger(Context);
        _breaker = new PluginBreaker(_config, IsOutage);
        _filterMode = ReplayFilter.ModeOf(_config);
        _recoveryTimeout = _config.GetTimeSpan("recovery-event-timeout", TimeSpan.FromSeconds(30));
        CanPublish = Context.System.Settings.Config.GetBoolean("akka.persistence.publish-plugin-commands");
    }

    /// <inheritdoc/>
    public abstract Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback);

    /// <inheritdoc/>
    public abstract Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr);

    /// <summary>
    /// Writes. The task fails when the write failed or its outcome is unknown. Otherwise its result is null or empty when all
    /// was written, or has an entry per atomic write: null when written, an exception when refused.
    /// </summary>
    protected abstract Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages);

    /// <summary>Deletes the events up to and including a sequence number.</summary>
    protected abstract Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr);

    /// <summary>Handles messages of the plugin's own.</summary>
    protected virtual bool ReceivePluginInternal(object message) => false;

    /// <inheritdoc/>
    protected sealed override bool Receive(object message) => ReceiveWriteJournal(message) || ReceivePluginInternal(message);

    /// <summary>Handles the journal protocol; false for anything else.</summary>
    protected bool ReceiveWriteJournal(object message)
    {
        switch (message)
        {
            case WriteMessages write:
                _ = WriteInTurn(write, Self);
                return true;
            case WriteTurn waited:
                _ = Write(waited.Request, waited.Turn, Self);
                return true;
            case ReplayMessages replay:
                _ = Replay(replay, Context, Self);
                return true;
            case DeleteMessagesTo delete:
                _ = Delete(delete, Context.System.EventStream, Self);
                return true;
            default:
                return false;
        }
    }

    /// <summary>The error itself where it came wrapped.</summary>
    protected static Exception TryUnwrapException(Exception e)
    {
        while (e is AggregateException { InnerExceptions.Count: 1 } aggregate) e = aggregate.InnerException!;
        return e;
    }

    /// <summary>False for errors that are an answer to one request and say nothing about the journal's health.</summary>
    internal virtual bool IsOutage(Exception error) => true;

    /// <summary>As <see cref="ReplayMessagesAsync"/>; a plugin that reads in pages waits between them for room in the flow.</summary>
    internal virtual Task ReplayInPagesAsync(
        IActorContext context, ReplayMessages request, long toSequenceNr, TimeSpan timeout, Action<IPersistentRepresentation> callback) =>
        ReplayMessagesAsync(context, request.PersistenceId, request.FromSequenceNr, toSequenceNr, request.Max, callback);

    /// <summary>True where <see cref="WriteMessagesAsync"/> may be called on any thread, and for several actors at once.</summary>
    internal virtual bool WritesOnAnyThread => false;

    private async Task WriteInTurn(WriteMessages message, IActorRef self)
    {
        var before = message.Writer.Enter(out var turn);
        if (!before.IsCompleted)
        {
            await before.ConfigureAwait(false);
            if (!WritesOnAnyThread)
            {
                self.Tell(new WriteTurn(message, turn), ActorRefs.NoSender);
                return;
            }
        }
        await Write(message, turn, self).ConfigureAwait(false);
    }

    private async Task Write(WriteMessages message, TaskCompletionSource turn, IActorRef self)
    {
        await Write(message, self).ConfigureAwait(false);
        turn.SetResult();
    }

    private async Task Write(WriteMessages message, IActorRef self)
    {
        var messages = message.Messages;
        var size = 0;
        foreach (var envelope in messages) size += envelope is AtomicWrite ? envelope.Size : 0;
        IImmutableList<Exception>? rejections = null;
        try
        {
            if (message.Writer.Failure is { } earlier)
                throw new InvalidOperationException($"not written, since an earlier write of the same actor failed: {earlier.Message}", earlier);
            // Serialization happens in here, before the first wait.
            var writes = PreparePersistentBatch(messages);
            if (size > 0) rejections = await _breaker.Run(() => WriteMessagesAsync(writes)).ConfigureAwait(false);
            if (rejections is { Count: > 0 } && rejections.Count != writes.Count())
            {
                throw new InvalidOperationException(
                    $"WriteMessagesAsync must return as many results as there are writes ({writes.Count()}), but returned {rejections.Count}");
            }
        }
        catch (Exception e)
        {
            var cause = TryUnwrapException(e);
            message.Writer.Failure ??= cause;
            Answers.Failed(message, cause, size, self);
            return;
        }
        Answers.Written(message, rejections, self);
    }

    private async Task Replay(ReplayMessages message, IActorContext context, IActorRef self)
    {
        var target = message.PersistentActor;
        try
        {
            var highest = await _breaker.Run(() => ReadHighestSequenceNrAsync(message.PersistenceId, Math.Max(0, message.FromSequenceNr - 1)))
                .ConfigureAwait(false);
            var to = Math.Min(message.ToSequenceNr, highest);
            if (to > 0 && message.FromSequenceNr <= to && message.Max > 0)
            {
                var sink = new ReplaySink(message, self);
                Action<IPersistentRepresentation> deliver = AdaptsNothing ? sink.Add : p =>
                {
                    foreach (var adapted in AdaptFromJournal(p)) sink.Add(adapted);
                };
                if (_filterMode == ReplayFilterMode.Off)
                {
                    await ReplayInPagesAsync(context, message, to, _recoveryTimeout, p => Undeleted(p, deliver)).ConfigureAwait(false);
                }
                else
                {
                    var filter = new ReplayFilter(_config, _log, deliver);
                    await ReplayInPagesAsync(context, message, to, _recoveryTimeout, p => Undeleted(p, filter.Add)).ConfigureAwait(false);
                    filter.Complete();
                }
                sink.Flush();
            }
            target.Tell(new RecoverySuccess(highest), self);
        }
        catch (Exception e)
        {
            target.Tell(new ReplayMessagesFailure(TryUnwrapException(e)), self);
        }
    }

    private static void Undeleted(IPersistentRepresentation persistent, Action<IPersistentRepresentation> next)
    {
        if (!persistent.IsDeleted) next(persistent);
    }

    private async Task Delete(DeleteMessagesTo message, EventStream events, IActorRef self)
    {
        try
        {
            await _breaker.Run(() => DeleteMessagesToAsync(message.PersistenceId, message.ToSequenceNr)).ConfigureAwait(false);
            message.PersistentActor.Tell(new DeleteMessagesSuccess(message.ToSequenceNr), self);
            if (CanPublish) events.Publish(message);
        }
        catch (Exception e)
        {
            message.PersistentActor.Tell(new DeleteMessagesFailure(TryUnwrapException(e), message.ToSequenceNr), self);
        }
    }

    /// <summary>A request whose turn has come, on its way back to the journal's own thread.</summary>
    private sealed record WriteTurn(WriteMessages Request, TaskCompletionSource Turn) : INoSerializationVerificationNeeded;
}
