namespace Orchestrator.Actors.Controllers;

/// <summary>How the controllers and the scheduler of a process work. Read from <c>orchestrator.controllers</c>.</summary>
public sealed record ControllerSettings
{
    private const int ShardsMax = 10_000;

    /// <summary>The role of the processes that host controllers.</summary>
    public string Role { get; init; } = "control-plane";

    /// <summary>Number of shards; part of the cluster's identity, so equal in all processes.</summary>
    public int Shards { get; init; } = 64;

    /// <summary>The certificate by which pods recognize the API server; empty publishes none.</summary>
    public string RootCertificatePem { get; init; } = "";

    /// <summary>How long an entity without work stays in memory.</summary>
    public TimeSpan IdleAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a pass waits for its caches before it is tried again.</summary>
    public TimeSpan CacheDeadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest gathering of triggers between two passes over one object.</summary>
    public TimeSpan PauseMax { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan RetryMin { get; init; } = TimeSpan.FromMilliseconds(100);

    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a kubelet may be silent before its node is Unknown.</summary>
    public TimeSpan NodeGracePeriod { get; init; } = Kinds.Nodes.NodeLifecycleReconciler.DefaultGracePeriod;

    /// <summary>How long an Event is kept; source: kube-apiserver --event-ttl.</summary>
    public TimeSpan EventsKeptFor { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The seed of the scheduler's choice between equal nodes.</summary>
    public int SchedulerSeed { get; init; }

    /// <summary>The name that events give as their source's host.</summary>
    public string HostName { get; init; } = "";

    /// <summary>These settings, unless one of them cannot work.</summary>
    /// <exception cref="ArgumentException">One cannot; the message is a sentence that names its key.</exception>
    public ControllerSettings Validated()
    {
        if (Shards is < 1 or > ShardsMax) throw new ArgumentException($"shards must be between 1 and {ShardsMax}, and is {Shards}.");
        Positive("idle-after", IdleAfter);
        Positive("cache-deadline", CacheDeadline);
        Positive("retry-min", RetryMin);
        Positive("node-grace-period", NodeGracePeriod);
        Positive("events-kept-for", EventsKeptFor);
        if (PauseMax < TimeSpan.Zero) throw new ArgumentException($"pause-max must not be negative, and is {PauseMax}.");
        if (RetryMax < RetryMin) throw new ArgumentException($"retry-max must not be shorter than retry-min, and is {RetryMax} to its {RetryMin}.");
        return this;
    }

    private static void Positive(string key, TimeSpan value)
    {
        if (value <= TimeSpan.Zero) throw new ArgumentException($"{key} must be longer than nothing, and is {value}.");
    }
}
