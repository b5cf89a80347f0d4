using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Internal;
using Akka.TestKit.TestEvent;

namespace Akka.TestKit;

/// <summary>The logger of tests: drops what filters match, and logs dead letters and unhandled messages as warnings.</summary>
public class TestEventListener : DefaultLogger
{
    private readonly List<EventFilterBase> _filters = [];

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case InitializeLogger initialize:
                foreach (var type in (Type[])[typeof(Mute), typeof(Unmute), typeof(DeadLetter), typeof(UnhandledMessage)])
                    initialize.LoggingBus.Subscribe(Context.Self, type);
                Sender.Tell(new LoggerInitialized());
                return true;
            case Mute mute:
                _filters.AddRange(mute.Filters);
                return true;
            case Unmute unmute:
                foreach (var filter in unmute.Filters) _filters.Remove(filter);
                return true;
            case LogEvent logEvent:
                return IsMuted(logEvent) || base.Receive(message);
            case DeadLetter letter:
                Report(letter.Recipient, letter, $"Message {Describe(letter.Message)} from {letter.Sender} to {letter.Recipient} was not delivered");
                return true;
            case UnhandledMessage unhandled:
                Report(unhandled.Recipient, unhandled, $"Unhandled message from {unhandled.Sender}: {Describe(unhandled.Message)}");
                return true;
            default:
                return base.Receive(message);
        }
    }

    // Filters see the letter itself, people a sentence.
    private void Report(IActorRef recipient, object letter, string text)
    {
        var (source, type) = (recipient.Path.ToString(), recipient.GetType());
        if (!IsMuted(new Warning(source, type, letter))) base.Receive(new Warning(source, type, text));
    }

    private static string Describe(object message) => $"[{message}] of type {message?.GetType().Name}";

    private bool IsMuted(LogEvent logEvent)
    {
        foreach (var filter in _filters)
        {
            try
            {
                if (filter.Apply(logEvent)) return true;
            }
            catch (Exception e)
            {
                base.Receive(new Warning(e, Self.Path.ToString(), GetType(), "A filter of a test failed"));
            }
        }

        return false;
    }
}
