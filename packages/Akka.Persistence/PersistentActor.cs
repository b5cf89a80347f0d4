using Akka.Actor;

namespace Akka.Persistence;

/// <summary>A persistent actor that overrides <c>ReceiveRecover</c> and <c>ReceiveCommand</c>.</summary>
public abstract class PersistentActor : Eventsourced
{
    /// <inheritdoc/>
    protected override bool Receive(object message) => ReceiveCommand(message);
}

/// <summary>A persistent actor that overrides <see cref="OnRecover"/> and <see cref="OnCommand"/>.</summary>
public abstract class UntypedPersistentActor : Eventsourced
{
    /// <summary>The actor's context.</summary>
    protected static new IUntypedActorContext Context => (IUntypedActorContext)ActorBase.Context;

    /// <inheritdoc/>
    protected override bool Receive(object message) => ReceiveCommand(message);

    /// <inheritdoc/>
    protected sealed override bool ReceiveCommand(object message)
    {
        OnCommand(message);
        return true;
    }

    /// <inheritdoc/>
    protected sealed override bool ReceiveRecover(object message)
    {
        OnRecover(message);
        return true;
    }

    /// <summary>Handles a command.</summary>
    protected abstract void OnCommand(object message);

    /// <summary>Handles the past: <see cref="SnapshotOffer"/>, the events and <see cref="RecoveryCompleted"/>.</summary>
    protected abstract void OnRecover(object message);

    /// <summary>Replaces the command handler.</summary>
    protected void Become(UntypedReceive receive) => Context.Become(receive);

    /// <summary>Puts a command handler over the present one.</summary>
    protected void BecomeStacked(UntypedReceive receive) => Context.BecomeStacked(receive);
}
