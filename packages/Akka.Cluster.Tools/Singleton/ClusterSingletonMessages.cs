using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Tools.Singleton;

/// <summary>Marks what the managers of a singleton tell each other.</summary>
public interface IClusterSingletonMessage
{
}

/// <summary>The new oldest asks a previous one to stop the singleton.</summary>
internal sealed class HandOverToMe : IClusterSingletonMessage, IDeadLetterSuppression
{
    public static readonly HandOverToMe Instance = new();
}

/// <summary>The previous oldest is stopping the singleton.</summary>
internal sealed class HandOverInProgress : IClusterSingletonMessage
{
    public static readonly HandOverInProgress Instance = new();
}

/// <summary>There is no singleton at the previous oldest (any more), and none will be started there.</summary>
internal sealed class HandOverDone : IClusterSingletonMessage
{
    public static readonly HandOverDone Instance = new();
}

/// <summary>The previous oldest asks the new one to take over.</summary>
internal sealed class TakeOverFromMe : IClusterSingletonMessage, IDeadLetterSuppression
{
    public static readonly TakeOverFromMe Instance = new();
}

/// <summary>What a manager tells itself.</summary>
internal static class SingletonTimers
{
    public sealed class HandOverRetry : INoSerializationVerificationNeeded
    {
        public static readonly HandOverRetry Instance = new();
    }

    /// <summary>A removed member has been gone for the margin.</summary>
    public sealed record MarginPassed(Member Member) : INoSerializationVerificationNeeded;

    /// <summary>This member is exiting; the singleton is to be handed over.</summary>
    public sealed class SelfExiting : INoSerializationVerificationNeeded
    {
        public static readonly SelfExiting Instance = new();
    }
}
