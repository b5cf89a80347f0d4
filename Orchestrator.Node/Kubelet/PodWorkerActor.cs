using System.Collections.Immutable;
using Akka.Actor;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Kubelet;

/// <summary>The mailbox and timer of a <see cref="PodWorker"/>; its journal is that of the kubelet, its parent.</summary>
#pragma warning disable CA1001 // PostStop disposes; nobody holds an actor to call Dispose.
public sealed class PodWorkerActor : ReceiveActor, IWithTimers, IWithStash, IPodWorkerHost
#pragma warning restore CA1001
{
    private const string WakeTimer = "wake";

    private readonly KubeletServices _services;
    private readonly PodIdentity _identity;
    private readonly PodWorker _worker;
    private readonly Dictionary<(string Id, ProbeKind Kind), IActorRef> _probes = [];
    private readonly CancellationTokenSource _end = new();
    private CancellationTokenSource _cancellable = new();
    private Action? _stored;

    public PodWorkerActor(KubeletServices services, PodIdentity identity, PodManifest pod, PodRunState run)
    {
        _services = services;
        _identity = identity;
        _worker = new PodWorker(this, services.Operations, services.Events, services.Clock, identity, pod, run, services.Place);
        Deciding();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    private void Deciding()
    {
        Receive<PodWorkerMessage>(_worker.Receive);
        Receive<FindContainer>(find => Sender.Tell(Find(find)));
    }

    private ContainerFound Find(FindContainer find)
    {
        var pod = _worker.Pod;
        var name = find.Container.Length > 0 ? find.Container : pod.Containers[0].Name;
        if (pod.Container(name) is not { } container) return new ContainerFound(null, null, false, $"container {name} is not valid for pod {pod.Meta.Name}");
        var sandbox = _worker.Run.Sandbox is { } s ? new SandboxState(s.Id, _identity, Running: true, s.Ip, s.Attempt, pod.HostNetwork) : null;
        var id = _worker.IdOf(container, find.Previous);
        var why = find.Previous
            ? $"previous terminated container \"{name}\" in pod \"{pod.Meta.Name}\" not found"
            : $"container \"{name}\" in pod \"{pod.Meta.Name}\" is waiting to start: {_worker.WaitingFor(name)}";
        return new ContainerFound(id, sandbox, container.Tty, id is null ? why : "");
    }

    // Decisions read what the events change, so other messages wait until they are stored.
    private void Storing()
    {
        Receive<PodRunStored>(_ =>
        {
            var stored = _stored!;
            _stored = null;
            Become(Deciding);
            Stash.UnstashAll();
            stored();
        });
        ReceiveAny(_ => Stash.Stash());
    }

    public void Persist(ImmutableArray<PodRunEvent> events, Action stored)
    {
        _stored = stored;
        Become(Storing);
        Context.Parent.Tell(new StorePodRun(_identity.Uid, events));
    }

    public void Run(string subject, Func<CancellationToken, Task<PodWorkerMessage>> work, bool cancelOnStop)
    {
        var token = cancelOnStop ? _cancellable.Token : _end.Token;
        Task.Run(() => work(token), CancellationToken.None).PipeTo(Self, failure: e => new WorkFailed(subject, e));
    }

    public void CancelWork()
    {
        _cancellable.Cancel();
        _cancellable.Dispose();
        _cancellable = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
    }

    public void WakeAt(DateTimeOffset? time)
    {
        if (time is null)
        {
            Timers.Cancel(WakeTimer);
            return;
        }
        var wait = time.Value - _services.Clock.GetUtcNow();
        Timers.StartSingleTimer(WakeTimer, new PodWake(), wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(1));
    }

    public void SetProbes(ImmutableArray<ProbeOrder> probes)
    {
        if (probes.IsEmpty && _probes.Count == 0) return;
        var wanted = probes.ToDictionary(p => (p.ContainerId, p.Kind));
        foreach (var (key, probe) in _probes.Where(p => !wanted.ContainsKey(p.Key)).ToList())
        {
            Context.Stop(probe);
            _probes.Remove(key);
        }
        foreach (var (key, order) in wanted)
            if (!_probes.ContainsKey(key))
                _probes[key] = Context.ActorOf(Props.Create(() => new ProbeActor(order, _services.Operations.Probes, _services.Clock)));
    }

    public void Report(PodManifest pod, ReadOnlyMemory<byte> status) => _services.Statuses.Report(pod.Key, pod.Meta.Uid, pod.NodeName, status);

    public void Finished(PodManifest pod) => Context.Parent.Tell(new PodFinished(pod));

    protected override void PostStop()
    {
        _end.Cancel();
        _cancellable.Dispose();
        _end.Dispose();
    }
}
