using Akka.Event;

namespace Akka.TestKit.Internal;

/// <summary>Picks log events.</summary>
public abstract class EventFilterBase
{
    /// <summary>Raised for each event that the listener found to match, on the listener's thread.</summary>
    public event Action<LogEvent> EventMatched;

    public bool Apply(LogEvent logEvent)
    {
        if (!Matches(logEvent)) return false;
        EventMatched?.Invoke(logEvent);
        return true;
    }

    protected abstract bool Matches(LogEvent logEvent);
}

internal sealed class PredicateFilter(Predicate<LogEvent> matches, string description) : EventFilterBase
{
    protected override bool Matches(LogEvent logEvent) => matches(logEvent);

    public override string ToString() => description;
}
