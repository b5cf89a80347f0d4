using Akka.Actor;
using Akka.TestKit.Internal;

namespace Akka.TestKit.TestEvent;

/// <summary>Tells the test event listener what to keep quiet about.</summary>
public interface ITestEvent : INoSerializationVerificationNeeded;

/// <summary>Log events that these filters match are not logged.</summary>
public sealed class Mute(params EventFilterBase[] filters) : ITestEvent
{
    public IReadOnlyCollection<EventFilterBase> Filters => filters;
}

/// <summary>Takes filters back.</summary>
public sealed class Unmute(params EventFilterBase[] filters) : ITestEvent
{
    public IReadOnlyCollection<EventFilterBase> Filters => filters;
}
