using System.Runtime.CompilerServices;
using Akka.Actor;

namespace Akka.TestKit;

public abstract partial class TestKitBase
{
    public T ExpectMsg<T>(TimeSpan? duration = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAsync<T>(duration, hint, cancellationToken));

    public T ExpectMsg<T>(T message, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAsync(message, timeout, hint, cancellationToken));

    public T ExpectMsg<T>(Predicate<T> isMessage, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAsync(isMessage, timeout, hint, cancellationToken));

    public T ExpectMsg<T>(Action<T> assert, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAsync(assert, timeout, hint, cancellationToken));

    public T ExpectMsg<T>(Func<T, IActorRef, bool> isMessageAndSender, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAsync(isMessageAndSender, timeout, hint, cancellationToken));

    public T ExpectMsg<T>(Action<T, IActorRef> assertMessageAndSender, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAsync(assertMessageAndSender, timeout, hint, cancellationToken));

    public T ExpectMsg<T>(T expected, Func<T, T, bool> comparer, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAsync(expected, comparer, timeout, hint, cancellationToken));

    public virtual ValueTask<T> ExpectMsgAsync<T>(TimeSpan? duration = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(duration, hint, null, cancellationToken);

    public virtual ValueTask<T> ExpectMsgAsync<T>(T message, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(timeout, hint, (m, _) => _assertions.AssertEqual(message, m, $"Expected message {message}, but received {m}{Hint(hint)}"), cancellationToken);

    public virtual ValueTask<T> ExpectMsgAsync<T>(Predicate<T> isMessage, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(timeout, hint, (m, _) => _assertions.AssertTrue(isMessage(m), $"Got a message of the expected type {typeof(T)} that does not fit: {m}{Hint(hint)}"),
            cancellationToken);

    public virtual ValueTask<T> ExpectMsgAsync<T>(Action<T> assert, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(timeout, hint, (m, _) => assert(m), cancellationToken);

    public virtual async ValueTask<T> ExpectMsgAsync<T>(Func<T, Task> assert, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default)
    {
        var message = await Expect<T>(timeout, hint, null, cancellationToken);
        await assert(message);
        return message;
    }

    public virtual ValueTask<T> ExpectMsgAsync<T>(
        Func<T, IActorRef, bool> isMessageAndSender, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(timeout, hint,
            (m, s) => _assertions.AssertTrue(isMessageAndSender(m, s), $"Got a message of the expected type {typeof(T)} that does not fit: {m} from {s}{Hint(hint)}"),
            cancellationToken);

    public virtual ValueTask<T> ExpectMsgAsync<T>(
        Action<T, IActorRef> assertMessageAndSender, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect(timeout, hint, assertMessageAndSender, cancellationToken);

    public virtual ValueTask<T> ExpectMsgAsync<T>(
        T expected, Func<T, T, bool> comparer, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(timeout, hint,
            (m, _) => _assertions.AssertEqual(expected, m, comparer, $"Expected message {expected}, but received {m}{Hint(hint)}"), cancellationToken);

    public T ExpectMsgFrom<T>(IActorRef sender, TimeSpan? duration = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgFromAsync<T>(sender, duration, hint, cancellationToken));

    public T ExpectMsgFrom<T>(IActorRef sender, T message, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgFromAsync(sender, message, timeout, hint, cancellationToken));

    public virtual ValueTask<T> ExpectMsgFromAsync<T>(
        IActorRef sender, TimeSpan? duration = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(duration, hint, (_, s) => AssertSender(sender, s, hint), cancellationToken);

    public virtual ValueTask<T> ExpectMsgFromAsync<T>(
        IActorRef sender, T message, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(timeout, hint, (m, s) =>
        {
            AssertSender(sender, s, hint);
            _assertions.AssertEqual(message, m, $"Expected message {message}, but received {m}{Hint(hint)}");
        }, cancellationToken);

    public Terminated ExpectTerminated(IActorRef target, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectTerminatedAsync(target, timeout, hint, cancellationToken));

    public virtual ValueTask<Terminated> ExpectTerminatedAsync(
        IActorRef target, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Expect<Terminated>(timeout, hint,
            (t, _) => _assertions.AssertEqual(target, t.ActorRef, $"Expected the end of {target}, but received that of {t.ActorRef}{Hint(hint)}"), cancellationToken);

    public void ExpectNoMsg(CancellationToken cancellationToken = default) => Wait(Silence(RemainingOrDefault, cancellationToken));

    public void ExpectNoMsg(TimeSpan duration, CancellationToken cancellationToken = default) => Wait(Silence(Dilated(duration), cancellationToken));

    public void ExpectNoMsg(int milliseconds, CancellationToken cancellationToken = default) =>
        ExpectNoMsg(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    public virtual async ValueTask ExpectNoMsgAsync(CancellationToken cancellationToken = default) => await Silence(RemainingOrDefault, cancellationToken);

    public virtual async ValueTask ExpectNoMsgAsync(TimeSpan duration, CancellationToken cancellationToken = default) =>
        await Silence(Dilated(duration), cancellationToken);

    public virtual ValueTask ExpectNoMsgAsync(int milliseconds, CancellationToken cancellationToken = default) =>
        ExpectNoMsgAsync(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    public T ExpectMsgAnyOf<T>(IEnumerable<T> messages, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAnyOfAsync(messages, cancellationToken));

    public virtual ValueTask<T> ExpectMsgAnyOfAsync<T>(IEnumerable<T> messages, CancellationToken cancellationToken = default)
    {
        T[] expected = [.. messages];
        return Expect<T>(null, null,
            (m, _) => _assertions.AssertTrue(expected.Contains(m), $"Expected one of {string.Join(", ", expected)}, but received {m}"), cancellationToken);
    }

    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(params T[] messages) => ExpectAll(RemainingOrDefault, messages, default).GetAwaiter().GetResult();

    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) =>
        ExpectAll(RemainingOrDefault, messages, cancellationToken).GetAwaiter().GetResult();

    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(TimeSpan max, params T[] messages) => ExpectAll(Dilated(max), messages, default).GetAwaiter().GetResult();

    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(TimeSpan max, IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) =>
        ExpectAll(Dilated(max), messages, cancellationToken).GetAwaiter().GetResult();

    public virtual async IAsyncEnumerable<T> ExpectMsgAllOfAsync<T>(
        IReadOnlyCollection<T> messages, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var message in await ExpectAll(RemainingOrDefault, messages, cancellationToken)) yield return message;
    }

    public virtual async IAsyncEnumerable<T> ExpectMsgAllOfAsync<T>(
        TimeSpan max, IReadOnlyCollection<T> messages, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var message in await ExpectAll(Dilated(max), messages, cancellationToken)) yield return message;
    }

    private async ValueTask<T> Expect<T>(TimeSpan? timeout, string hint, Action<T, IActorRef> assert, CancellationToken cancellationToken)
    {
        var wait = RemainingOrDilated(timeout);
        var envelope = await TakeAsync(wait, cancellationToken).ConfigureAwait(false);
        if (envelope is null)
        {
            _assertions.Fail($"Failed: Timeout {wait} while waiting for a message of type {typeof(T)}{Hint(hint)}");
            return default;
        }

        if (envelope.Message is not T message)
        {
            _assertions.Fail($"Failed: Expected a message of type {typeof(T)}, but received {{{envelope.Message}}} (type {envelope.Message?.GetType()}) from {envelope.Sender}{Hint(hint)}");
            return default;
        }

        assert?.Invoke(message, envelope.Sender);
        return message;
    }

    private async ValueTask<bool> Silence(TimeSpan duration, CancellationToken cancellationToken)
    {
        var envelope = await TakeAsync(duration, cancellationToken).ConfigureAwait(false);
        if (envelope is not null)
            _assertions.Fail($"Failed: Expected no messages during {duration}, but received {envelope.Message} (type {envelope.Message?.GetType()}) from {envelope.Sender}");
        _lastWasNoMessage = true;
        return true;
    }

    private async Task<IReadOnlyList<T>> ExpectAll<T>(TimeSpan max, IReadOnlyCollection<T> expected, CancellationToken cancellationToken)
    {
        var received = await ReceiveCount(expected.Count, max, cancellationToken).ConfigureAwait(false);
        var open = expected.ToList();
        var unexpected = received.Where(m => m is not T t || !open.Remove(t)).ToList();
        if (open.Count > 0 || unexpected.Count > 0)
            _assertions.Fail($"Not found [{string.Join(", ", open)}], found unexpected [{string.Join(", ", unexpected)}]");
        return [.. received.Cast<T>()];
    }

    private void AssertSender(IActorRef expected, IActorRef actual, string hint) =>
        _assertions.AssertEqual(expected, actual, $"Sender does not match. Expected {expected}, but was {actual}{Hint(hint)}");
}
