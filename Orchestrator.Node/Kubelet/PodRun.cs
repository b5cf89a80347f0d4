using System.Collections.Immutable;
using System.Diagnostics;

namespace Orchestrator.Node.Kubelet;

/// <summary>Something that happened to a pod on this machine, kept in the node's journal.</summary>
public abstract record PodRunEvent(DateTimeOffset At);

/// <summary>The kubelet took the pod on; its time is the pod's <c>status.startTime</c>.</summary>
public sealed record PodAccepted(DateTimeOffset At) : PodRunEvent(At);

public sealed record SandboxStarted(string Id, string Ip, int Attempt, DateTimeOffset At) : PodRunEvent(At);

public sealed record SandboxRemoved(string Id, DateTimeOffset At) : PodRunEvent(At);

/// <param name="Attempt">The container's restart count.</param>
/// <param name="BackOff">How long the container has to stay down before its next restart, when it ends.</param>
public sealed record ContainerStarted(
    string Container, string Id, int Attempt, string Image, string ImageId, TimeSpan BackOff, DateTimeOffset At) : PodRunEvent(At);

/// <summary>The startup probe passed, or there is none; with postStart done.</summary>
public sealed record ContainerStartupFinished(string Container, DateTimeOffset At) : PodRunEvent(At);

/// <param name="Reason"><c>Completed</c>, <c>Error</c>, <c>OOMKilled</c>, <c>ContainerStatusUnknown</c> or <c>StartError</c>.</param>
public sealed record ContainerExited(
    string Container, string Id, int ExitCode, string Reason, string Message, DateTimeOffset? StartedAt, DateTimeOffset At) : PodRunEvent(At);

/// <summary>The kubelet ended the pod for a reason of its own.</summary>
public sealed record PodFailed(string Reason, string Message, DateTimeOffset At) : PodRunEvent(At);

/// <summary>How a container ended.</summary>
public sealed record Termination(string Id, int ExitCode, string Reason, string Message, DateTimeOffset? StartedAt, DateTimeOffset FinishedAt);

/// <summary>What became of one container of a pod so far.</summary>
public sealed record ContainerRun
{
    public required string Id { get; init; }
    public required int RestartCount { get; init; }
    public required string Image { get; init; }
    public required string ImageId { get; init; }
    public required int SandboxAttempt { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public TimeSpan BackOff { get; init; }
    public bool StartupFinished { get; init; }

    /// <summary>Null while it runs.</summary>
    public Termination? Ended { get; init; }

    /// <summary>How the container before this one ended.</summary>
    public Termination? Previous { get; init; }

    public bool Running => Ended is null;
}

/// <summary>The sandbox that the pod has now.</summary>
public sealed record SandboxRun(string Id, string Ip, int Attempt);

/// <summary>What has happened to a pod on this machine: the fold of its events.</summary>
public sealed record PodRunState
{
    public static PodRunState Empty { get; } = new();

    public DateTimeOffset? AcceptedAt { get; init; }
    public SandboxRun? Sandbox { get; init; }

    /// <summary>The address of the sandbox, or of the one before; empty for that of the node, null when there was none.</summary>
    public string? Ip { get; init; }

    /// <summary>How many sandboxes were started.</summary>
    public int SandboxCount { get; init; }
    public ImmutableDictionary<string, ContainerRun> Containers { get; init; } =
        ImmutableDictionary<string, ContainerRun>.Empty.WithComparers(StringComparer.Ordinal);
    public PodFailed? Failure { get; init; }

    public ContainerRun? Of(string container) => Containers.GetValueOrDefault(container);

    public PodRunState Apply(PodRunEvent e) => e switch
    {
        PodAccepted => this with { AcceptedAt = AcceptedAt ?? e.At },
        SandboxStarted s => this with { Sandbox = new SandboxRun(s.Id, s.Ip, s.Attempt), Ip = s.Ip, SandboxCount = Math.Max(SandboxCount, s.Attempt + 1) },
        SandboxRemoved s => Sandbox?.Id == s.Id ? this with { Sandbox = null } : this,
        ContainerStarted s => this with { Containers = Containers.SetItem(s.Container, Begin(s)) },
        ContainerStartupFinished f when Of(f.Container) is { } run =>
            this with { Containers = Containers.SetItem(f.Container, run with { StartupFinished = true }) },
        ContainerStartupFinished => this,
        ContainerExited x when Of(x.Container) is { Ended: null } run && run.Id == x.Id =>
            this with { Containers = Containers.SetItem(x.Container, run with { Ended = End(x) }) },
        ContainerExited => this, // a second word about the same end
        PodFailed f => this with { Failure = Failure ?? f },
        _ => throw new UnreachableException($"no Apply arm for {e.GetType().Name}"),
    };

    private ContainerRun Begin(ContainerStarted s) => new()
    {
        Id = s.Id,
        RestartCount = s.Attempt,
        Image = s.Image,
        ImageId = s.ImageId,
        SandboxAttempt = Sandbox?.Attempt ?? 0,
        StartedAt = s.At,
        BackOff = s.BackOff,
        Previous = Of(s.Container)?.Ended ?? Of(s.Container)?.Previous,
    };

    private static Termination End(ContainerExited x) => new(x.Id, x.ExitCode, x.Reason, x.Message, x.StartedAt, x.At);
}
