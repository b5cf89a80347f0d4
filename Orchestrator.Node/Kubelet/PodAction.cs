using System.Collections.Immutable;

namespace Orchestrator.Node.Kubelet;

/// <summary>One step toward what a pod's spec asks for. Each is carried out once at a time per subject.</summary>
public abstract record PodAction
{
    public sealed record PrepareVolumes : PodAction;

    public sealed record StartSandbox(int Attempt) : PodAction;

    public sealed record RemoveSandbox(string Id) : PodAction;

    /// <summary>Get the image where it is missing, make the container, start it, run its postStart hook.</summary>
    public sealed record Launch(string Container, int Attempt, TimeSpan BackOff) : PodAction;

    /// <summary>Run the preStop hook, stop the container.</summary>
    /// <param name="Message">The text of the Killing event.</param>
    public sealed record Stop(string Container, string Id, TimeSpan Grace, string Message) : PodAction;

    /// <summary>Declare the pod failed.</summary>
    public sealed record Fail(string Reason, string Message) : PodAction;

    /// <summary>Nothing of the pod runs and it is being deleted: clear up, and let its object go.</summary>
    public sealed record Finish : PodAction;

    /// <summary>Look again at this time, although nothing may have happened.</summary>
    public sealed record WakeAt(DateTimeOffset Time) : PodAction;
}

/// <summary>Why a container could not be launched, and when to try again.</summary>
/// <param name="Delay">The wait that led to <paramref name="RetryAt"/>; the next one is longer.</param>
public sealed record LaunchTrouble(string Reason, string Message, DateTimeOffset At, TimeSpan Delay)
{
    public DateTimeOffset RetryAt => At + Delay;

    public bool IsImage => Reason is "ErrImagePull" or "ErrImageNeverPull" or "InvalidImageName" or "ImageInspectError";
}

/// <summary>What the kubelet knows about a pod that need not survive its own restart.</summary>
public sealed record PodSituation
{
    public static PodSituation Empty { get; } = new();

    public const string Volumes = "/volumes", Sandbox = "/sandbox", Finishing = "/finish";

    /// <summary>What is being worked on: container names, or one of the constants above.</summary>
    public ImmutableHashSet<string> Busy { get; init; } = ImmutableHashSet<string>.Empty.WithComparer(StringComparer.Ordinal);
    public bool VolumesReady { get; init; }

    /// <summary>What the volumes are made of has changed since they were prepared.</summary>
    public bool VolumesStale { get; init; }
    public DateTimeOffset RetryVolumesAt { get; init; }
    public DateTimeOffset RetrySandboxAt { get; init; }

    /// <summary>The sandbox of which the engine said that it has ended.</summary>
    public string? DeadSandbox { get; init; }
    public ImmutableDictionary<string, LaunchTrouble> Troubles { get; init; } =
        ImmutableDictionary<string, LaunchTrouble>.Empty.WithComparers(StringComparer.Ordinal);

    /// <summary>Containers whose readiness probe passes, or that have none.</summary>
    public ImmutableHashSet<string> Ready { get; init; } = ImmutableHashSet<string>.Empty.WithComparer(StringComparer.Ordinal);

    /// <summary>Containers that must be stopped, with the reason for the event and the grace: a probe failed.</summary>
    public ImmutableDictionary<string, (string Message, TimeSpan Grace)> Condemned { get; init; } =
        ImmutableDictionary<string, (string, TimeSpan)>.Empty.WithComparers(StringComparer.Ordinal);

    /// <summary>The pod's object is gone from the control plane, or names another node: stop everything.</summary>
    public bool Orphaned { get; init; }

    /// <summary>When the stopping of the whole pod began.</summary>
    public DateTimeOffset? StoppingSince { get; init; }
}
