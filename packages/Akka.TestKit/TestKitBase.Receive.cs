using System.Collections;
using System.Runtime.CompilerServices;
using Akka.Actor;

namespace Akka.TestKit;

public abstract partial class TestKitBase
{
    internal object LastMessage => _last.Message;

    public object ReceiveOne(TimeSpan? max = null, CancellationToken cancellationToken = default) => Take(RemainingOrDilated(max), cancellationToken)?.Message;

    public virtual async ValueTask<object> ReceiveOneAsync(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        (await TakeAsync(RemainingOrDilated(max), cancellationToken).ConfigureAwait(false))?.Message;

    public bool TryReceiveOne(out MessageEnvelope envelope, TimeSpan? max = null, CancellationToken cancellationToken = default)
    {
        envelope = Take(RemainingOrDilated(max), cancellationToken);
        return envelope is not null;
    }

    public async ValueTask<(bool success, MessageEnvelope envelope)> TryReceiveOneAsync(TimeSpan? max, CancellationToken cancellationToken = default)
    {
        var envelope = await TakeAsync(RemainingOrDilated(max), cancellationToken).ConfigureAwait(false);
        return (envelope is not null, envelope);
    }

    /// <summary>The next message, which stays in the queue; null when none came in time.</summary>
    public object PeekOne(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        Wait(_queue.TakeAsync(RemainingOrDilated(max), remove: false, cancellationToken))?.Message;

    public async ValueTask<object> PeekOneAsync(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        (await _queue.TakeAsync(RemainingOrDilated(max), remove: false, cancellationToken).ConfigureAwait(false))?.Message;

    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, CancellationToken cancellationToken = default) =>
        ReceiveCount(numberOfMessages, RemainingOrDefault, cancellationToken).GetAwaiter().GetResult();

    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, TimeSpan max, CancellationToken cancellationToken = default) =>
        ReceiveCount(numberOfMessages, RemainingOrDilated(max), cancellationToken).GetAwaiter().GetResult();

    public virtual IAsyncEnumerable<object> ReceiveNAsync(int numberOfMessages, CancellationToken cancellationToken = default) =>
        Later(ReceiveCount, numberOfMessages, null, cancellationToken);

    public virtual IAsyncEnumerable<object> ReceiveNAsync(int numberOfMessages, TimeSpan max, CancellationToken cancellationToken = default) =>
        Later(ReceiveCount, numberOfMessages, max, cancellationToken);

    /// <summary>Receives until the filter gives null, which leaves that message in the queue, or the time is over.</summary>
    /// <param name="idle">Longest time between two messages; no limit by default.</param>
    public IReadOnlyList<T> ReceiveWhile<T>(
        Func<object, T> filter, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class => ReceiveFiltered(filter, max, idle, msgs, cancellationToken).GetAwaiter().GetResult();

    public IReadOnlyList<T> ReceiveWhile<T>(TimeSpan? max, Func<object, T> filter, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class => ReceiveWhile(filter, max, null, msgs, cancellationToken);

    public IReadOnlyList<T> ReceiveWhile<T>(
        TimeSpan? max, TimeSpan? idle, Func<object, T> filter, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class => ReceiveWhile(filter, max, idle, msgs, cancellationToken);

    public IReadOnlyList<T> ReceiveWhile<T>(
        Predicate<T> shouldContinue, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue, bool shouldIgnoreOtherMessageTypes = true,
        CancellationToken cancellationToken = default)
        where T : class =>
        ReceivePredicate(shouldContinue, max, idle, msgs, shouldIgnoreOtherMessageTypes, cancellationToken).GetAwaiter().GetResult();

    public virtual async IAsyncEnumerable<T> ReceiveWhileAsync<T>(
        Func<object, T> filter, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : class
    {
        foreach (var message in await ReceiveFiltered(filter, max, idle, msgs, cancellationToken)) yield return message;
    }

    public virtual async IAsyncEnumerable<T> ReceiveWhileAsync<T>(
        Predicate<T> shouldContinue, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue, bool shouldIgnoreOtherMessageTypes = true,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : class
    {
        foreach (var message in await ReceivePredicate(shouldContinue, max, idle, msgs, shouldIgnoreOtherMessageTypes, cancellationToken)) yield return message;
    }

    public object FishForMessage(Predicate<object> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessage<object>(isMessage, max, hint, cancellationToken);

    public T FishForMessage<T>(Predicate<T> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessage(isMessage, null, max, hint, cancellationToken);

    public T FishForMessage<T>(Predicate<T> isMessage, ArrayList allMessages, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessageAsync(isMessage, allMessages, max, hint, cancellationToken).AsTask().GetAwaiter().GetResult();

    public virtual ValueTask<object> FishForMessageAsync(
        Predicate<object> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessageAsync<object>(isMessage, null, max, hint, cancellationToken);

    public virtual ValueTask<T> FishForMessageAsync<T>(
        Predicate<T> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessageAsync(isMessage, null, max, hint, cancellationToken);

    /// <summary>Drops messages until one fits; what came before it goes to <paramref name="allMessages"/>.</summary>
    public virtual async ValueTask<T> FishForMessageAsync<T>(
        Predicate<T> isMessage, ArrayList allMessages, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default)
    {
        var wait = RemainingOrDilated(max);
        var end = EndOf(wait);
        allMessages?.Clear();
        while (true)
        {
            var envelope = await TakeAsync(Left(end), cancellationToken).ConfigureAwait(false);
            if (envelope is null) _assertions.Fail($"Timeout ({wait}) during FishForMessage of {typeof(T)}{Hint(hint)}");
            if (envelope.Message is T message && isMessage(message)) return message;
            allMessages?.Add(envelope.Message);
        }
    }

    public async Task FishUntilMessageAsync<T>(TimeSpan? max = null, string hint = null, CancellationToken cancellationToken = default) =>
        await FishForMessageAsync<T>(_ => true, null, max, hint, cancellationToken).ConfigureAwait(false);

    /// <summary>Waits until no message came for a while; gives the messages that came before.</summary>
    public async Task<ArrayList> WaitForRadioSilenceAsync(TimeSpan? max = null, uint? maxMessages = null, CancellationToken cancellationToken = default)
    {
        var messages = new ArrayList();
        while (await TakeAsync(RemainingOrDilated(max), cancellationToken).ConfigureAwait(false) is { } envelope)
        {
            messages.Add(envelope.Message);
            if (messages.Count > maxMessages) _assertions.Fail($"More than {maxMessages} messages came while waiting for silence");
        }

        return messages;
    }

    private async Task<IReadOnlyList<object>> ReceiveCount(int count, TimeSpan max, CancellationToken cancellationToken)
    {
        var end = EndOf(max);
        var messages = new List<object>(count);
        while (messages.Count < count)
        {
            var envelope = await TakeAsync(Left(end), cancellationToken).ConfigureAwait(false);
            if (envelope is null) _assertions.Fail($"Timeout ({max}) while expecting {count} messages. Only got {messages.Count}: {string.Join(", ", messages)}");
            messages.Add(envelope.Message);
        }

        return messages;
    }

    private async IAsyncEnumerable<object> Later(
        Func<int, TimeSpan, CancellationToken, Task<IReadOnlyList<object>>> receive, int count, TimeSpan? max,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var message in await receive(count, RemainingOrDilated(max), cancellationToken)) yield return message;
    }

    private Task<IReadOnlyList<T>> ReceivePredicate<T>(
        Predicate<T> shouldContinue, TimeSpan? max, TimeSpan? idle, int msgs, bool ignoreOthers, CancellationToken cancellationToken)
        where T : class =>
        ReceiveAccepted<T>(m => m is T t ? (shouldContinue(t), t) : (ignoreOthers, null), max, idle, msgs, cancellationToken);

    private Task<IReadOnlyList<T>> ReceiveFiltered<T>(Func<object, T> filter, TimeSpan? max, TimeSpan? idle, int msgs, CancellationToken cancellationToken)
        where T : class =>
        ReceiveAccepted(m => filter(m) is { } t ? (true, t) : (false, null), max, idle, msgs, cancellationToken);

    private async Task<IReadOnlyList<T>> ReceiveAccepted<T>(
        Func<object, (bool Continue, T Item)> accept, TimeSpan? max, TimeSpan? idle, int msgs, CancellationToken cancellationToken)
        where T : class
    {
        var end = EndOf(RemainingOrDilated(max));
        var items = new List<T>();
        var lastAccepted = _last;
        while (items.Count < msgs)
        {
            var left = Left(end);
            if (idle is { } i && i < left) left = i;
            if (await TakeAsync(left, cancellationToken).ConfigureAwait(false) is not { } envelope) break;
            var (goOn, item) = accept(envelope.Message);
            if (!goOn)
            {
                _queue.PutBack(envelope);
                break;
            }

            lastAccepted = envelope;
            if (item is not null) items.Add(item);
        }

        _last = lastAccepted;
        _lastWasNoMessage = true;
        return items;
    }

    private MessageEnvelope Take(TimeSpan max, CancellationToken cancellationToken) => Wait(TakeAsync(max, cancellationToken));

    private async ValueTask<MessageEnvelope> TakeAsync(TimeSpan max, CancellationToken cancellationToken)
    {
        var envelope = await _queue.TakeAsync(max, remove: true, cancellationToken).ConfigureAwait(false);
        _lastWasNoMessage = false;
        _last = envelope ?? NullMessageEnvelope.Instance;
        return envelope;
    }

    private static T Wait<T>(ValueTask<T> task) => task.IsCompleted ? task.GetAwaiter().GetResult() : task.AsTask().GetAwaiter().GetResult();

    private static long EndOf(TimeSpan max) => max < TimeSpan.Zero ? long.MaxValue : Environment.TickCount64 + (long)Math.Ceiling(max.TotalMilliseconds);

    private static TimeSpan Left(long end) =>
        end == long.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Math.Max(0, end - Environment.TickCount64));

    private static string Hint(string hint) => string.IsNullOrEmpty(hint) ? "" : $" [{hint}]";
}
