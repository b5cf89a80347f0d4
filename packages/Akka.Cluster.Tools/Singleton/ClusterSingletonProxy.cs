using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Tools.Singleton;

/// <summary>
/// Passes messages on to the singleton wherever it runs. While it is not found, for instance during a hand-over, messages are
/// kept up to a bound. Delivery is at most once, as everywhere.
/// </summary>
public sealed class ClusterSingletonProxy : UntypedActor, IWithTimers
{
    private readonly string[] _singletonPath;
    private readonly ClusterSingletonProxySettings _settings;
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Queue<(object Message, IActorRef Sender)> _buffer = new();
    private readonly MembersByAge _members;
    private IActorRef? _singleton;
    private Member? _oldest;
    private int _identification;

    private ClusterSingletonProxy(string singletonManagerPath, ClusterSingletonProxySettings settings)
    {
        _settings = settings;
        _members = new MembersByAge(settings.Role, settings.ConsiderAppVersion);
        _singletonPath = [.. singletonManagerPath.Split('/', StringSplitOptions.RemoveEmptyEntries), settings.SingletonName];
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="singletonManagerPath">Path of the managers without an address, such as <c>/user/scheduler</c>.</param>
    /// <param name="settings">Names, roles, times and the bound of the buffer.</param>
    public static Props Props(string singletonManagerPath, ClusterSingletonProxySettings settings) =>
        Actor.Props.CreateBy(new Producer(singletonManagerPath, settings)).WithDeploy(Deploy.Local);

    /// <inheritdoc />
    protected override void PreStart() => _cluster.Subscribe(Self,
        ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent));

    /// <inheritdoc />
    protected override void PostStop() => _cluster.Unsubscribe(Self);

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterEvent.CurrentClusterState state:
                _members.Reset(state.Members);
                Track();
                break;
            case ClusterEvent.MemberRemoved removed:
                _members.Remove(removed.Member.UniqueAddress);
                if (removed.Member.UniqueAddress.Equals(_cluster.SelfUniqueAddress))
                    Context.Stop(Self);
                else
                    Track();
                break;
            case ClusterEvent.IMemberEvent changed:
                _members.Update(changed.Member);
                Track();
                break;
            case TryToIdentify:
                Identify();
                break;
            case ActorIdentity { MessageId: int number } identity when number == _identification:
                if (identity.Subject is { } found && !found.IsNobody())
                    Found(found);
                break;
            case ActorIdentity { MessageId: int }:
                break;
            case Terminated terminated when terminated.ActorRef.Equals(_singleton):
                // It may be restarted where it was, or be handed over: look for it again.
                _singleton = null;
                StartIdentifying();
                break;
            default:
                Pass(message);
                break;
        }
    }

    private void Track()
    {
        var oldest = _members.Oldest;
        if (Equals(oldest, _oldest))
            return;
        _oldest = oldest;
        if (_singleton is { } old)
        {
            Context.Unwatch(old);
            _singleton = null;
        }

        StartIdentifying();
    }

    private void StartIdentifying()
    {
        _identification++;
        Timers.StartPeriodicTimer(TryToIdentify.Instance, TryToIdentify.Instance, TimeSpan.Zero, _settings.SingletonIdentificationInterval);
    }

    private void Identify()
    {
        if (_singleton is not null || _oldest is not { } oldest)
        {
            Timers.Cancel(TryToIdentify.Instance);
            return;
        }

        var path = new RootActorPath(oldest.Address) / _singletonPath;
        ((ExtendedActorSystem)Context.System).Provider.ResolveActorRef(path).Tell(new Identify(_identification), Self);
    }

    private void Found(IActorRef singleton)
    {
        if (singleton.Equals(_singleton))
            return;
        _log.Info("Singleton identified at [{0}]", singleton.Path);
        _singleton = Context.Watch(singleton);
        Timers.Cancel(TryToIdentify.Instance);
        while (_buffer.TryDequeue(out var kept))
            singleton.Tell(kept.Message, kept.Sender);
    }

    private void Pass(object message)
    {
        if (_singleton is { } singleton)
        {
            singleton.Tell(message, Sender);
            return;
        }

        if (_settings.BufferSize == 0)
        {
            _log.Debug("Singleton not available and buffering is disabled, dropping message [{0}]", message.GetType());
            Context.System.DeadLetters.Tell(message, Sender);
            return;
        }

        if (_buffer.Count >= _settings.BufferSize)
        {
            var (dropped, sender) = _buffer.Dequeue();
            _log.Debug("Singleton not available, buffer is full, dropping first message [{0}]", dropped.GetType());
            Context.System.DeadLetters.Tell(dropped, sender);
        }

        _buffer.Enqueue((message, Sender));
    }

    private sealed class TryToIdentify : INoSerializationVerificationNeeded
    {
        public static readonly TryToIdentify Instance = new();
    }

    private sealed class Producer(string singletonManagerPath, ClusterSingletonProxySettings settings) : IIndirectActorProducer
    {
        public Type ActorType => typeof(ClusterSingletonProxy);

        public ActorBase Produce() => new ClusterSingletonProxy(singletonManagerPath, settings);

        public void Release(ActorBase actor)
        {
        }
    }
}
