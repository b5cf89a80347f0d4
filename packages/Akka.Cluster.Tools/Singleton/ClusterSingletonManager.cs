using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Tools.Singleton;

/// <summary>
/// Runs on every member (of a role) and keeps one singleton in the whole cluster: on the oldest. When the oldest leaves, the
/// next one starts the singleton only after the previous one has stopped it; when the oldest has died, only after it has been
/// removed and the removal margin has passed.
/// </summary>
public sealed class ClusterSingletonManager : UntypedActor, IWithTimers
{
    private readonly Props _singletonProps;
    private readonly object _terminationMessage;
    private readonly ClusterSingletonManagerSettings _settings;
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly MembersByAge _members;
    private readonly TaskCompletionSource<Done> _handedOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<IActorRef> _handOverTo = [];
    private Stage _stage = Stage.Starting;
    private IActorRef? _singleton;
    private bool _singletonStarted;
    private Member? _previousOldest;
    private bool _selfExited;
    private bool _yielded;
    private int _retries;

    private ClusterSingletonManager(Props singletonProps, object terminationMessage, ClusterSingletonManagerSettings settings)
    {
        _singletonProps = singletonProps;
        _terminationMessage = terminationMessage;
        _settings = settings;
        if (!string.IsNullOrEmpty(settings.Role) && !_cluster.SelfRoles.Contains(settings.Role))
            throw new ArgumentException($"This member [{_cluster.SelfAddress}] lacks the role [{settings.Role}] of the singleton.", nameof(settings));
        _members = new MembersByAge(settings.Role, settings.ConsiderAppVersion);
    }

    private enum Stage
    {
        /// <summary>The first state of the cluster has not come yet.</summary>
        Starting,

        /// <summary>Another member runs the singleton.</summary>
        Younger,

        /// <summary>It is this one's turn, but the previous ones must have stopped first.</summary>
        BecomingOldest,

        /// <summary>The singleton runs here.</summary>
        Oldest,

        /// <summary>Another one's turn has come; it has not asked yet.</summary>
        WasOldest,

        /// <summary>The singleton is stopping.</summary>
        HandingOver,

        /// <summary>This member leaves and has nothing to hand over any more.</summary>
        End,
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private UniqueAddress SelfAddress => _cluster.SelfUniqueAddress;

    /// <summary>A manager whose singleton is stopped by a <see cref="PoisonPill"/>.</summary>
    public static Props Props(Props singletonProps, ClusterSingletonManagerSettings settings) =>
        Props(singletonProps, PoisonPill.Instance, settings);

    /// <param name="singletonProps">The singleton actor.</param>
    /// <param name="terminationMessage">Tells it to stop itself when it is handed over.</param>
    /// <param name="settings">Names, roles and times.</param>
    public static Props Props(Props singletonProps, object terminationMessage, ClusterSingletonManagerSettings settings) =>
        Actor.Props.CreateBy(new Producer(singletonProps, terminationMessage, settings)).WithDeploy(Deploy.Local);

    /// <inheritdoc />
    protected override void PreStart()
    {
        ClusterToolsSerialization.Register(Context.System);
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent));
        var self = Self;
        var shutdown = CoordinatedShutdown.Get(Context.System);
        var timeout = shutdown.Timeout(CoordinatedShutdown.PhaseClusterExiting);
        shutdown.AddTask(CoordinatedShutdown.PhaseClusterExiting, $"singleton-exiting-{self.Path.Name}", async () =>
        {
            if (_cluster.IsTerminated || _cluster.SelfMember.Status == MemberStatus.Down)
                return Done.Instance;
            self.Tell(SingletonTimers.SelfExiting.Instance, ActorRefs.NoSender);
            try
            {
                return await _handedOver.Task.WaitAsync(timeout).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return Done.Instance;
            }
        });
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        _handedOver.TrySetResult(Done.Instance);
    }

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Actor.SupervisorStrategy.DefaultStrategy;

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterEvent.CurrentClusterState state:
                _members.Reset(state.Members);
                _stage = Stage.Younger;
                Evaluate();
                break;
            case ClusterEvent.MemberRemoved removed:
                OnRemoved(removed.Member);
                break;
            case ClusterEvent.MemberDowned downed when downed.Member.UniqueAddress.Equals(SelfAddress):
                OnSelfDowned();
                break;
            case ClusterEvent.IMemberEvent changed:
                _members.Update(changed.Member);
                if (changed.Member.UniqueAddress.Equals(SelfAddress) && changed.Member.Status == MemberStatus.Exiting)
                    OnSelfExiting();
                Evaluate();
                break;
            case SingletonTimers.MarginPassed passed:
                _members.Remove(passed.Member.UniqueAddress);
                Evaluate();
                break;
            case SingletonTimers.SelfExiting:
                OnSelfExiting();
                Evaluate();
                break;
            case SingletonTimers.HandOverRetry:
                Retry();
                break;
            case HandOverToMe:
                OnHandOverToMe();
                break;
            case HandOverInProgress:
                _log.Debug("Hand-over in progress at [{0}]", Sender.Path.Address);
                _retries = 0;
                break;
            case HandOverDone:
                OnHandOverDone();
                break;
            case TakeOverFromMe:
                OnTakeOverFromMe();
                break;
            case Terminated terminated when terminated.ActorRef.Equals(_singleton):
                OnSingletonTerminated();
                break;
        }
    }

    /// <summary>Whether the singleton is, or may be, alive here.</summary>
    private bool RunsSingleton => _stage is Stage.Oldest or Stage.WasOldest or Stage.HandingOver;

    /// <summary>Members that must have stopped the singleton, or be gone, before it is started here.</summary>
    private List<Member> Predecessors => _previousOldest is { } previous && _members.IsCandidate(previous.UniqueAddress)
        ? [.. _members.Departing, previous]
        : [.. _members.Departing];

    /// <summary>Compares the stage with who ought to run the singleton, and takes the next step.</summary>
    private void Evaluate()
    {
        var oldest = _members.Oldest;
        var isOldest = oldest is not null && oldest.UniqueAddress.Equals(SelfAddress);
        if (oldest is not null && !isOldest)
        {
            _yielded = false;
            if (!RunsSingleton)
                _previousOldest = oldest;
        }

        var isMyTurn = isOldest && !_selfExited && !_yielded;
        switch (_stage)
        {
            case Stage.Younger when isMyTurn:
                if (Predecessors.Count == 0)
                    StartSingleton();
                else
                    BecomeOldest();
                break;
            case Stage.BecomingOldest when !isMyTurn:
                Timers.Cancel(SingletonTimers.HandOverRetry.Instance);
                Enter(Stage.Younger);
                break;
            case Stage.BecomingOldest when Predecessors.Count == 0:
                StartSingleton();
                break;
            case Stage.Oldest when !isMyTurn:
                if (oldest is null)
                {
                    // Nobody is left to take over.
                    HandOver(null);
                }
                else
                {
                    Enter(Stage.WasOldest);
                    _retries = 0;
                    StartRetrying();
                    Manager(oldest).Tell(TakeOverFromMe.Instance);
                }

                break;
            case Stage.WasOldest when isMyTurn:
                Timers.Cancel(SingletonTimers.HandOverRetry.Instance);
                Enter(Stage.Oldest);
                break;
            case Stage.WasOldest when oldest is null:
                HandOver(null);
                break;
        }

        if (_selfExited && !RunsSingleton && _stage != Stage.End)
            Enter(Stage.End);
    }

    private void Enter(Stage stage)
    {
        if (_stage != stage)
            _log.Info("ClusterSingletonManager state change [{0} -> {1}]", _stage, stage);
        _stage = stage;
        if (stage == Stage.End)
        {
            Timers.Cancel(SingletonTimers.HandOverRetry.Instance);
            _handedOver.TrySetResult(Done.Instance);
        }
    }

    private void BecomeOldest()
    {
        Enter(Stage.BecomingOldest);
        _retries = 0;
        StartRetrying();
        foreach (var member in Predecessors)
            Manager(member).Tell(HandOverToMe.Instance);
    }

    private void StartRetrying() => Timers.StartPeriodicTimer(SingletonTimers.HandOverRetry.Instance, SingletonTimers.HandOverRetry.Instance,
        _settings.HandOverRetryInterval);

    private void StartSingleton()
    {
        Timers.Cancel(SingletonTimers.HandOverRetry.Instance);
        Enter(Stage.Oldest);
        _previousOldest = null;
        if (_singleton is not null)
            return;
        _log.Info("Singleton manager started singleton actor [{0}/{1}]", Self.Path, _settings.SingletonName);
        _singletonStarted = true;
        _singleton = Context.Watch(Context.ActorOf(_singletonProps, _settings.SingletonName));
    }

    private void Retry()
    {
        _retries++;
        switch (_stage)
        {
            case Stage.BecomingOldest:
                if (_retries == _settings.MinNumberOfHandOverRetries)
                {
                    _log.Warning("The previous oldest [{0}] has not answered {1} times; this member goes on waiting until it is removed.",
                        string.Join(", ", Predecessors.Select(m => m.Address)), _retries);
                }

                foreach (var member in Predecessors)
                    Manager(member).Tell(HandOverToMe.Instance);
                break;
            case Stage.WasOldest when _members.Oldest is { } oldest:
                Manager(oldest).Tell(TakeOverFromMe.Instance);
                break;
            default:
                Timers.Cancel(SingletonTimers.HandOverRetry.Instance);
                break;
        }
    }

    private void OnHandOverToMe()
    {
        if (!RunsSingleton)
        {
            // There is nothing here, and there will not be: who asks has newer knowledge of the membership.
            Sender.Tell(HandOverDone.Instance);
            if (_stage == Stage.BecomingOldest)
                _log.Info("[{0}] takes over, although this member has been waiting for the singleton.", Sender.Path.Address);
            return;
        }

        HandOver(Sender);
    }

    /// <summary>Stops the singleton for the given manager; null when nobody takes over.</summary>
    private void HandOver(IActorRef? to)
    {
        if (to is not null)
            _handOverTo.Add(to);
        if (_singleton is null)
        {
            FinishHandOver();
            return;
        }

        to?.Tell(HandOverInProgress.Instance);
        if (_stage == Stage.HandingOver)
            return;
        Timers.Cancel(SingletonTimers.HandOverRetry.Instance);
        Enter(Stage.HandingOver);
        _log.Info("Singleton manager stopping singleton actor [{0}]", _singleton.Path);
        _singleton.Tell(_terminationMessage);
    }

    private void OnSingletonTerminated()
    {
        _singleton = null;
        if (_stage == Stage.HandingOver)
            FinishHandOver();
        else
            _log.Info("Singleton actor [{0}] was terminated", _settings.SingletonName);
    }

    private void FinishHandOver()
    {
        _log.Info("Singleton terminated, hand-over done [{0} -> {1}]", _cluster.SelfAddress,
            string.Join(", ", _handOverTo.Select(t => t.Path.Address)));
        foreach (var manager in _handOverTo)
            manager.Tell(HandOverDone.Instance);
        _handOverTo.Clear();
        _singletonStarted = false;
        Timers.Cancel(SingletonTimers.HandOverRetry.Instance);
        Enter(_selfExited ? Stage.End : Stage.Younger);
        // Who asked knows newer members than this one does: until the news is here, this one must not start again.
        _yielded = true;
        Evaluate();
    }

    private void OnHandOverDone()
    {
        if (_stage != Stage.BecomingOldest)
            return;
        var from = Sender.Path.Address;
        foreach (var member in _members.Departing.Where(m => m.Address.Equals(from)).ToList())
            _members.Remove(member.UniqueAddress);
        if (_previousOldest is { } previous && previous.Address.Equals(from))
            _previousOldest = null;
        Evaluate();
    }

    private void OnTakeOverFromMe()
    {
        switch (_stage)
        {
            case Stage.BecomingOldest:
                Sender.Tell(HandOverToMe.Instance);
                break;
            case Stage.Younger:
                // The news that this member is the oldest is still on its way; with it, the hand-over is asked for.
                if (_cluster.State.Members.FirstOrDefault(m => m.Address.Equals(Sender.Path.Address)) is { } previous)
                    _members.Depart(previous);
                Evaluate();
                if (_stage == Stage.Younger)
                    Sender.Tell(HandOverToMe.Instance);
                break;
            case Stage.Oldest:
                Sender.Tell(HandOverToMe.Instance);
                break;
        }
    }

    private void OnRemoved(Member member)
    {
        if (member.UniqueAddress.Equals(SelfAddress))
        {
            Context.Stop(Self);
            return;
        }

        // It may have run the singleton, and may not have noticed yet that it is out: it gets the margin to stop.
        if (_settings.RemovalMargin > TimeSpan.Zero && (_members.IsCandidate(member.UniqueAddress) || _members.IsDeparting(member.UniqueAddress)))
        {
            _members.Depart(member);
            _log.Info("Schedule delayed member removed [{0}] in [{1}]", member.Address, _settings.RemovalMargin);
            Timers.StartSingleTimer(member.UniqueAddress, new SingletonTimers.MarginPassed(member), _settings.RemovalMargin);
        }
        else
        {
            _members.Remove(member.UniqueAddress);
        }

        Evaluate();
    }

    private void OnSelfExiting()
    {
        if (_selfExited)
            return;
        _selfExited = true;
        _members.Remove(SelfAddress);
        _log.Info("Exited [{0}]", _cluster.SelfAddress);
    }

    private void OnSelfDowned()
    {
        _log.Info("Self downed, stopping ClusterSingletonManager");
        _selfExited = true;
        _members.Remove(SelfAddress);
        if (_singletonStarted && _singleton is { } singleton)
        {
            // The others wait for the margin only; the singleton must be gone before it has passed.
            Context.Stop(singleton);
        }

        Context.Stop(Self);
    }

    /// <summary>The manager of this singleton on another member: the same path there.</summary>
    private IActorRef Manager(Member member) => ((ExtendedActorSystem)Context.System).Provider
        .ResolveActorRef(new RootActorPath(member.Address) / Self.Path.Elements);

    private sealed class Producer(Props singletonProps, object terminationMessage, ClusterSingletonManagerSettings settings)
        : IIndirectActorProducer
    {
        public Type ActorType => typeof(ClusterSingletonManager);

        public ActorBase Produce() => new ClusterSingletonManager(singletonProps, terminationMessage, settings);

        public void Release(ActorBase actor)
        {
        }
    }
}
