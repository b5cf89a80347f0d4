using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Sharding.Internal;

/// <summary>A region is gone, so nobody waits for its answer any more.</summary>
internal sealed record RegionGone(IActorRef Region);

/// <summary>A shard has been stopped where it was, or not.</summary>
internal sealed record HandOffDone(string Shard, bool Stopped);

/// <summary>
/// Moves a shard away from its region: first every region forgets where it is, so that messages for it wait, and only then it is
/// stopped. The coordinator allocates it anew afterwards.
/// </summary>
internal sealed class HandOffWorker : UntypedActor
{
    private readonly string _shard;
    private readonly IActorRef _from;
    private readonly HashSet<IActorRef> _awaited;
    private readonly TimeSpan _timeout;
    private readonly ILoggingAdapter _log = Logging.GetLogger(Context);
    private bool _stopping;

    public HandOffWorker(string shard, IActorRef from, TimeSpan timeout, HashSet<IActorRef> regions)
    {
        _shard = shard;
        _from = from;
        _timeout = timeout;
        _awaited = regions;
    }

    protected override void PreStart()
    {
        SetReceiveTimeout(_timeout);
        foreach (var region in _awaited) region.Tell(new BeginHandOff(_shard), Self);
        StopWhenForgotten();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case BeginHandOffAck ack when ack.Shard == _shard:
                _awaited.Remove(Sender);
                StopWhenForgotten();
                break;
            case RegionGone gone when gone.Region.Equals(_from):
                // With its region the shard is gone too.
                Done(true);
                break;
            case RegionGone gone:
                _awaited.Remove(gone.Region);
                StopWhenForgotten();
                break;
            case ShardStopped stopped when stopped.Shard == _shard:
                Done(true);
                break;
            case ReceiveTimeout:
                _log.Warning(
                    "Shard [{0}] could not be moved away from [{1}] within {2}: {3}", _shard, _from, _timeout,
                    _stopping ? "its entities did not stop" : $"[{string.Join(", ", _awaited)}] did not answer");
                Done(false);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void StopWhenForgotten()
    {
        if (_stopping || _awaited.Count > 0) return;
        _stopping = true;
        _from.Tell(new HandOff(_shard), Self);
    }

    private void Done(bool stopped)
    {
        Context.Parent.Tell(new HandOffDone(_shard, stopped), Self);
        Context.Stop(Self);
    }
}
