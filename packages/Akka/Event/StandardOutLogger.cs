using Akka.Actor;

namespace Akka.Event;

/// <summary>Writes log events to the console.</summary>
public class StandardOutLogger : MinimalActorRef
{
    public override ActorPath Path { get; } = new RootActorPath(new Address("akka", "all-systems"), "/StandardOutLogger");
    public override IActorRefProvider Provider => throw new NotSupportedException("StandardOutLogger has no provider");

    protected override void TellInternal(object message, IActorRef sender)
    {
        if (message is LogEvent logEvent) PrintLogEvent(logEvent);
        else Console.WriteLine(message);
    }

    public static void PrintLogEvent(LogEvent logEvent)
    {
        try
        {
            Console.WriteLine(logEvent.ToString());
        }
        catch (IOException)
        {
            // The console is gone; a log that cannot be written must not end the program.
        }
    }
}

/// <summary>The logger that is configured unless another one is.</summary>
public class DefaultLogger : ActorBase, Dispatch.IRequiresMessageQueue<Dispatch.IUnboundedMessageQueueSemantics>
{
    protected override bool Receive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                return true;
            case LogEvent logEvent:
                StandardOutLogger.PrintLogEvent(logEvent);
                return true;
            default:
                return false;
        }
    }
}
