namespace Akka.Actor;

public partial class ActorCell
{
    private TimeSpan? _receiveTimeout;
    private ICancelable _receiveTimeoutTask;

    public TimeSpan? ReceiveTimeout => _receiveTimeout;

    public void SetReceiveTimeout(TimeSpan? timeout)
    {
        if (timeout is { } t && (t == TimeSpan.Zero || t == Timeout.InfiniteTimeSpan)) timeout = null;
        _receiveTimeout = timeout;
        if (timeout is null) CancelReceiveTimeoutTask();
    }

    internal void CheckReceiveTimeout(bool reschedule)
    {
        if (_receiveTimeout is not { } timeout || _actor is null || Mailbox.IsClosed) return;
        if (!reschedule && _receiveTimeoutTask is not null) return;
        CancelReceiveTimeoutTask();
        _receiveTimeoutTask = SystemImpl.Scheduler.ScheduleTellOnceCancelable(timeout, Self, Actor.ReceiveTimeout.Instance, Self);
    }

    private void CancelReceiveTimeoutTask()
    {
        _receiveTimeoutTask?.Cancel();
        _receiveTimeoutTask = null;
    }
}
