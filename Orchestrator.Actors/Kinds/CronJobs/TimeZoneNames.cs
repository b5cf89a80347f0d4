namespace Orchestrator.Actors.Kinds.CronJobs;

/// <summary>The names of time zones as the IANA gives them.</summary>
public static class TimeZoneNames
{
    /// <summary>Whether this machine knows the zone. A name of Windows is none.</summary>
    public static bool Exists(string name)
    {
        if (name.Length == 0 || name.Contains("..", StringComparison.Ordinal) || name[0] is '/' or '\\') return false;
        return name == "UTC" || (TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.HasIanaId);
    }
}
