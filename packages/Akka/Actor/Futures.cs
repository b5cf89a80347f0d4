using System.Diagnostics;
using Akka.Actor.Internal;

namespace Akka.Actor;

/// <summary>Asking: a message whose answer is a task.</summary>
public static class Futures
{
    /// <exception cref="AskTimeoutException">No answer in time (in the task).</exception>
    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout = null) => self.Ask<object>(message, timeout, CancellationToken.None);

    public static Task<object> Ask(this ICanTell self, object message, CancellationToken cancellationToken) => self.Ask<object>(message, null, cancellationToken);

    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) => self.Ask<object>(message, timeout, cancellationToken);

    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout = null) => self.Ask<T>(message, timeout, CancellationToken.None);

    public static Task<T> Ask<T>(this ICanTell self, object message, CancellationToken cancellationToken) => self.Ask<T>(message, null, cancellationToken);

    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var promise = Promise<T>(self, timeout, cancellationToken);
        self.Tell(message, promise);
        return promise.Task;
    }

    public static Task<T> Ask<T>(this ICanTell self, Func<IActorRef, object> messageFactory, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var promise = Promise<T>(self, timeout, cancellationToken);
        self.Tell(messageFactory(promise), promise);
        return promise.Task;
    }

    private static PromiseActorRef<T> Promise<T>(ICanTell target, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var provider = target switch
        {
            IInternalActorRef reference => reference.Provider,
            ActorSelection { Anchor: IInternalActorRef anchor } => anchor.Provider,
            _ => ActorCell.Current?.SystemImpl.Provider,
        } ?? throw new ArgumentException("Unable to resolve the target Provider", nameof(target));
        var system = (provider.Settings.System as ActorSystemImpl)!;
        return new PromiseActorRef<T>(provider, system, timeout ?? provider.Settings.AskTimeout, cancellationToken);
    }
}

/// <summary>The sender of an ask: completes a task with the first answer. It takes a name only when someone wants to see it.</summary>
internal sealed class PromiseActorRef<T> : MinimalActorRef
{
    private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IActorRefProvider _provider;
    private readonly Cancellation _timer;
    private readonly CancellationTokenRegistration _registration;
    private readonly Lock _lock = new();
    private HashSet<IActorRef> _watchers;
    private ActorPath _path;

    public PromiseActorRef(IActorRefProvider provider, ActorSystemImpl system, TimeSpan timeout, CancellationToken cancellationToken)
    {
        _provider = provider;
        if (timeout != System.Threading.Timeout.InfiniteTimeSpan && timeout >= TimeSpan.Zero)
        {
            _timer = new Cancellation();
            system.Scheduler.Advanced.ScheduleOnce(timeout, () => Fail(new AskTimeoutException($"Timeout after {timeout} seconds")), _timer);
        }

        if (cancellationToken.CanBeCanceled) _registration = cancellationToken.UnsafeRegister(static (s, t) => ((PromiseActorRef<T>)s).Cancelled(t), this);
    }

    public Task<T> Task => _result.Task;
    public override IActorRefProvider Provider => _provider;
    public override IInternalActorRef Parent => _provider.TempContainer;
    public override bool IsTerminated => _result.Task.IsCompleted;

    public override ActorPath Path
    {
        get
        {
            if (Volatile.Read(ref _path) is { } path) return path;
            lock (_lock)
            {
                if (_path is not null) return _path;
                path = _provider.TempPath();
                if (!_result.Task.IsCompleted) _provider.RegisterTempActor(this, path);
                Volatile.Write(ref _path, path);
                return path;
            }
        }
    }

    protected override void TellInternal(object message, IActorRef sender)
    {
        bool first;
        switch (message)
        {
            case T answer:
                first = _result.TrySetResult(answer);
                break;
            case Status.Failure failure:
                first = _result.TrySetException(failure.Cause ?? new AkkaStatusFailureException(failure));
                break;
            case null:
                first = _result.TrySetResult(default);
                break;
            default:
                first = _result.TrySetException(new ArgumentException($"Received message of type [{message.GetType()}] - Ask expected message of type [{typeof(T)}]"));
                break;
        }

        if (first) End();
        else _provider.DeadLetters.Tell(message, sender);
    }

    public override void SendSystemMessage(Dispatch.SysMsg.ISystemMessage message)
    {
        switch (message)
        {
            case Dispatch.SysMsg.Watch watch when watch.Watchee.Equals(this):
                lock (_lock)
                {
                    if (!_result.Task.IsCompleted)
                    {
                        (_watchers ??= []).Add(watch.Watcher);
                        return;
                    }
                }

                watch.Watcher.SendSystemMessage(new Dispatch.SysMsg.DeathWatchNotification(this, existenceConfirmed: true, addressTerminated: false));
                break;
            case Dispatch.SysMsg.Unwatch unwatch:
                lock (_lock) _watchers?.Remove(unwatch.Watcher);
                break;
            case Dispatch.SysMsg.Terminate:
                Stop();
                break;
        }
    }

    public override void Stop() => Fail(new ActorKilledException("Stopped"));

    private void Fail(Exception cause)
    {
        if (_result.TrySetException(cause)) End();
    }

    private void Cancelled(CancellationToken token)
    {
        if (_result.TrySetCanceled(token)) End();
    }

    private void End()
    {
        _timer?.Cancel();
        _registration.Unregister();
        HashSet<IActorRef> watchers;
        lock (_lock)
        {
            if (_path is not null) _provider.UnregisterTempActor(_path);
            (watchers, _watchers) = (_watchers, null);
        }

        if (watchers is null) return;
        foreach (var watcher in watchers)
            ((IInternalActorRef)watcher).SendSystemMessage(new Dispatch.SysMsg.DeathWatchNotification(this, existenceConfirmed: true, addressTerminated: false));
    }
}

/// <summary>A failure without an exception was the answer to an ask.</summary>
[DebuggerStepThrough]
internal sealed class AkkaStatusFailureException(Status.Failure failure) : AkkaException(failure.ToString());
