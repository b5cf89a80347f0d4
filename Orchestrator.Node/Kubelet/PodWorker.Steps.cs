using System.Collections.Immutable;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Volumes;

namespace Orchestrator.Node.Kubelet;

public sealed partial class PodWorker
{
    private void Begin(PodAction step)
    {
        switch (step)
        {
            case PodAction.PrepareVolumes:
                _now = _now with { VolumesStale = false };
                Start(PodSituation.Volumes, async token => new VolumesDone(await _operations.PrepareVolumesAsync(_pod, Place, token).ConfigureAwait(false)));
                break;
            case PodAction.StartSandbox start:
                Start(PodSituation.Sandbox, async token =>
                    new SandboxDone(await _operations.StartSandboxAsync(_pod, _identity, start.Attempt, Place, token).ConfigureAwait(false)));
                break;
            case PodAction.RemoveSandbox remove:
                Start(PodSituation.Sandbox, async token =>
                {
                    await _operations.Runtime.RemoveSandboxAsync(remove.Id, token).ConfigureAwait(false);
                    return new SandboxGone(remove.Id);
                }, cancelOnStop: false);
                break;
            case PodAction.Launch launch: Launch(launch); break;
            case PodAction.Stop stop: Stop(stop); break;
            case PodAction.Finish: Finish(); break;
        }
    }

    // What work reads is taken now, on this thread; the fields go on changing while it runs.
    private PodPlace Place => _place with { PodIp = HostOfProbe() };

    private void Start(string subject, Func<CancellationToken, Task<PodWorkerMessage>> work, bool cancelOnStop = true)
    {
        _now = _now with { Busy = _now.Busy.Add(subject) };
        _host.Run(subject, work, cancelOnStop);
    }

    private void Launch(PodAction.Launch launch)
    {
        var (pod, paths, place, run) = (_pod, _volumes, Place, _run.Of(launch.Container));
        var container = pod.Container(launch.Container)!;
        var sandbox = new SandboxState(_run.Sandbox!.Id, _identity, Running: true, _run.Sandbox.Ip, _run.Sandbox.Attempt, pod.HostNetwork);
        Start(launch.Container, async token => new LaunchDone(launch.Container,
            await _operations.LaunchAsync(pod, container, launch, sandbox, paths, place, run?.Previous?.Id, token).ConfigureAwait(false)));
    }

    private void Stop(PodAction.Stop stop)
    {
        var (pod, place, attempt) = (_pod, Place, _run.Of(stop.Container)?.RestartCount ?? 0);
        Start(stop.Container, async token =>
        {
            await _operations.StopAsync(pod, stop, place, token).ConfigureAwait(false);
            return new StopDone(stop.Container, await _operations.DescribeExitAsync(pod, stop.Container, stop.Id, attempt, token).ConfigureAwait(false));
        }, cancelOnStop: false);
    }

    private void Finish()
    {
        var pod = _pod;
        Start(PodSituation.Finishing, async token =>
        {
            var left = await _operations.Runtime.ListContainersAsync(_identity.NodeName, pod.Meta.Uid, token).ConfigureAwait(false);
            foreach (var container in left) await _operations.Runtime.RemoveContainerAsync(container.Id, token).ConfigureAwait(false);
            if (!_operations.Runtime.Simulated) // a start that was cancelled half-way, or by a crash, has left one that nobody knows
            {
                var sandboxes = await _operations.Runtime.ListSandboxesAsync(_identity.NodeName, pod.Meta.Uid, token).ConfigureAwait(false);
                foreach (var sandbox in sandboxes) await _operations.Runtime.RemoveSandboxAsync(sandbox.Id, token).ConfigureAwait(false);
            }
            await _operations.Volumes.RemoveAsync(pod.Meta.Uid, token).ConfigureAwait(false);
            return new FinishDone();
        }, cancelOnStop: false);
    }

    private void Idle(string subject) => _now = _now with { Busy = _now.Busy.Remove(subject) };

    /// <summary>Takes over what an earlier kubelet of this node left running.</summary>
    private void Adopt(RuntimeListed listed)
    {
        if (_listed) return;
        _listed = true;
        if (_pod.Meta.Deleting) BeginStopping();
        var time = _clock.GetUtcNow();
        var events = ImmutableArray.CreateBuilder<PodRunEvent>();
        var sandbox = listed.Sandboxes.Where(s => s.Running).MaxBy(s => s.Attempt);
        if (_run.Sandbox is { } known && known.Id != sandbox?.Id) events.Add(new SandboxRemoved(known.Id, time));
        if (sandbox is not null && _run.Sandbox?.Id != sandbox.Id) events.Add(new SandboxStarted(sandbox.Id, sandbox.Ip, sandbox.Attempt, time));
        foreach (var group in listed.Containers.Where(c => c.Phase != ContainerPhase.Created).GroupBy(c => c.Name, StringComparer.Ordinal))
        {
            var newest = group.MaxBy(c => c.Attempt)!;
            var recorded = _run.Of(newest.Name);
            if (recorded is null || recorded.RestartCount < newest.Attempt)
                events.Add(new ContainerStarted(newest.Name, newest.Id, newest.Attempt, newest.Image, newest.ImageId, RestartBackOff.Next(recorded), newest.StartedAt ?? time));
            if (newest.Phase == ContainerPhase.Exited && recorded?.Ended is null) LookAtLater(newest.Name, newest.Id, newest.Attempt);
        }
        foreach (var (name, run) in _run.Containers)
            if (run.Running && listed.Containers.All(c => c.Id != run.Id)) LookAtLater(name, run.Id, run.RestartCount);
        foreach (var (name, run) in _run.Containers.Where(c => c.Value is { Running: true, StartupFinished: true }))
            if (_pod.Container(name) is { Readiness: null }) _now = _now with { Ready = _now.Ready.Add(name) };
        foreach (var (name, _) in _run.Containers)
            if (_pod.Container(name) is { Startup: null } && _run.Of(name) is { Running: true, StartupFinished: false }) events.Add(new ContainerStartupFinished(name, time));
        foreach (var started in events.OfType<ContainerStarted>().ToList())
            if (_pod.Container(started.Container) is { Startup: null }) events.Add(new ContainerStartupFinished(started.Container, time));
        Commit(events.ToImmutable());
    }

    private void LookAtLater(string name, string id, int attempt)
    {
        var pod = _pod;
        _host.Run("", async token =>
        {
            // Nobody tells of the same end twice, so an engine that does not answer is asked until it does.
            for (var failures = 0; ; failures++)
            {
                try
                {
                    return new ExitSeen(await _operations.DescribeExitAsync(pod, name, id, attempt, token).ConfigureAwait(false));
                }
                catch (Exception) when (!token.IsCancellationRequested)
                {
                    await Task.Delay(Pause(failures), _clock, token).ConfigureAwait(false);
                }
            }
        }, cancelOnStop: false);
    }

    /// <summary>Something ended: find out how, unless that comes anyway.</summary>
    private void LookAt(string id)
    {
        if (_run.Sandbox?.Id == id && !_now.Busy.Contains(PodSituation.Sandbox))
        {
            if (!_pod.Meta.Deleting && !PodPlan.IsFinished(_pod, _run))
                _events.Record(_pod, null, "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
            _now = _now with { DeadSandbox = id };
            Step();
            return;
        }
        foreach (var (name, run) in _run.Containers)
        {
            if (run.Id != id) continue;
            if (run.Running && !_now.Busy.Contains(name)) LookAtLater(name, id, run.RestartCount);
            return;
        }
        // It may belong to a launch of which we have not heard the end. The others are of other pods.
        if (IsLaunching) _earlyHints.Add(id);
    }

    private bool IsLaunching => _now.Busy.Any(static b => b[0] != '/');

    private void Take(VolumesDone done)
    {
        Idle(PodSituation.Volumes);
        _volumes = done.Paths;
        _volumeFailures = 0;
        _now = _now with { VolumesReady = true };
        Step();
    }

    private void Take(SandboxDone done)
    {
        Idle(PodSituation.Sandbox);
        _sandboxFailures = 0;
        Commit([new SandboxStarted(done.Sandbox.Id, done.Sandbox.Ip, done.Sandbox.Attempt, _clock.GetUtcNow())]);
    }

    private void Take(SandboxGone gone)
    {
        Idle(PodSituation.Sandbox);
        Commit([new SandboxRemoved(gone.Id, _clock.GetUtcNow())]);
    }

    private void Take(LaunchDone done)
    {
        Idle(done.Container);
        if (done.Outcome.Trouble is { } trouble)
        {
            var before = _now.Troubles.GetValueOrDefault(done.Container);
            var delay = RestartBackOff.Doubled(before is not null && before.Reason == trouble.Reason ? before.Delay : TimeSpan.Zero);
            var now = new LaunchTrouble(trouble.Reason, trouble.Message, _clock.GetUtcNow(), delay);
            _now = _now with { Troubles = _now.Troubles.SetItem(done.Container, now) };
            if (now.Reason == "ErrImagePull" && _pod.Container(done.Container) is { } waiting)
            {
                _events.Record(_pod, done.Container, "Normal", "BackOff", $"Back-off pulling image \"{waiting.Image}\"");
                _events.Record(_pod, done.Container, "Warning", "Failed", "Error: ImagePullBackOff");
            }
            Step();
            return;
        }
        if (done.Outcome.KillBecause is { } why) _now = _now with { Condemned = _now.Condemned.SetItem(done.Container, (why, _pod.TerminationGracePeriod)) };
        var events = done.Outcome.Events;
        foreach (var started in done.Outcome.Events.OfType<ContainerStarted>())
        {
            var ended = done.Outcome.KillBecause is not null || done.Outcome.Events.OfType<ContainerExited>().Any();
            if (!ended && _pod.Container(started.Container) is { Startup: null }) events = events.Add(new ContainerStartupFinished(started.Container, started.At));
            if (_earlyHints.Remove(started.Id)) LookAtLater(started.Container, started.Id, started.Attempt);
        }
        // A hint may be of a container that is still being launched.
        if (!IsLaunching) _earlyHints.Clear();
        Commit(events);
    }

    private void Take(StopDone done)
    {
        Idle(done.Container);
        _killFailures = 0;
        Commit(done.Exit is { } exit ? [exit] : []);
    }

    private void Take(ProbeReported report)
    {
        if (_run.Of(report.Container) is not { Running: true } run || run.Id != report.ContainerId) return; // of a container before
        if (report.Failed)
            _events.Record(_pod, report.Container, "Warning", "Unhealthy", $"{report.Kind} probe failed: {report.Message}");
        switch (report.Kind)
        {
            case ProbeKind.Startup when report.Verdict == true:
                Commit([new ContainerStartupFinished(report.Container, _clock.GetUtcNow())]);
                return;
            case ProbeKind.Readiness when report.Verdict is { } ready && ready != _now.Ready.Contains(report.Container):
                _now = _now with { Ready = ready ? _now.Ready.Add(report.Container) : _now.Ready.Remove(report.Container) };
                break;
            case ProbeKind.Liveness or ProbeKind.Startup when report.Verdict == false:
                var container = _pod.Container(report.Container)!;
                var probe = report.Kind == ProbeKind.Liveness ? container.Liveness : container.Startup;
                var word = report.Kind == ProbeKind.Liveness ? "liveness" : "startup";
                _now = _now with
                {
                    Condemned = _now.Condemned.SetItem(report.Container,
                        ($"Container {report.Container} failed {word} probe, will be restarted", probe?.TerminationGracePeriod ?? _pod.TerminationGracePeriod)),
                };
                break;
        }
        Step();
    }

    /// <param name="changed">Of which volumes what they are made of may have changed.</param>
    private void Refresh(Func<VolumeManifest, bool> changed)
    {
        if (!_listed || _pod.Meta.Deleting) return;
        // A container that waits for a missing key need not wait any longer; neither do volumes.
        if (_now.Troubles.Any(t => t.Value.Reason == "CreateContainerConfigError"))
            _now = _now with { Troubles = _now.Troubles.RemoveRange(_now.Troubles.Where(t => t.Value.Reason == "CreateContainerConfigError").Select(t => t.Key)) };
        if (!_now.VolumesReady) _now = _now with { RetryVolumesAt = default };
        if (_pod.Volumes.Any(changed)) Outdate();
        Step();
    }

    /// <summary>The volumes are prepared again, by the next step or as soon as the work on them that is under way is done.</summary>
    private void Outdate() => _now = _now with { VolumesStale = true, RetryVolumesAt = default };

    private void Take(WorkFailed failed)
    {
        if (failed.Subject.Length == 0) return; // a look that will be taken again
        Idle(failed.Subject);
        var time = _clock.GetUtcNow();
        var cancelled = failed.Cause is OperationCanceledException;
        switch (failed.Subject)
        {
            case PodSituation.Volumes:
                if (!cancelled) _events.Record(_pod, null, "Warning", "FailedMount", failed.Cause.Message);
                _now = _now with { RetryVolumesAt = time + Pause(_volumeFailures++), VolumesStale = _now.VolumesReady };
                break;
            case PodSituation.Sandbox:
                if (!cancelled && _run.Sandbox is not null) _events.Record(_pod, null, "Warning", "FailedKillPod", $"error killing pod: {failed.Cause.Message}");
                else if (!cancelled) _events.Record(_pod, null, "Warning", "FailedCreatePodSandBox", $"Failed to create pod sandbox: {failed.Cause.Message}");
                _now = _now with { RetrySandboxAt = time + Pause(_sandboxFailures++) };
                break;
            case PodSituation.Finishing:
                _now = _now with { Busy = _now.Busy.Add(PodSituation.Finishing) };
                RetryFinish();
                return;
            default:
                if (_run.Of(failed.Subject) is { Running: true } && !cancelled)
                {
                    _events.Record(_pod, failed.Subject, "Warning", "FailedKillPod", $"error killing container: {failed.Cause.Message}");
                    _host.WakeAt(time + Pause(_killFailures++));
                    return;
                }
                if (!cancelled)
                    _now = _now with
                    {
                        Troubles = _now.Troubles.SetItem(failed.Subject, new LaunchTrouble("RunContainerError", failed.Cause.Message, time, RestartBackOff.Initial)),
                    };
                break;
        }
        Step();
    }

    private void RetryFinish()
    {
        var pause = Pause(_volumeFailures++);
        _host.Run(PodSituation.Finishing, async token =>
        {
            await Task.Delay(pause, _clock, token).ConfigureAwait(false);
            return new FinishAgain();
        }, cancelOnStop: false);
    }

    private static TimeSpan Pause(int failures) =>
        failures > 16 ? RetryMax : RetryFirst * Math.Pow(2, failures) is var pause && pause < RetryMax ? pause : RetryMax;

    private sealed record FinishAgain : PodWorkerMessage;
}
