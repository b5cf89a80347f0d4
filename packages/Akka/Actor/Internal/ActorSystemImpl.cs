using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;
using Akka.Util;

namespace Akka.Actor.Internal;

/// <summary>The one implementation of an actor system.</summary>
public partial class ActorSystemImpl : ExtendedActorSystem
{
    private readonly ConcurrentDictionary<Type, Lazy<object>> _extensions = new();
    private readonly Stack<Action> _terminationCallbacks = new();
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IActorRefProvider _provider;
    private IActorRef _logDeadLetterListener;
    private int _stopping;

    public ActorSystemImpl(string name, Config config, ActorSystemSetup setup, Option<ProviderSelection> guardianProps)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (!NamePattern().IsMatch(name))
            throw new ArgumentException($"Invalid ActorSystem name [{name}]: it must consist of letters, digits, '-' and '_' and not begin with '-' or '_'", nameof(name));
        Name = name;
        if (guardianProps.HasValue) config = ConfigurationFactory.ParseString($"akka.actor.provider = \"{guardianProps.Value.Identifier}\"").WithFallback(config);
        Settings = new Settings(this, config, setup);
        EventStream = new EventStream(Settings.DebugEventStream);
        EventStream.StartStdoutLogger(Settings);
        Log = Logging.GetLogger(EventStream, "ActorSystem(" + name + ")");
        Scheduler = CreateScheduler();
        _provider = CreateProvider();
        Mailboxes = new Mailboxes(this);
        Dispatchers = new Dispatchers(this, new DefaultDispatcherPrerequisites(this));
        Serialization = new Serialization.Serialization(this);
    }

    public override string Name { get; }
    public override Settings Settings { get; }
    public override Serialization.Serialization Serialization { get; }
    public override EventStream EventStream { get; }
    public override IActorRef DeadLetters => _provider.DeadLetters;
    public override IActorRef IgnoreRef => _provider.IgnoreRef;
    public override Dispatchers Dispatchers { get; }
    public override Mailboxes Mailboxes { get; }
    public override IScheduler Scheduler { get; }
    public override ILoggingAdapter Log { get; }
    public override IActorRefProvider Provider => _provider;
    public override IInternalActorRef Guardian => _provider.Guardian;
    public override IInternalActorRef LookupRoot => _provider.RootGuardian;
    public override IInternalActorRef SystemGuardian => _provider.SystemGuardian;
    public override Task WhenTerminated => _terminated.Task;

    /// <summary>True once the system gives up waiting for its actors.</summary>
    public bool Aborting { get; private set; }

    /// <summary>Brings the system to life.</summary>
    public void Start()
    {
        try
        {
            _provider.Init(this);
            EventStream.StartDefaultLoggers(this);
            if (Settings.LogDeadLetters > 0) _logDeadLetterListener = SystemActorOf(Props.Create(() => new DeadLetterListener()), "deadLetterListener");
            LoadExtensions();
            if (Settings.LogConfigOnStart) Log.Info(Settings.ToString());
            _provider.TerminationTask.ContinueWith(_ => AfterTermination(), CancellationToken.None, TaskContinuationOptions.RunContinuationsAsynchronously, TaskScheduler.Default);
        }
        catch (Exception)
        {
            // Without this a failed start would leave threads and sockets behind.
            (Scheduler as IDisposable)?.Dispose();
            _ = FinalTerminate();
            throw;
        }
    }

    public override IActorRef ActorOf(Props props, string name = null) => _provider.Guardian.Cell.AttachChild(props, systemService: false, name);

    public override IActorRef SystemActorOf(Props props, string name = null) => _provider.SystemGuardian.Cell.AttachChild(props, systemService: true, name);

    public override IActorRef SystemActorOf<TActor>(string name = null) => SystemActorOf(Props.Create<TActor>(), name);

    public override ActorSelection ActorSelection(ActorPath actorPath) => ActorRefFactoryShared.ActorSelection(actorPath, this);

    public override ActorSelection ActorSelection(string actorPath) => ActorRefFactoryShared.ActorSelection(actorPath, this, _provider.RootGuardian);

    public override object RegisterExtension(IExtensionId extension) =>
        // Lazy, so that two threads make one instance and an extension may need others.
        _extensions.GetOrAdd(extension.ExtensionType, static (_, a) => new Lazy<object>(() => a.extension.CreateExtension(a.system)), (extension, system: this)).Value;

    public override object GetExtension(IExtensionId extensionId) => RegisterExtension(extensionId);

    public override T GetExtension<T>() => TryGetExtension<T>(out var extension) ? extension : null;

    public override bool HasExtension(Type type) => typeof(IExtension).IsAssignableFrom(type) && _extensions.ContainsKey(type);

    public override bool HasExtension<T>() => _extensions.ContainsKey(typeof(T));

    public override bool TryGetExtension(Type extensionType, out object extension)
    {
        var found = _extensions.TryGetValue(extensionType, out var lazy);
        extension = found ? lazy.Value : null;
        return found;
    }

    public override bool TryGetExtension<T>(out T extension)
    {
        var found = TryGetExtension(typeof(T), out var value);
        extension = (T)value;
        return found;
    }

    public override void RegisterOnTermination(Action code)
    {
        lock (_terminationCallbacks)
        {
            if (!_terminated.Task.IsCompleted)
            {
                _terminationCallbacks.Push(code);
                return;
            }
        }

        throw new InvalidOperationException("ActorSystem already terminated");
    }

    public override Task Terminate()
    {
        if (Settings.CoordinatedShutdownRunByActorSystemTerminate) CoordinatedShutdown.Get(this).Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance);
        else _ = FinalTerminate();
        return WhenTerminated;
    }

    /// <summary>Stops the actors; the last step of the coordinated shutdown.</summary>
    internal Task FinalTerminate()
    {
        if (Interlocked.Exchange(ref _stopping, 1) == 0)
        {
            if (!Settings.LogDeadLettersDuringShutdown && _logDeadLetterListener is not null) Stop(_logDeadLetterListener);
            if (_provider.Guardian is { } guardian) guardian.Stop();
            else _terminated.TrySetResult();
        }

        return WhenTerminated;
    }

    public override void Abort()
    {
        Aborting = true;
        _ = FinalTerminate();
    }

    public override void Stop(IActorRef actor)
    {
        var parent = actor.Path.Parent;
        if (parent == _provider.Guardian.Path) _provider.Guardian.Cell.Stop(actor);
        else if (parent == _provider.SystemGuardian.Path) _provider.SystemGuardian.Cell.Stop(actor);
        else ((IInternalActorRef)actor).Stop();
    }

    public override string PrintTree()
    {
        var text = new StringBuilder();
        Print(LookupRoot, "");
        return text.ToString();

        void Print(IActorRef node, string indent)
        {
            text.Append(indent).Append("-> ").AppendLine(node.Path.Name);
            if (node is ActorRefWithCell cell)
                foreach (var child in cell.Children) Print(child, indent + "   ");
        }
    }

    public override string ToString() => LookupRoot?.Path.Root.Address.ToString() ?? Name;

    private void AfterTermination()
    {
        while (true)
        {
            Action callback;
            lock (_terminationCallbacks)
            {
                if (_terminationCallbacks.Count == 0) break;
                callback = _terminationCallbacks.Pop();
            }

            try
            {
                callback();
            }
            catch (Exception e)
            {
                Log.Error(e, "A termination callback failed");
            }
        }

        EventStream.StopDefaultLoggers(this);
        (Scheduler as IDisposable)?.Dispose();
        _terminated.TrySetResult();
    }

    private void LoadExtensions()
    {
        foreach (var name in Settings.Config.GetStringList("akka.extensions"))
        {
            var type = Type.GetType(name);
            if (type is null || !typeof(IExtensionId).IsAssignableFrom(type)) throw new ConfigurationException($"akka.extensions names [{name}], which is no extension");
            RegisterExtension((IExtensionId)Activator.CreateInstance(type));
        }
    }

    private IScheduler CreateScheduler()
    {
        var type = Type.GetType(Settings.SchedulerClass) ?? throw new ConfigurationException($"akka.scheduler.implementation names the unknown class [{Settings.SchedulerClass}]");
        return (IScheduler)Activator.CreateInstance(type, Settings.Config, Log);
    }

    private IActorRefProvider CreateProvider()
    {
        var selection = ProviderSelection.GetProvider(Settings.ProviderClass);
        if (selection is ProviderSelection.Local) return new LocalActorRefProvider(Name, Settings, EventStream);
        var type = Type.GetType(selection.Fqn) ?? throw new ConfigurationException($"'akka.actor.provider' is not a valid type name: {selection.Fqn}");
        try
        {
            return (IActorRefProvider)Activator.CreateInstance(type, Name, Settings, EventStream);
        }
        catch (System.Reflection.TargetInvocationException e) when (e.InnerException is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }
    }

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9-_]*$")]
    private static partial Regex NamePattern();
}
