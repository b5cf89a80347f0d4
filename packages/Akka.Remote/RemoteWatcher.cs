using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Remote;

/// <summary>
/// Watches remote actors on behalf of the local ones (once each, however many watch), and the systems that they live in by
/// heartbeats: when a system stays silent, all that is watched there is dead.
/// </summary>
internal class RemoteWatcher : UntypedActor, IWithTimers
{
    private readonly RemoteActorRefProvider _provider;
    private readonly RemoteSettings _settings;
    private readonly DefaultFailureDetectorRegistry<Address> _failureDetector;
    private readonly Dictionary<IInternalActorRef, HashSet<IInternalActorRef>> _watching = [];
    private readonly Dictionary<Address, HashSet<IInternalActorRef>> _byAddress = [];
    private readonly Dictionary<Address, int> _uids = [];
    private readonly HashSet<Address> _unreachable = [];

    public RemoteWatcher(RemoteActorRefProvider provider)
    {
        _provider = provider;
        _settings = provider.RemoteSettings;
        var system = Context.System;
        var className = _settings.WatchFailureDetectorConfig.GetString("implementation-class");
        _failureDetector = new DefaultFailureDetectorRegistry<Address>(
            () => FailureDetectors.Create(className, _settings.WatchFailureDetectorConfig, system));
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    protected ILoggingAdapter Log { get; } = Context.GetLogger();

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer("heartbeat", HeartbeatTick.Instance, _settings.WatchHeartbeatInterval, _settings.WatchHeartbeatInterval);
        Timers.StartPeriodicTimer("reap", ReapUnreachableTick.Instance, _settings.WatchUnreachableReaperInterval,
            _settings.WatchUnreachableReaperInterval);
        Context.System.EventStream.Subscribe(Self, typeof(QuarantinedEvent));
    }

    /// <inheritdoc />
    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case HeartbeatTick:
                SendHeartbeats();
                break;
            case Heartbeat:
                Sender.Tell(new HeartbeatRsp(_provider.Transport.Uid));
                break;
            case HeartbeatRsp response:
                ReceiveHeartbeatRsp(Sender.Path.Address, response.AddressUid);
                break;
            case ReapUnreachableTick:
                ReapUnreachable();
                break;
            case ExpectedFirstHeartbeat expected:
                if (_byAddress.ContainsKey(expected.From) && !_failureDetector.IsMonitoring(expected.From))
                    _failureDetector.Heartbeat(expected.From);
                break;
            case WatchRemote watch:
                AddWatch(watch.Watchee, watch.Watcher);
                break;
            case UnwatchRemote unwatch:
                RemoveWatch(unwatch.Watchee, unwatch.Watcher);
                break;
            case Terminated terminated:
                OnTerminated((IInternalActorRef)terminated.ActorRef, terminated.ExistenceConfirmed, terminated.AddressTerminated);
                break;
            case QuarantinedEvent quarantined:
                OnAddressTerminated(quarantined.Address);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Whether heartbeats are sent to the address, or somebody else knows better whether it lives.</summary>
    protected virtual bool IsMonitoredHere(Address address) => true;

    /// <summary>All that is watched at the address is dead: tells the watchers and forgets.</summary>
    protected void OnAddressTerminated(Address address)
    {
        _failureDetector.Remove(address);
        _unreachable.Remove(address);
        _uids.Remove(address);
        // Actors here that were watched from there need not remember their watchers any more.
        Context.System.EventStream.Publish(new AddressTerminated(address));
        if (!_byAddress.TryGetValue(address, out var watchees))
            return;
        foreach (var watchee in watchees.ToArray())
        {
            Context.Unwatch(watchee);
            OnTerminated(watchee, existenceConfirmed: false, addressTerminated: true);
        }
    }

    private void AddWatch(IInternalActorRef watchee, IInternalActorRef watcher)
    {
        if (_watching.TryGetValue(watchee, out var watchers))
        {
            watchers.Add(watcher);
            return;
        }

        var address = watchee.Path.Address;
        _watching[watchee] = [watcher];
        if (!_byAddress.TryGetValue(address, out var watchees))
            _byAddress[address] = watchees = [];
        watchees.Add(watchee);
        Context.Watch(watchee);
        if (_provider.Transport.AssociationWith(address).IsQuarantined)
        {
            // Nothing sent there would be answered.
            Context.Unwatch(watchee);
            OnTerminated(watchee, existenceConfirmed: false, addressTerminated: true);
        }
    }

    private void RemoveWatch(IInternalActorRef watchee, IInternalActorRef watcher)
    {
        if (!_watching.TryGetValue(watchee, out var watchers) || !watchers.Remove(watcher) || watchers.Count > 0)
            return;
        Context.Unwatch(watchee);
        Forget(watchee);
    }

    private void OnTerminated(IInternalActorRef watchee, bool existenceConfirmed, bool addressTerminated)
    {
        if (!_watching.TryGetValue(watchee, out var watchers))
            return;
        Forget(watchee);
        foreach (var watcher in watchers)
            watcher.SendSystemMessage(new DeathWatchNotification(watchee, existenceConfirmed, addressTerminated));
    }

    private void Forget(IInternalActorRef watchee)
    {
        _watching.Remove(watchee);
        var address = watchee.Path.Address;
        if (!_byAddress.TryGetValue(address, out var watchees) || !watchees.Remove(watchee) || watchees.Count > 0)
            return;
        _byAddress.Remove(address);
        _failureDetector.Remove(address);
        _unreachable.Remove(address);
        _uids.Remove(address);
    }

    private void SendHeartbeats()
    {
        foreach (var address in _byAddress.Keys)
        {
            if (_unreachable.Contains(address))
                continue;
            if (!IsMonitoredHere(address))
            {
                _failureDetector.Remove(address);
                continue;
            }

            if (!_failureDetector.IsMonitoring(address))
            {
                Context.System.Scheduler.ScheduleTellOnce(_settings.WatchHeartbeatExpectedResponseAfter, Self,
                    new ExpectedFirstHeartbeat(address), Self);
            }

            _provider.ResolveActorRef(new RootActorPath(address) / "system" / "remote-watcher").Tell(Heartbeat.Instance, Self);
        }
    }

    private void ReceiveHeartbeatRsp(Address address, int uid)
    {
        if (!_byAddress.TryGetValue(address, out var watchees) || _unreachable.Contains(address))
            return;
        _failureDetector.Heartbeat(address);
        if (_uids.TryGetValue(address, out var known) && known == uid)
            return;
        _uids[address] = uid;
        // The first sign of this incarnation. A watch sent to another one is lost, and one sent to this one may be:
        // a second one does no harm, and an actor of the old incarnation is answered for by the new one.
        foreach (var watchee in watchees)
            watchee.SendSystemMessage(new Watch(watchee, (IInternalActorRef)Self));
    }

    private void ReapUnreachable()
    {
        foreach (var address in _byAddress.Keys.ToArray())
        {
            if (_unreachable.Contains(address) || !IsMonitoredHere(address) || _failureDetector.IsAvailable(address))
                continue;
            Log.Warning("Detected unreachable: [{0}]", address);
            _unreachable.Add(address);
            _provider.Transport.Quarantine(address, _uids.TryGetValue(address, out var uid) ? uid : null, "its heartbeats have stopped");
            OnAddressTerminated(address);
        }
    }

    internal sealed record WatchRemote(IInternalActorRef Watchee, IInternalActorRef Watcher) : INoSerializationVerificationNeeded;

    internal sealed record UnwatchRemote(IInternalActorRef Watchee, IInternalActorRef Watcher) : INoSerializationVerificationNeeded;

    /// <summary>Asks the other system's watcher for a sign of life.</summary>
    internal sealed class Heartbeat
    {
        public static readonly Heartbeat Instance = new();
    }

    /// <summary>The sign of life, with the incarnation that gives it.</summary>
    internal sealed record HeartbeatRsp(int AddressUid);

    private sealed record ExpectedFirstHeartbeat(Address From) : INoSerializationVerificationNeeded;

    private sealed class HeartbeatTick : INoSerializationVerificationNeeded
    {
        public static readonly HeartbeatTick Instance = new();
    }

    private sealed class ReapUnreachableTick : INoSerializationVerificationNeeded
    {
        public static readonly ReapUnreachableTick Instance = new();
    }
}
