using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Configuration;

namespace Akka.Event;

/// <summary>The part of the event stream that feeds loggers.</summary>
public class LoggingBus : ActorEventBus<object, Type>
{
    private static readonly LogLevel[] AllLevels = [LogLevel.DebugLevel, LogLevel.InfoLevel, LogLevel.WarningLevel, LogLevel.ErrorLevel];
    private readonly List<IActorRef> _loggers = [];
    private int _loggerNumber;

    /// <summary>The lowest level that is published; read on every log call.</summary>
    public LogLevel LogLevel { get; private set; }

    public void SetLogLevel(LogLevel logLevel)
    {
        LogLevel = logLevel;
        foreach (var logger in _loggers)
            foreach (var level in AllLevels)
            {
                if (level >= logLevel) Subscribe(logger, Logging.ClassFor(level));
                else Unsubscribe(logger, Logging.ClassFor(level));
            }
    }

    /// <summary>Before there are actors, what is logged goes to the console.</summary>
    public void StartStdoutLogger(Settings settings)
    {
        var level = Logging.LogLevelFor(settings.StdoutLogLevel);
        LogLevel = level;
        foreach (var each in AllLevels)
            if (each >= level) Subscribe(Logging.StandardOutLogger, Logging.ClassFor(each));
    }

    internal void StartDefaultLoggers(ActorSystemImpl system)
    {
        var level = Logging.LogLevelFor(system.Settings.LogLevel);
        var started = false;
        foreach (var name in system.Settings.Loggers)
        {
            if (name.Length == 0) continue;
            var type = Type.GetType(name) ?? typeof(LoggingBus).Assembly.GetType(name)
                ?? throw new ConfigurationException($"Logger specified in config cannot be found: \"{name}\"");
            if (type == typeof(StandardOutLogger)) continue;
            AddLogger(system, type, level);
            started = true;
        }

        LogLevel = level;
        if (started) Unsubscribe(Logging.StandardOutLogger);
    }

    internal void StopDefaultLoggers(ActorSystem system)
    {
        foreach (var logger in _loggers)
            Unsubscribe(logger);
        StartStdoutLogger(system.Settings);
    }

    protected override bool IsSubClassification(Type parent, Type child) => parent.IsAssignableFrom(child);
    protected override void Publish(object @event, IActorRef subscriber) => subscriber.Tell(@event, ActorRefs.NoSender);
    protected override bool Classify(object @event, Type classifier) => classifier.IsInstanceOfType(@event);
    protected override Type GetClassifier(object @event) => @event.GetType();

    private void AddLogger(ActorSystemImpl system, Type type, LogLevel level)
    {
        var logger = system.SystemActorOf(
            Props.Create(type).WithDispatcher(system.Settings.LoggersDispatcher), $"log{Interlocked.Increment(ref _loggerNumber)}-{type.Name}");
        var initialized = logger.Ask<object>(new InitializeLogger(this), system.Settings.LoggerStartTimeout);
        if (!initialized.Wait(system.Settings.LoggerStartTimeout) || initialized.Result is not LoggerInitialized)
            throw new ConfigurationException($"Logger {type} did not answer with LoggerInitialized");
        _loggers.Add(logger);
        foreach (var each in AllLevels)
            if (each >= level) Subscribe(logger, Logging.ClassFor(each));
    }
}

/// <summary>Asks a logger to begin; it answers with <see cref="LoggerInitialized"/>.</summary>
public class InitializeLogger(LoggingBus loggingBus) : INoSerializationVerificationNeeded
{
    public LoggingBus LoggingBus => loggingBus;
}

public class LoggerInitialized : INoSerializationVerificationNeeded;
