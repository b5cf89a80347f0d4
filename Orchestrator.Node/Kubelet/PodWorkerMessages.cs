using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Kubelet;

/// <summary>A message to the worker of one pod.</summary>
public abstract record PodWorkerMessage;

/// <summary>What the runtime had of this pod when the worker began; always its first message.</summary>
public sealed record RuntimeListed(ImmutableArray<SandboxState> Sandboxes, ImmutableArray<ContainerState> Containers) : PodWorkerMessage;

/// <summary>The pod's object has changed.</summary>
public sealed record PodUpdated(PodManifest Pod) : PodWorkerMessage;

/// <summary>The pod's object is gone.</summary>
public sealed record PodOrphaned : PodWorkerMessage;

/// <summary>The runtime says that something of this id has ended.</summary>
public sealed record ContainerExitHint(string Id) : PodWorkerMessage;

/// <summary>A configMap or secret has changed.</summary>
public sealed record ConfigChanged(ResourceType Type, ObjectKey Key) : PodWorkerMessage;

/// <summary>Any configMap or secret may have changed.</summary>
public sealed record ConfigMissed : PodWorkerMessage;

/// <summary>The time has come that was asked for.</summary>
public sealed record PodWake : PodWorkerMessage;

/// <summary>One probe has reached a verdict, or failed once on the way to one.</summary>
/// <param name="Verdict">True or false once the threshold is reached; null before.</param>
public sealed record ProbeReported(string Container, string ContainerId, ProbeKind Kind, bool? Verdict, bool Failed, string Message) : PodWorkerMessage;

internal sealed record VolumesDone(ImmutableDictionary<string, string> Paths) : PodWorkerMessage;

internal sealed record SandboxDone(SandboxState Sandbox) : PodWorkerMessage;

internal sealed record SandboxGone(string Id) : PodWorkerMessage;

internal sealed record LaunchDone(string Container, LaunchOutcome Outcome) : PodWorkerMessage;

internal sealed record StopDone(string Container, ContainerExited? Exit) : PodWorkerMessage;

internal sealed record ExitSeen(ContainerExited? Exit) : PodWorkerMessage;

internal sealed record FinishDone : PodWorkerMessage;

internal sealed record Nothing : PodWorkerMessage;

/// <summary>A step threw.</summary>
/// <param name="Subject">What was worked on: a container, or one of the subjects of <see cref="PodSituation"/>.</param>
internal sealed record WorkFailed(string Subject, Exception Cause) : PodWorkerMessage;

/// <summary>A probe that ought to run now.</summary>
public sealed record ProbeOrder(string Container, string ContainerId, ProbeKind Kind, Probe Probe, ProbeTarget Target, DateTimeOffset StartedAt);

/// <summary>What a pod's worker needs around it. In production an actor with a journal; in tests a list.</summary>
/// <remarks>The worker is called by one thread at a time. <see cref="Persist"/> calls back before the next message.</remarks>
public interface IPodWorkerHost
{
    /// <summary>Makes events durable, then calls <paramref name="stored"/>.</summary>
    void Persist(ImmutableArray<PodRunEvent> events, Action stored);

    /// <summary>Does work elsewhere; its result, or <c>WorkFailed</c> with <paramref name="subject"/>, comes back as a message.</summary>
    void Run(string subject, Func<CancellationToken, Task<PodWorkerMessage>> work, bool cancelOnStop);

    /// <summary>Cancels running work that allows it: the pod is being stopped.</summary>
    void CancelWork();

    /// <summary>Sends <see cref="PodWake"/> at this time; replaces an earlier request. Null withdraws it.</summary>
    void WakeAt(DateTimeOffset? time);

    /// <summary>The probes that ought to run now, all of them; others are stopped.</summary>
    void SetProbes(ImmutableArray<ProbeOrder> probes);

    /// <summary>The pod's status has changed.</summary>
    void Report(PodManifest pod, ReadOnlyMemory<byte> status);

    /// <summary>Nothing is left of the pod on this machine; its object may go.</summary>
    void Finished(PodManifest pod);
}
