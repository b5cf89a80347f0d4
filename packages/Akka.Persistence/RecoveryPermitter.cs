using Akka.Actor;

namespace Akka.Persistence;

/// <summary>A persistent actor wants to recover.</summary>
internal sealed class RequestRecoveryPermit
{
    public static readonly RequestRecoveryPermit Instance = new();
}

/// <summary>A persistent actor may recover.</summary>
internal sealed class RecoveryPermitGranted
{
    public static readonly RecoveryPermitGranted Instance = new();
}

/// <summary>A persistent actor has recovered.</summary>
internal sealed class ReturnRecoveryPermit
{
    public static readonly ReturnRecoveryPermit Instance = new();
}

/// <summary>Bounds how many recoveries load the journal at the same time. Who waits is served in order.</summary>
internal sealed class RecoveryPermitter : UntypedActor
{
    private readonly int _permitsMax;
    private readonly HashSet<IActorRef> _holders = [];
    private readonly LinkedList<IActorRef> _waiting = [];

    public RecoveryPermitter(int permitsMax) => _permitsMax = permitsMax;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RequestRecoveryPermit:
                Context.Watch(Sender);
                if (_holders.Count < _permitsMax) Grant(Sender);
                else _waiting.AddLast(Sender);
                break;
            case ReturnRecoveryPermit:
                Context.Unwatch(Sender);
                Return(Sender);
                break;
            case Terminated terminated:
                _waiting.Remove(terminated.ActorRef);
                Return(terminated.ActorRef);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Grant(IActorRef actor)
    {
        _holders.Add(actor);
        actor.Tell(RecoveryPermitGranted.Instance, Self);
    }

    private void Return(IActorRef actor)
    {
        if (!_holders.Remove(actor)) return;
        while (_holders.Count < _permitsMax && _waiting.First is { } next)
        {
            _waiting.RemoveFirst();
            Grant(next.Value);
        }
    }
}
