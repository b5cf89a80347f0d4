using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Actor;

/// <summary>References within one process.</summary>
public sealed class LocalActorRefProvider : IActorRefProvider
{
    private readonly EventStream _eventStream;
    private readonly ILoggingAdapter _log;
    private readonly ActorPath _tempNode;
    private readonly TheOneAboveAll _aboveAll;
    private VirtualPathContainer _tempContainer;
    private ActorSystemImpl _system;
    private RootGuardianActorRef _rootGuardian;
    private long _tempNumber;

    public LocalActorRefProvider(string systemName, Settings settings, EventStream eventStream)
    {
        Settings = settings;
        _eventStream = eventStream;
        _log = Logging.GetLogger(eventStream, "LocalActorRefProvider(" + systemName + ")");
        RootPath = new RootActorPath(new Address("akka", systemName));
        _tempNode = RootPath / "temp";
        Deployer = new Deployer(settings);
        DeadLetters = new DeadLetterActorRef(this, RootPath / "deadLetters", eventStream);
        IgnoreRef = new IgnoreActorRef(this);
        _aboveAll = new TheOneAboveAll(this, RootPath / "bubble-walker", _log);
    }

    public IInternalActorRef RootGuardian => _rootGuardian;
    public LocalActorRef Guardian { get; private set; }
    public LocalActorRef SystemGuardian { get; private set; }
    public IActorRef DeadLetters { get; }
    public IActorRef IgnoreRef { get; }
    public ActorPath RootPath { get; }
    public Settings Settings { get; }
    public Deployer Deployer { get; }
    public IInternalActorRef TempContainer => _tempContainer;
    public Task TerminationTask => _aboveAll.Terminated;
    public Address DefaultAddress => RootPath.Address;

    public void Init(ActorSystemImpl system)
    {
        _system = system;
        _tempContainer = new VirtualPathContainer(this, _tempNode, null, _log);
        var mailbox = system.Mailboxes.Lookup(Dispatch.Mailboxes.DefaultMailboxId);
        var dispatcher = system.Dispatchers.DefaultGlobalDispatcher;
        _rootGuardian = new RootGuardianActorRef(
            system, Props.Create(() => new RootGuardianActor()), dispatcher, mailbox, _aboveAll, RootPath, DeadLetters, _tempContainer);
        _rootGuardian.Start();
        Guardian = Top(Props.Create(() => new UserGuardianActor(UserStrategy())), "user");
        SystemGuardian = Top(Props.Create(() => new SystemGuardianActor(Guardian)), "system");
        _rootGuardian.Tell(new RootGuardianActor.Watch(SystemGuardian), ActorRefs.NoSender);
        Guardian.Start();
        SystemGuardian.Start();

        LocalActorRef Top(Props props, string name)
        {
            var top = new LocalActorRef(system, props, dispatcher, mailbox, _rootGuardian, new ChildActorPath(RootPath, name, ActorCell.NewUid()));
            _rootGuardian.Cell.Adopt(top);
            return top;
        }
    }

    public ActorPath TempPath() => _tempNode / $"${Interlocked.Increment(ref _tempNumber):x}";

    public void RegisterTempActor(IInternalActorRef actorRef, ActorPath path) => _tempContainer.AddChild(path.Name, actorRef);

    public void UnregisterTempActor(ActorPath path) => _tempContainer.RemoveChild(path.Name);

    public IActorRef RootGuardianAt(Address address) => address == RootPath.Address ? _rootGuardian : DeadLetters;

    public IInternalActorRef ActorOf(
        ActorSystemImpl system, Props props, IInternalActorRef supervisor, ActorPath path, bool systemService, Deploy deploy, bool lookupDeploy, bool async)
    {
        if (props.RouterConfig is not null and not Routing.NoRouter)
            throw new NotSupportedException($"{path}: routers are not supported by this package");
        var dispatcherId = props.Deploy.Dispatcher is { Length: > 0 } own ? own : Dispatch.Dispatchers.DefaultDispatcherId;
        if (!system.Dispatchers.HasDispatcher(dispatcherId)) throw new ConfigurationException($"Dispatcher [{dispatcherId}] not configured for path {path}");
        try
        {
            var dispatcher = system.Dispatchers.Lookup(dispatcherId);
            var mailbox = system.Mailboxes.GetMailboxType(props, system.Dispatchers.ConfigOf(dispatcherId));
            return new LocalActorRef(system, props, dispatcher, mailbox, supervisor, path);
        }
        catch (ConfigurationException e)
        {
            throw new ConfigurationException($"Configuration problem while creating {path} with dispatcher [{dispatcherId}] and mailbox [{props.Mailbox}]", e);
        }
    }

    public IActorRef ResolveActorRef(string path)
    {
        if (IgnoreActorRef.IsIgnoreRefPath(path)) return IgnoreRef;
        return ActorPath.TryParse(path, out var parsed) && parsed.Address == RootPath.Address ? Resolve(parsed) : DeadLetters;
    }

    public IActorRef ResolveActorRef(ActorPath actorPath) => Resolve(actorPath);

    public Address GetExternalAddressFor(Address address) => address == RootPath.Address ? address : null;

    /// <summary>Follows the elements of a path from the root, whatever its address.</summary>
    private IActorRef Resolve(ActorPath path)
    {
        if (path.Elements.Count == 0) return _rootGuardian;
        string[] names = [.. path.Elements];
        if (path.Uid != ActorPath.UndefinedUid) names[^1] += "#" + path.Uid.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var found = _rootGuardian.GetChild(names);
        return found.IsNobody() ? new EmptyLocalActorRef(this, path, _eventStream) : found;
    }

    private SupervisorStrategy UserStrategy()
    {
        var name = Settings.SupervisorStrategyClass;
        var type = Type.GetType(name) ?? typeof(LocalActorRefProvider).Assembly.GetType(name)
            ?? throw new ConfigurationException($"akka.actor.guardian-supervisor-strategy names the unknown class [{name}]");
        return ((SupervisorStrategyConfigurator)Activator.CreateInstance(type)).Create();
    }

    /// <summary>Supervises the root guardian; with its end the system ends.</summary>
    private sealed class TheOneAboveAll(IActorRefProvider provider, ActorPath path, ILoggingAdapter log) : MinimalActorRef
    {
        private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Terminated => _terminated.Task;
        public override ActorPath Path => path;
        public override IActorRefProvider Provider => provider;

        public override void SendSystemMessage(Dispatch.SysMsg.ISystemMessage message)
        {
            switch (message)
            {
                case Dispatch.SysMsg.Failed failed:
                    log.Error(failed.Cause, "guardian {0} failed, shutting down!", failed.Child);
                    ((IInternalActorRef)failed.Child).Stop();
                    break;
                case Dispatch.SysMsg.DeathWatchNotification:
                    _terminated.TrySetResult();
                    break;
            }
        }
    }
}
