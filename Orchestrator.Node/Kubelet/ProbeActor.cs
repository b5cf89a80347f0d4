using Akka.Actor;

namespace Orchestrator.Node.Kubelet;

/// <summary>Runs one probe of one container, over and over, and tells the pod's worker.</summary>
#pragma warning disable CA1001 // PostStop disposes; nobody holds an actor to call Dispose.
public sealed class ProbeActor : ReceiveActor, IWithTimers
#pragma warning restore CA1001
{
    private readonly ProbeOrder _order;
    private readonly ProbeRunner _runner;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _stop = new();
    private ProbeProgress _progress = ProbeProgress.Initial;
    private long _began;

    public ProbeActor(ProbeOrder order, ProbeRunner runner, TimeProvider clock)
    {
        _order = order;
        _runner = runner;
        _clock = clock;
        Receive<Tick>(_ => Run());
        Receive<ProbeResult>(Take);
    }

    private sealed record Tick;

    public ITimerScheduler Timers { get; set; } = null!;

    // Not in the constructor: an actor is given its timers only after it was made.
    protected override void PreStart()
    {
        var first = _order.Probe.InitialDelay - (_clock.GetUtcNow() - _order.StartedAt);
        Timers.StartSingleTimer(nameof(Tick), new Tick(), first > TimeSpan.Zero ? first : TimeSpan.FromMilliseconds(1));
    }

    private void Run()
    {
        _began = _clock.GetTimestamp();
        _runner.RunAsync(_order.Probe.Action, _order.Target, _order.Probe.Timeout, _stop.Token).PipeTo(Self, failure: _ => new ProbeResult(null, ""));
    }

    private void Take(ProbeResult result)
    {
        // A period is from one beginning to the next: an answer that takes long must not make the probe rarer.
        var left = _order.Probe.Period - _clock.GetElapsedTime(_began);
        Timers.StartSingleTimer(nameof(Tick), new Tick(), left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1));
        if (result.Success is not { } success) return;
        var before = _progress.Verdict;
        _progress = _progress.After(success, _order.Probe);
        // A failed liveness or startup verdict is repeated until the container is stopped; a repeated success is no news.
        var verdict = _progress.Verdict == before && _progress.Verdict != false ? null : _progress.Verdict;
        if (success && verdict is null) return;
        Context.Parent.Tell(new ProbeReported(_order.Container, _order.ContainerId, _order.Kind, verdict, !success, result.Message));
    }

    protected override void PostStop()
    {
        _stop.Cancel();
        _stop.Dispose();
    }
}
