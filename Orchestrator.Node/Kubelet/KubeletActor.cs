using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Kubelet;

/// <summary>All pods that are bound to this node, once, when the control plane is first heard of and after every gap.</summary>
public sealed record NodePodsListed(ImmutableArray<StoredObject> Pods);

/// <summary>A pod bound to this node has changed.</summary>
public sealed record NodePodChanged(StoredObject Pod, bool Deleted);

/// <summary>Nothing is left of a pod on this machine.</summary>
public sealed record PodFinished(PodManifest Pod);

/// <summary>Asks for the running container behind a name; answered with <see cref="ContainerFound"/>.</summary>
/// <param name="Container">Empty is the pod's only, or first, container.</param>
/// <param name="Previous">The one before it, for its log.</param>
public sealed record FindContainer(ObjectKey Pod, string Container, bool Previous = false);

/// <param name="Id">The runtime's id; null when there is none, and then <paramref name="Why"/> says why.</param>
public sealed record ContainerFound(string? Id, SandboxState? Sandbox, bool Tty, string Why);

/// <summary>Runs the pods of one node: one child per pod. Entity of the shard region <c>kubelet</c>, its id the node's name.</summary>
/// <remarks>
/// It begins with what its journal and the runtime say, so pods are looked after before, and without, any word from the
/// control plane. What the runtime has of no known pod is removed only once the control plane has been heard.
/// </remarks>
#pragma warning disable CA1001 // PostStop disposes; nobody holds an actor to call Dispose.
public sealed class KubeletActor : ReceiveActor, IWithStash, IWithTimers
#pragma warning restore CA1001
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly string _node;
    private readonly KubeletServices _services;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private long _restarted;
    private readonly Dictionary<string, PodEntry> _pods = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _end = new();
    private Begun _begun = new(0, [], [], []);

    public KubeletActor(string node, KubeletServices services)
    {
        _node = node;
        _services = services;
        Receive<Begun>(Begin);
        Receive<BeginFailed>(failed =>
        {
            _log.Warning("kubelet {0}: the container runtime or the journal does not answer yet: {1}", _node, failed.Cause.Message);
            Timers.StartSingleTimer(nameof(Load), new Load(), RetryAfter);
        });
        Receive<Load>(_ => LoadAsync().PipeTo(Self, failure: e => new BeginFailed(e)));
        ReceiveAny(_ => Stash.Stash());
    }

    private sealed record PodEntry(IActorRef Worker, PodManifest Pod);

    private sealed record Load;

    private sealed record Begun(
        long Epoch, ImmutableArray<JournaledPod> Journal, ImmutableArray<SandboxState> Sandboxes, ImmutableArray<ContainerState> Containers);

    private sealed record BeginFailed(Exception Cause);

    private sealed record WatchEnded(Exception? Cause);

    private sealed record Exited(string Id);

    private sealed record Swept;

    private sealed record Relisted(ImmutableArray<ContainerState> Containers);

    public IStash Stash { get; set; } = null!;

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Self.Tell(new Load());

    private async Task<Begun> LoadAsync()
    {
        var runtime = _services.Operations.Runtime;
        var journal = await _services.Journal.LoadAsync(_node, _end.Token).ConfigureAwait(false);
        var sandboxes = await runtime.ListSandboxesAsync(_node, null, _end.Token).ConfigureAwait(false);
        var containers = await runtime.ListContainersAsync(_node, null, _end.Token).ConfigureAwait(false);
        var epoch = await _services.Journal.NextEpochAsync(_node, _end.Token).ConfigureAwait(false);
        return new Begun(epoch, journal, sandboxes, containers);
    }

    private void Begin(Begun begun)
    {
        _begun = begun;
        foreach (var pod in begun.Journal) StartWorker(PodManifestReader.Read(pod.Pod), pod.Run);
        Become(Running);
        WatchExits();
        Stash.UnstashAll();
    }

    private void Running()
    {
        Receive<NodePodsListed>(Handle);
        Receive<NodePodChanged>(Handle);
        Receive<ConfigChanged>(changed =>
        {
            foreach (var entry in _pods.Values.Where(p => p.Pod.Meta.Namespace == changed.Key.Namespace)) entry.Worker.Tell(changed);
        });
        Receive<Exited>(exited =>
        {
            foreach (var entry in _pods.Values) entry.Worker.Tell(new ContainerExitHint(exited.Id));
        });
        Receive<PodFinished>(Handle);
        Receive<PodForgotten>(forgotten => Forget(forgotten.Uid));
        Receive<FindContainer>(Handle);
        Receive<WatchEnded>(_ => Timers.StartSingleTimer(nameof(WatchExits), new Relist(), RetryAfter));
        Receive<Relist>(_ => Relisting());
        Receive<Relisted>(Handle);
        Receive<RelistFailed>(_ => Timers.StartSingleTimer(nameof(WatchExits), new Relist(), RetryAfter));
        Receive<Swept>(_ => { });
    }

    private sealed record Relist;

    private sealed record RelistFailed;

    private sealed record PodForgotten(string Uid);

    private void WatchExits()
    {
        var self = Self;
        var watch = _services.Operations.Runtime.WatchExitsAsync(_node, id => self.Tell(new Exited(id)), _end.Token);
        watch.PipeTo(self, success: () => new WatchEnded(null), failure: e => new WatchEnded(e));
    }

    // Events may have been lost with the stream, so what ended meanwhile is found by listing.
    private void Relisting()
    {
        if (_end.IsCancellationRequested) return;
        WatchExits();
        _services.Operations.Runtime.ListContainersAsync(_node, null, _end.Token)
            .PipeTo(Self, success: c => new Relisted(c), failure: _ => new RelistFailed());
    }

    private void Handle(Relisted listed)
    {
        foreach (var container in listed.Containers)
            if (container.Phase == ContainerPhase.Exited && _pods.TryGetValue(container.Pod.Uid, out var entry))
                entry.Worker.Tell(new ContainerExitHint(container.Id));
    }

    private void StartWorker(PodManifest pod, PodRunState run)
    {
        var uid = pod.Meta.Uid;
        var identity = new PodIdentity(_node, pod.Meta.Namespace, pod.Meta.Name, uid, _begun.Epoch);
        var services = _services;
        // A change that was under way when the pod was forgotten may find its former worker still stopping.
        var name = Context.Child(uid).IsNobody() ? uid : $"{uid}-{++_restarted}";
        var worker = Context.ActorOf(Props.Create(() => new PodWorkerActor(services, identity, pod, run)), name);
        _pods[uid] = new PodEntry(worker, pod);
        worker.Tell(new RuntimeListed(
            [.. _begun.Sandboxes.Where(s => s.Pod.Uid == uid)], [.. _begun.Containers.Where(c => c.Pod.Uid == uid)]));
    }

    private void Handle(NodePodsListed listed)
    {
        foreach (var pod in listed.Pods) Take(pod);
        var known = listed.Pods.Select(p => p.Meta.Uid).ToHashSet(StringComparer.Ordinal);
        foreach (var (uid, entry) in _pods)
            if (!known.Contains(uid)) entry.Worker.Tell(new PodOrphaned());
        Sweep();
    }

    private void Handle(NodePodChanged changed)
    {
        if (!changed.Deleted) Take(changed.Pod);
        else if (_pods.TryGetValue(changed.Pod.Meta.Uid, out var entry)) entry.Worker.Tell(new PodOrphaned());
    }

    private void Take(StoredObject o)
    {
        var pod = PodManifestReader.Read(o);
        var uid = pod.Meta.Uid;
        if (_pods.TryGetValue(uid, out var entry))
        {
            if (pod.Revision <= entry.Pod.Revision) return;
            _pods[uid] = entry with { Pod = pod };
            entry.Worker.Tell(new PodUpdated(pod));
            // A status of our own making is no news; the rest is needed when the control plane is away.
            if (entry.Pod.Meta.Generation != pod.Meta.Generation || pod.Meta.Deleting != entry.Pod.Meta.Deleting) Save(o);
            return;
        }
        var ended = pod.Status.Text("phase") is "Succeeded" or "Failed";
        if (ended && !pod.Meta.Deleting && _begun.Containers.All(c => c.Pod.Uid != uid)) return; // there is nothing to do for it here
        Save(o);
        StartWorker(pod, PodRunState.Empty);
    }

    private void Save(StoredObject pod) =>
        _services.Journal.SaveAsync(_node, pod, _end.Token).ContinueWith(
            t => _log.Warning("kubelet {0}: the journal cannot be written: {1}", _node, t.Exception!.GetBaseException().Message),
            CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    /// <summary>Removes what no pod owns: left by pods that went while this node was away.</summary>
    private void Sweep()
    {
        var strays = _begun.Containers.Where(c => !_pods.ContainsKey(c.Pod.Uid)).Select(c => c.Id).ToList();
        var sandboxes = _begun.Sandboxes.Where(s => !_pods.ContainsKey(s.Pod.Uid)).Select(s => s.Id).ToList();
        var volumes = _services.Operations.Volumes.KnownPods().Where(uid => !_pods.ContainsKey(uid)).ToList();
        _begun = _begun with { Containers = [], Sandboxes = [] };
        if (strays.Count + sandboxes.Count + volumes.Count == 0) return;
        SweepAsync(strays, sandboxes, volumes).PipeTo(Self, success: () => new Swept(), failure: _ => new Swept());
    }

    private async Task SweepAsync(List<string> containers, List<string> sandboxes, List<string> volumes)
    {
        var runtime = _services.Operations.Runtime;
        foreach (var id in containers)
        {
            await runtime.StopContainerAsync(id, TimeSpan.FromSeconds(2), _end.Token).ConfigureAwait(false);
            await runtime.RemoveContainerAsync(id, _end.Token).ConfigureAwait(false);
        }
        foreach (var id in sandboxes) await runtime.RemoveSandboxAsync(id, _end.Token).ConfigureAwait(false);
        foreach (var uid in volumes) await _services.Operations.Volumes.RemoveAsync(uid, _end.Token).ConfigureAwait(false);
    }

    private void Handle(PodFinished finished)
    {
        var self = Self;
        var uid = finished.Pod.Meta.Uid;
        _services.Statuses.Remove(finished.Pod.Key, uid, () => self.Tell(new PodForgotten(uid)));
    }

    private void Forget(string uid)
    {
        if (!_pods.Remove(uid, out var entry)) return;
        Context.Stop(entry.Worker);
        _services.Journal.ForgetAsync(_node, uid, CancellationToken.None);
    }

    private void Handle(FindContainer find)
    {
        var entry = _pods.Values.LastOrDefault(p => p.Pod.Key == find.Pod);
        if (entry is null) Sender.Tell(new ContainerFound(null, null, false, $"pod {find.Pod} is not on node {_node}"));
        else entry.Worker.Forward(find);
    }

    protected override void PostStop()
    {
        _end.Cancel();
        _end.Dispose();
    }
}
