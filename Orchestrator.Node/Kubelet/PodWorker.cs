using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Volumes;

namespace Orchestrator.Node.Kubelet;

/// <summary>Looks after one pod: takes what happens, asks <see cref="PodPlan"/> what to do, has it done, and tells the status.</summary>
public sealed partial class PodWorker
{
    private static readonly TimeSpan RetryFirst = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest pause between attempts at volumes and sandboxes.</summary>
    /// <remarks>Source: kubelet, exponential back-off of volume operations, 2 min 2 s.</remarks>
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(122);

    private readonly IPodWorkerHost _host;
    private readonly PodOperations _operations;
    private readonly IPodEventSink _events;
    private readonly TimeProvider _clock;
    private readonly PodIdentity _identity;
    private readonly HashSet<string> _earlyHints = new(StringComparer.Ordinal);

    private PodManifest _pod;
    private PodRunState _run;
    private PodSituation _now = PodSituation.Empty;
    private PodPlace _place;
    private ImmutableDictionary<string, string> _volumes = ImmutableDictionary<string, string>.Empty;
    private int _volumeFailures, _sandboxFailures, _killFailures;
    private bool _listed;
    private JsonElement _reported;
    private string _reportedText = "";

    /// <param name="run">What the journal says of the pod; empty for a new one.</param>
    public PodWorker(
        IPodWorkerHost host, PodOperations operations, IPodEventSink events, TimeProvider clock,
        PodIdentity identity, PodManifest pod, PodRunState run, PodPlace place)
    {
        (_host, _operations, _events, _clock) = (host, operations, events, clock);
        (_identity, _pod, _run) = (identity, Carried(pod), run);
        _place = place with { PodIp = run.Sandbox?.Ip ?? "" };
    }

    public PodRunState Run => _run;

    public PodManifest Pod => _pod;

    /// <summary>What a container that has not run yet waits for, in the words of <c>kubectl logs</c>.</summary>
    public string WaitingFor(string container) => _now.Troubles.GetValueOrDefault(container) switch
    {
        { Reason: "ErrImagePull" } trouble => _clock.GetUtcNow() - trouble.At >= PodStatusWriter.ImageBackOffShownAfter ? "trying and failing to pull image" : "image can't be pulled",
        { } trouble => trouble.Reason,
        null when _pod.InitContainers.IsEmpty || PodPlan.IsInitialized(_pod, _run) => "ContainerCreating",
        null => "PodInitializing",
    };

    /// <summary>The id of a container, as its status names it; null when there is none yet.</summary>
    /// <param name="previous">The one before: of a container that waits for its restart, the one that ended last.</param>
    public string? IdOf(ContainerManifest container, bool previous) =>
        previous ? PodStatusWriter.LastOf(container, _pod, _run, _now, _clock.GetUtcNow())?.Id : _run.Of(container.Name)?.Id;

    /// <summary>Takes one message. Calls must not overlap.</summary>
    public void Receive(PodWorkerMessage message)
    {
        switch (message)
        {
            case RuntimeListed listed: Adopt(listed); break;
            case PodUpdated updated: Update(updated.Pod); break;
            case PodOrphaned: Orphan(); break;
            case ContainerExitHint hint: LookAt(hint.Id); break;
            case ConfigChanged changed: Refresh(v => ConfigVolume.Reads(v, _pod, changed.Type, changed.Key)); break;
            case ConfigMissed: Refresh(ConfigVolume.Covers); break;
            case ProbeReported report: Take(report); break;
            case VolumesDone done: Take(done); break;
            case SandboxDone done: Take(done); break;
            case SandboxGone gone: Take(gone); break;
            case LaunchDone done: Take(done); break;
            case StopDone done: Take(done); break;
            case ExitSeen { Exit: { } exit }: Commit([exit]); break;
            case FinishDone: _host.Finished(_pod); break;
            case WorkFailed failed: Take(failed); break;
            case FinishAgain:
                Idle(PodSituation.Finishing);
                Step();
                break;
            case PodWake: Step(); break;
        }
    }

    private void Update(PodManifest pod)
    {
        var graceBefore = _pod.Grace;
        var stoppingBefore = _pod.Meta.Deleting;
        if (_pod.Volumes.Any(ConfigVolume.ReadsMetadata) && !ObjectMeta.AreEqual(_pod.Meta.Labels, pod.Meta.Labels) | !ObjectMeta.AreEqual(_pod.Meta.Annotations, pod.Meta.Annotations)) Outdate();
        _pod = Carried(pod);
        if (pod.Meta.Deleting && !stoppingBefore) BeginStopping();
        else if (pod.Meta.Deleting && pod.Grace < graceBefore) Hasten(pod.Grace);
        if (_listed) Step();
    }

    private void Orphan()
    {
        if (_now.Orphaned) return;
        _now = _now with { Orphaned = true };
        BeginStopping();
        if (_listed) Step();
    }

    private void BeginStopping()
    {
        if (_now.StoppingSince is not null) return;
        _now = _now with { StoppingSince = _clock.GetUtcNow() };
        _host.CancelWork();
    }

    /// <summary>The grace was cut short while containers are being stopped: stop them again, with less.</summary>
    private void Hasten(TimeSpan grace)
    {
        foreach (var (name, container) in _run.Containers)
            if (container.Running && _now.Busy.Contains(name))
                _host.Run("", async token =>
                {
                    await _operations.Runtime.StopContainerAsync(container.Id, grace, token).ConfigureAwait(false);
                    return new Nothing();
                }, cancelOnStop: false);
    }

    /// <summary>Makes what happened durable, applies it and goes on.</summary>
    private void Commit(ImmutableArray<PodRunEvent> events)
    {
        if (events.IsEmpty)
        {
            Step();
            return;
        }
        _host.Persist(events, () =>
        {
            foreach (var e in events)
            {
                var before = _run;
                _run = _run.Apply(e);
                if (!ReferenceEquals(before, _run)) Applied(e);
            }
            Step();
        });
    }

    private void Applied(PodRunEvent e)
    {
        switch (e)
        {
            case SandboxStarted started:
                _place = _place with { PodIp = started.Ip };
                break;
            case ContainerStarted started:
                _now = _now with { Troubles = _now.Troubles.Remove(started.Container), Ready = _now.Ready.Remove(started.Container) };
                break;
            case ContainerStartupFinished finished:
                if (_pod.Container(finished.Container) is { Readiness: null }) _now = _now with { Ready = _now.Ready.Add(finished.Container) };
                break;
            case ContainerExited exited:
                _now = _now with { Ready = _now.Ready.Remove(exited.Container), Condemned = _now.Condemned.Remove(exited.Container) };
                NoteBackOff(exited.Container);
                break;
        }
    }

    private void NoteBackOff(string name)
    {
        if (_pod.Container(name) is not { } container || _run.Of(name) is not { Ended: { } ended } run || _pod.Meta.Deleting) return;
        if (!PodPlan.RestartsAfter(_pod, container, ended.ExitCode) || RestartBackOff.DueAt(run) <= _clock.GetUtcNow()) return;
        _events.Record(_pod, name, "Warning", "BackOff",
            $"Back-off restarting failed container {name} in pod {_pod.Meta.Name}_{_pod.Meta.Namespace}({_pod.Meta.Uid})");
    }

    private void Step()
    {
        if (!_listed) return;
        var time = _clock.GetUtcNow();
        var steps = PodPlan.Decide(_pod, _run, _now, time);
        var durable = ImmutableArray.CreateBuilder<PodRunEvent>();
        DateTimeOffset? wake = null;
        foreach (var step in steps)
        {
            switch (step)
            {
                case PodAction.Fail fail: durable.Add(new PodFailed(fail.Reason, fail.Message, time)); break;
                case PodAction.WakeAt at: wake = Earlier(wake, at.Time); break;
                default: Begin(step); break;
            }
        }
        if (durable.Count > 0)
        {
            Commit(durable.ToImmutable());
            return;
        }
        _host.WakeAt(Earlier(wake, NextImageBackOff(time)));
        _host.SetProbes(Probes());
        Report(time);
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a is null ? b : b is null || a < b ? a : b;

    /// <summary>When a failed pull is to be shown as waiting; tells of it by an event when that has come.</summary>
    private DateTimeOffset? NextImageBackOff(DateTimeOffset time)
    {
        DateTimeOffset? next = null;
        foreach (var trouble in _now.Troubles.Values)
            if (trouble.Reason == "ErrImagePull" && trouble.At + PodStatusWriter.ImageBackOffShownAfter is var shown && shown > time)
                next = Earlier(next, shown);
        return next;
    }

    /// <summary>The probes of what runs now. Until the startup probe has passed, it alone runs.</summary>
    private ImmutableArray<ProbeOrder> Probes()
    {
        // A pod that is being stopped is asked whether it is ready until it is gone, and nothing else. Source: kubelet, StopLivenessAndStartup.
        var stopping = _pod.Meta.Deleting || _now.Orphaned || _run.Failure is not null;
        var probes = ImmutableArray.CreateBuilder<ProbeOrder>();
        foreach (var container in _pod.AllContainers)
        {
            if (_run.Of(container.Name) is not { Running: true } run || _now.Condemned.ContainsKey(container.Name)) continue;
            void Add(ProbeKind kind, Probe? probe)
            {
                if (probe is not null)
                    probes.Add(new ProbeOrder(container.Name, run.Id, kind, probe, new ProbeTarget(run.Id, HostOfProbe(), container), run.StartedAt));
            }

            if (!run.StartupFinished)
            {
                if (!stopping) Add(ProbeKind.Startup, container.Startup);
                continue;
            }
            if (!stopping) Add(ProbeKind.Liveness, container.Liveness);
            Add(ProbeKind.Readiness, container.Readiness);
        }
        return probes.ToImmutable();
    }

    // Nothing answers for a simulated container: it is as ready as one that nobody asks.
    private PodManifest Carried(PodManifest pod) => _operations.Runtime.Simulated ? pod.WithoutProbes() : pod;

    private string HostOfProbe() => _place.PodIp.Length > 0 ? _place.PodIp : _place.HostIp;

    private void Report(DateTimeOffset time)
    {
        if (_now.Orphaned) return; // there is no object to write it to
        var status = PodStatusWriter.Write(_pod, _run, _now, _place, _operations.Runtime.Name, time, _reported);
        var text = status.ToJsonString();
        if (text == _reportedText) return;
        _reportedText = text;
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        using var document = JsonDocument.Parse(bytes);
        _reported = document.RootElement.Clone();
        _host.Report(_pod, bytes);
    }
}
