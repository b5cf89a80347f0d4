using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Orchestrator.Node.Kubelet;

/// <summary>Has the kubelets of this process run, and run again after one failed. One per node process.</summary>
public sealed class KubeletKeeper : ReceiveActor, IWithTimers
{
    /// <summary>How long after a kubelet's end it is started again.</summary>
    private static readonly TimeSpan RestartAfter = TimeSpan.FromSeconds(1);

    /// <summary>How often a start without an answer is repeated: the first may have gone to an earlier run of this process.</summary>
    private static readonly TimeSpan RepeatAfter = TimeSpan.FromSeconds(3);

    private readonly Dictionary<string, KubeletId> _missing;
    private readonly Dictionary<IActorRef, KubeletId> _running = [];
    private readonly IActorRef _region;
    private readonly TaskCompletionSource _started;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <param name="started">Completes once all run; fails when another process of this name runs one of them.</param>
    public KubeletKeeper(ImmutableArray<KubeletId> kubelets, IActorRef region, TaskCompletionSource started)
    {
        _missing = kubelets.ToDictionary(k => k.Node, StringComparer.Ordinal);
        _region = region;
        _started = started;
        Receive<Look>(_ => StartMissing());
        Receive<KubeletRunning>(Handle);
        Receive<Terminated>(Handle);
    }

    private sealed record Look
    {
        public static Look Instance { get; } = new();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(ImmutableArray<KubeletId> kubelets, IActorRef region, TaskCompletionSource started) =>
        Akka.Actor.Props.Create(() => new KubeletKeeper(kubelets, region, started));

    protected override void PreStart() => StartMissing();

    private void StartMissing()
    {
        foreach (var kubelet in _missing.Values) _region.Tell(new StartKubelet(kubelet));
        if (_missing.Count > 0) Timers.StartSingleTimer(nameof(Look), Look.Instance, RepeatAfter);
    }

    private void Handle(KubeletRunning running)
    {
        if (Sender.Path.Address.HasGlobalScope)
        {
            var message = $"The node {running.Node} is run by another process, at {Sender.Path.Address}; give this one another name.";
            if (!_started.TrySetException(new InvalidOperationException(message))) _log.Error(message);
            return;
        }
        if (!_missing.Remove(running.Node, out var kubelet)) return;
        _running[Sender] = kubelet;
        Context.Watch(Sender);
        if (_missing.Count == 0) _started.TrySetResult();
    }

    private void Handle(Terminated terminated)
    {
        if (!_running.Remove(terminated.ActorRef, out var kubelet)) return;
        _log.Warning("The kubelet of node {0} has ended; it is started again", kubelet.Node);
        _missing[kubelet.Node] = kubelet;
        Timers.StartSingleTimer(nameof(Look), Look.Instance, RestartAfter);
    }
}

/// <summary>Answers for a node that this process does not host (any more).</summary>
public sealed class AbsentKubelet : ReceiveActor
{
    public AbsentKubelet(string node)
    {
        Receive<FindContainer>(_ => Sender.Tell(new ContainerFound(null, null, false, $"node {node} is not hosted by this process")));
        Receive<GetKubeletPods>(_ => Sender.Tell(new KubeletPods(node, 0, [])));
        Receive<StopKubelet>(_ => Context.Stop(Self));
    }
}
