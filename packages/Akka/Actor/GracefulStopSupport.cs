namespace Akka.Actor;

/// <summary>Stopping with a word when it is done.</summary>
public static class GracefulStopSupport
{
    public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout) => target.GracefulStop(timeout, PoisonPill.Instance);

    /// <returns>True once the actor is gone; the task fails with <see cref="TaskCanceledException"/> after the timeout.</returns>
    public static async Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout, object stopMessage)
    {
        var reference = (IInternalActorRef)target;
        if (reference.IsTerminated) return true;
        var promise = new TerminationPromise(reference.Provider);
        reference.SendSystemMessage(new Dispatch.SysMsg.Watch(reference, promise));
        target.Tell(stopMessage, ActorRefs.NoSender);
        try
        {
            await promise.Terminated.WaitAsync(timeout).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            reference.SendSystemMessage(new Dispatch.SysMsg.Unwatch(reference, promise));
            throw new TaskCanceledException($"{target} did not stop within {timeout}");
        }
        finally
        {
            promise.End();
        }
    }

    /// <summary>Waits until the actor is gone.</summary>
    public static async Task<bool> WatchAsync(this IActorRef target, CancellationToken token = default)
    {
        var reference = (IInternalActorRef)target;
        var promise = new TerminationPromise(reference.Provider);
        reference.SendSystemMessage(new Dispatch.SysMsg.Watch(reference, promise));
        try
        {
            await promise.Terminated.WaitAsync(token).ConfigureAwait(false);
            return true;
        }
        finally
        {
            promise.End();
        }
    }

    private sealed class TerminationPromise : MinimalActorRef
    {
        private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TerminationPromise(IActorRefProvider provider)
        {
            Provider = provider;
            Path = provider.TempPath();
            provider.RegisterTempActor(this, Path);
        }

        public Task Terminated => _terminated.Task;
        public override ActorPath Path { get; }
        public override IActorRefProvider Provider { get; }

        public override void SendSystemMessage(Dispatch.SysMsg.ISystemMessage message)
        {
            if (message is Dispatch.SysMsg.DeathWatchNotification) _terminated.TrySetResult();
        }

        public void End() => Provider.UnregisterTempActor(Path);
    }
}
