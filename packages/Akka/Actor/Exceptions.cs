namespace Akka.Actor;

/// <summary>Base of the errors of the actor system.</summary>
public abstract class AkkaException : Exception
{
    protected AkkaException(string message, Exception cause = null) : base(message, cause) { }

    protected AkkaException() { }

    protected Exception Cause => InnerException;
}

/// <summary>An actor could not be created or started.</summary>
public class ActorInitializationException : AkkaException
{
    public ActorInitializationException() : base("The actor could not be created") { }

    public ActorInitializationException(string message) : base(message) { }

    public ActorInitializationException(string message, Exception cause) : base(message, cause) { }

    public ActorInitializationException(IActorRef actor, string message, Exception cause = null) : base(message, cause) => Actor = actor;

    public IActorRef Actor { get; set; }

    public override string ToString() => Actor is null ? base.ToString() : $"{Actor}: {base.ToString()}";
}

/// <summary>PreRestart failed; the actor stops.</summary>
public class PreRestartException(IActorRef actor, Exception restartException, Exception cause, object optionalMessage)
    : ActorInitializationException(actor, $"PreRestart failed, called because of [{cause?.Message}]", restartException)
{
    public Exception RestartException => InnerException;
    public object OptionalMessage => optionalMessage;
}

/// <summary>The new instance of a restarting actor failed.</summary>
public class PostRestartException(IActorRef actor, Exception cause, Exception originalCause)
    : ActorInitializationException(actor, $"PostRestart failed, called because of [{originalCause?.Message}]", cause)
{
    public Exception OriginalCause => originalCause;
}

/// <summary>Thrown in an actor that receives <see cref="Kill"/>.</summary>
public class ActorKilledException(string message) : AkkaException(message);

/// <summary>A selection or lookup found no actor.</summary>
public class ActorNotFoundException(string message, Exception innerException = null) : AkkaException(message, innerException);

/// <summary>No answer came in time.</summary>
public class AskTimeoutException(string message) : AkkaException(message);

/// <summary>A watched actor died and its watcher did not handle <see cref="Terminated"/>.</summary>
public class DeathPactException(IActorRef deadActor) : AkkaException($"Monitored actor [{deadActor}] terminated")
{
    public IActorRef DeadActor => deadActor;
}

/// <summary>A name that is malformed or taken.</summary>
public class InvalidActorNameException : AkkaException
{
    public InvalidActorNameException(string message) : base(message) { }

    public InvalidActorNameException(string message, Exception innerException) : base(message, innerException) { }
}

/// <summary>A message that cannot be sent, such as null.</summary>
public class InvalidMessageException(string message = "Message is null") : AkkaException(message);

/// <summary>Used in a state that does not allow it.</summary>
public class IllegalActorStateException(string message) : AkkaException(message);

/// <summary>A stash is full.</summary>
public class StashOverflowException(string message, Exception cause = null) : AkkaException(message, cause);

/// <summary>A logger did not start.</summary>
public class LoggerInitializationException : AkkaException
{
    public LoggerInitializationException() { }

    public LoggerInitializationException(string message, Exception cause = null) : base(message, cause) { }
}

/// <summary>The scheduler cannot take work.</summary>
public class SchedulerException(string message) : AkkaException(message);

/// <summary>Used where it is not supported.</summary>
public class IllegalActorNameException(string message) : AkkaException(message);
