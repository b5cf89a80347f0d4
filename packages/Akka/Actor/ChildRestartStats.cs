namespace Akka.Actor;

/// <summary>A child and how often it was restarted of late.</summary>
public class ChildRestartStats(IActorRef child, int maxRetriesCount = 0, long restartTimeWindowStartTicks = 0)
{
    /// <summary>Holds a name until its actor is made.</summary>
    internal static readonly ChildRestartStats Reserved = new(null);

    public IActorRef Child => child;
    public long Uid => child?.Path.Uid ?? ActorPath.UndefinedUid;
    public int MaxNrOfRetriesCount { get; private set; } = maxRetriesCount;
    public long RestartTimeWindowStartTicks { get; private set; } = restartTimeWindowStartTicks;

    /// <summary>Counts a restart; false when that is one too many. Negative bounds are none.</summary>
    public bool RequestRestartPermission(int maxNrOfRetries, int withinTimeMilliseconds)
    {
        if (maxNrOfRetries == 0) return false;
        if (withinTimeMilliseconds <= 0) return maxNrOfRetries < 0 || ++MaxNrOfRetriesCount <= maxNrOfRetries;
        // Without a count the window alone allows one restart, as documented for Akka.
        var retries = maxNrOfRetries < 0 ? 1 : maxNrOfRetries;
        var now = Environment.TickCount64;
        if (RestartTimeWindowStartTicks == 0 || now - RestartTimeWindowStartTicks > withinTimeMilliseconds)
        {
            MaxNrOfRetriesCount = 1;
            RestartTimeWindowStartTicks = now;
            return true;
        }

        return ++MaxNrOfRetriesCount <= retries;
    }
}
