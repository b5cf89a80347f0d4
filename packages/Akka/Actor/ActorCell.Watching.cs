using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

public partial class ActorCell
{
    // The message to receive in place of Terminated, null for Terminated itself.
    private Dictionary<IActorRef, object> _watching;
    private HashSet<IActorRef> _watchedBy;
    private Dictionary<IActorRef, object> _terminatedQueued;

    /// <summary>Whether a watch has arrived here; for tests, which have to order it before what they do next.</summary>
    internal bool IsWatched => _watchedBy is { Count: > 0 };

    public IActorRef Watch(IActorRef subject) => WatchInternal(subject, null);

    public IActorRef WatchWith(IActorRef subject, object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return WatchInternal(subject, message);
    }

    private IActorRef WatchInternal(IActorRef subject, object message)
    {
        var watchee = (IInternalActorRef)subject;
        if (watchee.Equals(_self)) return subject;
        _watching ??= [];
        if (_watching.TryGetValue(watchee, out var previous))
        {
            if (!Equals(previous, message))
                throw new InvalidOperationException($"Already watching {subject} with {previous ?? "Terminated"}; unwatch it first");
            return subject;
        }

        watchee.SendSystemMessage(new Watch(watchee, _self));
        _watching[watchee] = message;
        return subject;
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        var watchee = (IInternalActorRef)subject;
        if (!watchee.Equals(_self) && _watching is not null && _watching.Remove(watchee))
            watchee.SendSystemMessage(new Unwatch(watchee, _self));
        _terminatedQueued?.Remove(watchee);
        return subject;
    }

    private void ReceivedTerminated(Terminated t)
    {
        if (_terminatedQueued is null || !_terminatedQueued.Remove(t.ActorRef, out var message)) return;
        ReceiveMessage(message ?? t);
    }

    private void WatchedActorTerminated(IActorRef actor, bool existenceConfirmed, bool addressTerminated)
    {
        if (_watching is not null && _watching.Remove(actor, out var message) && !IsTerminating)
        {
            (_terminatedQueued ??= [])[actor] = message;
            _self.Tell(new Terminated(actor, existenceConfirmed, addressTerminated), actor);
        }

        if (TryGetChildStats(actor, out _)) HandleChildTerminated(actor);
    }

    private void AddWatcher(IActorRef watchee, IActorRef watcher)
    {
        var watcheeSelf = watchee.Equals(_self);
        var watcherSelf = watcher.Equals(_self);
        if (watcheeSelf && !watcherSelf)
        {
            (_watchedBy ??= []).Add(watcher);
            if (SystemImpl.Settings.DebugLifecycle) Debug(_actor, $"now watched by {watcher}");
        }
        else if (!watcheeSelf && watcherSelf) Watch(watchee);
        else SystemImpl.EventStream.Publish(new Warning(_self.Path.ToString(), GetType(), $"Illegal watch of {watchee} by {watcher}"));
    }

    private void RemoveWatcher(IActorRef watchee, IActorRef watcher)
    {
        var watcheeSelf = watchee.Equals(_self);
        var watcherSelf = watcher.Equals(_self);
        if (watcheeSelf && !watcherSelf) _watchedBy?.Remove(watcher);
        else if (!watcheeSelf && watcherSelf) Unwatch(watchee);
    }

    // Remote watchers last: local ones may want to send before a connection closes.
    private void TellWatchersWeDied()
    {
        if (_watchedBy is null) return;
        foreach (var local in (bool[])[false, true])
            foreach (var watcher in _watchedBy)
                if (((IActorRefScope)watcher).IsLocal == local && !watcher.Equals(Parent))
                    ((IInternalActorRef)watcher).SendSystemMessage(new DeathWatchNotification(_self, existenceConfirmed: true, addressTerminated: false));
        _watchedBy = null;
    }

    private void UnwatchAll()
    {
        if (_watching is null) return;
        foreach (var watchee in _watching.Keys)
            ((IInternalActorRef)watchee).SendSystemMessage(new Unwatch((IInternalActorRef)watchee, _self));
        _watching = null;
        _terminatedQueued = null;
    }

    // The watchers of that node are gone with it, and what is watched there is dead.
    private void AddressTerminated(Address address)
    {
        _watchedBy?.RemoveWhere(a => a.Path.Address.Equals(address));
        if (_watching is null) return;
        foreach (var watchee in _watching.Keys.Where(a => a.Path.Address.Equals(address)).ToList())
            _self.SendSystemMessage(new DeathWatchNotification(watchee, TryGetChildStats(watchee, out _), addressTerminated: true));
    }
}
