using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Kubelet;

/// <summary>Runs the pods of one node: one child per pod. Entity of the shard region <c>kubelet</c>, its id the node's name.</summary>
/// <remarks>
/// It begins with what its journal and the runtime say, so pods are looked after before, and without, any word from the
/// control plane. What the runtime has of no known pod is removed only once the control plane has been heard.
/// </remarks>
#pragma warning disable CA1001 // PostStop disposes; nobody holds an actor to call Dispose.
public sealed partial class KubeletActor : UntypedPersistentActor, IWithTimers
#pragma warning restore CA1001
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly string _node;
    private readonly KubeletServices _services;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<string, PodEntry> _pods = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _end = new();
    private Found _found = new([], []);
    private long _listedAt;
    private long _restarted;
    private bool _watching;

    public KubeletActor(string node, KubeletServices services)
    {
        _node = node;
        _services = services;
        JournalPluginId = services.Settings.JournalPluginId;
        SnapshotPluginId = services.Settings.SnapshotPluginId;
    }

    /// <summary>The newest version of a pod and who looks after it.</summary>
    private sealed record PodEntry(IActorRef Worker, PodManifest Pod);

    /// <summary>What the runtime has of this node, from an earlier run of the kubelet.</summary>
    private sealed record Found(ImmutableArray<SandboxState> Sandboxes, ImmutableArray<ContainerState> Containers);

    private sealed record LookFailed(Exception Cause);

    private sealed record Look;

    private sealed record WatchEnded;

    private sealed record Exited(string Id);

    /// <summary>What the runtime and the disk have of pods that this node has no more, with the pods' uids.</summary>
    private sealed record Strays(ImmutableArray<(string Uid, string Id)> Containers, ImmutableArray<(string Uid, string Id)> Sandboxes, ImmutableArray<string> Volumes)
    {
        public bool Any => Containers.Length + Sandboxes.Length + Volumes.Length > 0;

        /// <summary>Those whose pods are not there.</summary>
        public Strays Without(Func<string, bool> known) => new(
            [.. Containers.Where(c => !known(c.Uid))], [.. Sandboxes.Where(s => !known(s.Uid))], [.. Volumes.Where(v => !known(v))]);
    }

    /// <param name="Left">What could not be removed for now.</param>
    private sealed record Swept(Strays Left);

    private sealed record Relist;

    private sealed record Relisted(ImmutableArray<ContainerState> Containers);

    private sealed record RelistFailed;

    private sealed record ObjectRemoved(string Uid);

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Until the runtime has told what it has, everything else waits.</summary>
    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case Look:
                // Before the listing, so that no end falls between the two.
                if (!_watching) WatchExits();
                _watching = true;
                LookAsync().PipeTo(Self, failure: e => new LookFailed(e));
                break;
            case LookFailed failed:
                _log.Warning("kubelet {0}: the container runtime does not answer yet: {1}", _node, failed.Cause.Message);
                Timers.StartSingleTimer(nameof(Look), new Look(), RetryAfter);
                break;
            case Found found:
                Persist(new KubeletStarted(_state.Epoch + 1, _services.Clock.GetUtcNow()), started =>
                {
                    _state.Apply(started);
                    Begin(found);
                });
                break;
            case StopKubelet:
                Context.Stop(Self);
                break;
            default:
                Stash.Stash();
                break;
        }
    }

    private async Task<Found> LookAsync()
    {
        var runtime = _services.Operations.Runtime;
        var sandboxes = await runtime.ListSandboxesAsync(_node, null, _end.Token).ConfigureAwait(false);
        var containers = await runtime.ListContainersAsync(_node, null, _end.Token).ConfigureAwait(false);
        return new Found(sandboxes, containers);
    }

    private void Begin(Found found)
    {
        _found = found;
        foreach (var pod in _state.Pods.Values) StartWorker(PodManifestReader.Read(pod.Pod), pod.Run);
        Become(Running);
        _services.Feed.Add(_node, Self);
        Stash.UnstashAll();
    }

    private void Running(object message)
    {
        switch (message)
        {
            case NodePodChanged changed: Handle(changed); break;
            case StorePodRun store: Handle(store); break;
            case NodePodsListed listed: Handle(listed); break;
            case PodFinished finished: Handle(finished); break;
            case ObjectRemoved removed: Forget(removed.Uid); break;
            case ConfigChanged changed:
                foreach (var entry in _pods.Values.Where(p => p.Pod.Meta.Namespace == changed.Key.Namespace)) entry.Worker.Tell(changed);
                break;
            case ConfigMissed missed:
                foreach (var entry in _pods.Values) entry.Worker.Tell(missed);
                break;
            case Exited exited:
                foreach (var entry in _pods.Values) entry.Worker.Tell(new ContainerExitHint(exited.Id));
                break;
            case StartKubelet: Sender.Tell(new KubeletRunning(_node, _state.Epoch)); break;
            case FindContainer find: Handle(find); break;
            case GetKubeletPods: Sender.Tell(Describe()); break;
            case WatchEnded or RelistFailed: Timers.StartSingleTimer(nameof(WatchExits), new Relist(), RetryAfter); break;
            case Relist: Relisting(); break;
            case Relisted relisted: Handle(relisted); break;
            case Swept swept:
                if (swept.Left.Any) Timers.StartSingleTimer(nameof(Strays), swept.Left, RetryAfter);
                break;
            case Strays strays: Sweep(strays); break;
            case StopKubelet:
                _stopping = true;
                Flush();
                break;
            default:
                if (!HandleSnapshot(message)) Unhandled(message);
                break;
        }
    }

    private void WatchExits()
    {
        var self = Self;
        var watch = _services.Operations.Runtime.WatchExitsAsync(_node, id => self.Tell(new Exited(id)), _end.Token);
        watch.PipeTo(self, success: () => new WatchEnded(), failure: _ => new WatchEnded());
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
        var identity = new PodIdentity(_node, pod.Meta.Namespace, pod.Meta.Name, uid, _state.Epoch);
        var services = _services;
        // A change that was under way when the pod was forgotten may find its former worker still stopping.
        var name = Context.Child(uid).IsNobody() ? uid : $"{uid}-{++_restarted}";
        var worker = Context.ActorOf(Props.Create(() => new PodWorkerActor(services, identity, pod, run)), name);
        _pods[uid] = new PodEntry(worker, pod);
        worker.Tell(new RuntimeListed(
            [.. _found.Sandboxes.Where(s => s.Pod.Uid == uid)], [.. _found.Containers.Where(c => c.Pod.Uid == uid)]));
    }

    private void Handle(NodePodsListed listed)
    {
        _listedAt = listed.Revision;
        foreach (var pod in listed.Pods) Take(pod);
        var known = listed.Pods.Select(p => p.Meta.Uid).ToHashSet(StringComparer.Ordinal);
        foreach (var (uid, entry) in _pods)
            if (!known.Contains(uid)) entry.Worker.Tell(new PodOrphaned());
        Sweep(new Strays(
            [.. _found.Containers.Select(static c => (c.Pod.Uid, c.Id))], [.. _found.Sandboxes.Select(static s => (s.Pod.Uid, s.Id))], _services.Operations.Volumes.KnownPods()));
        _found = new Found([], []);
    }

    private void Handle(NodePodChanged changed)
    {
        if (changed.Pod.Revision <= _listedAt) return; // the list knew of it
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
            if (entry.Pod.Meta.Generation != pod.Meta.Generation || pod.Meta.Deleting != entry.Pod.Meta.Deleting) Record(new PodSeen(o));
            return;
        }
        var ended = pod.Status.Text("phase") is "Succeeded" or "Failed";
        if (ended && !pod.Meta.Deleting && _found.Containers.All(c => c.Pod.Uid != uid)) return; // there is nothing to do for it here
        // Its worker need not wait for this: what it does is journaled behind it.
        var accepted = new PodAccepted(_services.Clock.GetUtcNow());
        Record(new PodSeen(o), new PodRan(uid, accepted));
        StartWorker(pod, PodRunState.Empty.Apply(accepted));
    }

    /// <summary>Removes what no pod owns: left by pods that went while this node was away.</summary>
    private void Sweep(Strays strays)
    {
        strays = strays.Without(_pods.ContainsKey);
        if (strays.Any) SweepAsync(strays).PipeTo(Self, failure: _ => new Swept(strays));
    }

    /// <summary>One that cannot be removed does not keep the others.</summary>
    private async Task<Swept> SweepAsync(Strays strays)
    {
        var runtime = _services.Operations.Runtime;
        async Task<ImmutableArray<T>> LeftOf<T>(ImmutableArray<T> all, Func<T, Task> remove)
        {
            var left = ImmutableArray.CreateBuilder<T>();
            foreach (var one in all)
            {
                try
                {
                    await remove(one).ConfigureAwait(false);
                }
                catch (Exception e) when (!_end.IsCancellationRequested)
                {
                    _log.Warning("kubelet {0}: {1} of a pod that is gone cannot be removed yet: {2}", _node, one, e.Message);
                    left.Add(one);
                }
            }
            return left.ToImmutable();
        }

        return new Swept(new Strays(
            await LeftOf(strays.Containers, async c =>
            {
                await runtime.StopContainerAsync(c.Id, TimeSpan.FromSeconds(2), _end.Token).ConfigureAwait(false);
                await runtime.RemoveContainerAsync(c.Id, _end.Token).ConfigureAwait(false);
            }).ConfigureAwait(false),
            await LeftOf(strays.Sandboxes, s => runtime.RemoveSandboxAsync(s.Id, _end.Token)).ConfigureAwait(false),
            await LeftOf(strays.Volumes, uid => _services.Operations.Volumes.RemoveAsync(uid, _end.Token)).ConfigureAwait(false)));
    }

    private void Handle(PodFinished finished)
    {
        var self = Self;
        var uid = finished.Pod.Meta.Uid;
        _services.Statuses.Remove(finished.Pod.Key, uid, finished.Pod.NodeName, () => self.Tell(new ObjectRemoved(uid)));
    }

    private void Forget(string uid)
    {
        if (!_pods.Remove(uid, out var entry)) return;
        Context.Stop(entry.Worker);
        Record(new PodForgotten(uid));
    }

    private void Handle(FindContainer find)
    {
        var entry = _pods.Values.LastOrDefault(p => p.Pod.Key == find.Pod);
        if (entry is null) Sender.Tell(new ContainerFound(null, null, false, $"pod {find.Pod} is not on node {_node}"));
        else entry.Worker.Forward(find);
    }

    private KubeletPods Describe() => new(_node, _state.Epoch,
    [
        .. _state.Pods.Values.Select(p => new KubeletPod(p.Pod.Key.Namespace, p.Pod.Key.Name, p.Pod.Meta.Uid,
        [
            .. p.Run.Containers.OrderBy(c => c.Key, StringComparer.Ordinal)
                .Select(c => new KubeletContainer(c.Key, c.Value.Id, c.Value.RestartCount, c.Value.Ended?.ExitCode)),
        ])),
    ]);

    protected override void PostStop()
    {
        _services.Feed.Remove(_node, Self);
        _end.Cancel();
        _end.Dispose();
        base.PostStop();
    }
}
