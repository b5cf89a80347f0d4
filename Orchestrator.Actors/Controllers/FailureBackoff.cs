namespace Orchestrator.Actors.Controllers;

/// <summary>Leaves alone for ever longer what fails again and again, such as the pods of one node. Kept by an entity for as long as it lives.</summary>
/// <remarks>Source: kube-controller-manager, failedPodsBackoff of the daemon controller.</remarks>
public sealed class FailureBackoff
{
    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(15);

    private readonly Dictionary<string, Failure> _failures = new(StringComparer.Ordinal);
    private DateTimeOffset _cleared;

    private sealed record Failure(string Instance, TimeSpan Pause, DateTimeOffset At);

    /// <summary>How long to wait until the failure is acted on. Nothing means now; the same failure may then be asked about again.</summary>
    /// <param name="name">What fails again and again.</param>
    /// <param name="instance">This failure of it, such as the uid of the pod.</param>
    public TimeSpan Left(string name, string instance, DateTimeOffset now)
    {
        Clear(now);
        if (_failures.TryGetValue(name, out var last))
        {
            if (last.Instance == instance) return TimeSpan.Zero;
            if (last.At + last.Pause > now) return last.At + last.Pause - now;
        }
        var pause = last is null ? PauseMin : last.Pause * 2;
        _failures[name] = new Failure(instance, pause < PauseMax ? pause : PauseMax, now);
        return TimeSpan.Zero;
    }

    // What has gone well for long begins anew.
    private void Clear(DateTimeOffset now)
    {
        if (now - _cleared < PauseMax) return;
        _cleared = now;
        foreach (var (name, failure) in _failures)
            if (now - failure.At > PauseMax * 2) _failures.Remove(name);
    }
}
