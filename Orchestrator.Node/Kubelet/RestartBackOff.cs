namespace Orchestrator.Node.Kubelet;

/// <summary>How long a container that keeps ending stays down.</summary>
/// <remarks>
/// Source: kubelet's container back-off. The first restart is immediate; then 10 s, doubling, at most 5 min. A container that
/// ran for 10 min (twice the most) starts over.
/// </remarks>
public static class RestartBackOff
{
    public static readonly TimeSpan Initial = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Max = TimeSpan.FromMinutes(5);
    public static readonly TimeSpan ResetAfter = TimeSpan.FromMinutes(10);

    /// <summary>The delay to store with a container that starts now, given how the one before went.</summary>
    public static TimeSpan Next(ContainerRun? previous)
    {
        if (previous?.Ended is not { } ended) return TimeSpan.Zero; // the very first start: its restart is immediate
        if (previous.BackOff == TimeSpan.Zero || ended.FinishedAt - previous.StartedAt >= ResetAfter) return Initial;
        return Doubled(previous.BackOff);
    }

    /// <summary>When a container that ended may start again.</summary>
    public static DateTimeOffset DueAt(ContainerRun run)
    {
        var ended = run.Ended!;
        return ended.FinishedAt - run.StartedAt >= ResetAfter ? ended.FinishedAt : ended.FinishedAt + run.BackOff;
    }

    /// <summary>The next delay after <paramref name="delay"/>, also of image pulls.</summary>
    public static TimeSpan Doubled(TimeSpan delay) => delay == TimeSpan.Zero ? Initial : delay * 2 > Max ? Max : delay * 2;

    /// <summary>A delay as Go prints it, such as <c>10s</c>, <c>1m20s</c> or <c>5m0s</c>.</summary>
    public static string Text(TimeSpan delay) =>
        delay < TimeSpan.FromMinutes(1) ? $"{delay.TotalSeconds:0}s" : $"{(int)delay.TotalMinutes}m{delay.Seconds}s";
}
