using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Node.Kubelet;

/// <summary>Writes what the kubelets of this process have to say about pods, many in one commit.</summary>
/// <remarks>
/// Only the newest status of a pod waits; while a commit is under way the next batch gathers. A registry that does not answer
/// is asked again with growing pauses, for as long as it takes: pods run on meanwhile.
/// </remarks>
public sealed class StatusReporter(IRegistries registries, TimeProvider clock, int seed) : IAsyncDisposable
{
    /// <summary>Most writes in one commit (count).</summary>
    private const int BatchMax = 500;

    private static readonly TimeSpan RetryFirst = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(10);

    /// <summary>When a status or a removal that was denied is tried again. Source: kubelet, syncPeriod of its status manager.</summary>
    private static readonly TimeSpan DeniedAgainAfter = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Random _jitter = new(seed);
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<PodId, ReadOnlyMemory<byte>> _statuses = [];
    private readonly Dictionary<PodId, Action> _removals = [];
    private Task _writing = Task.CompletedTask;

    // Of the one loop that writes: what it wrote and this process has not seen yet, and whether somebody else has written in between.
    private readonly Dictionary<ObjectKey, StoredObject> _ahead = [];
    private bool _overtaken;

    private readonly record struct PodId(ObjectKey Key, string Uid, string Node);

    /// <summary>Takes the newest status of a pod. Any thread.</summary>
    public void Report(ObjectKey key, string uid, string node, ReadOnlyMemory<byte> status)
    {
        lock (_gate)
        {
            _statuses[new PodId(key, uid, node)] = status;
            Wake();
        }
    }

    /// <summary>Has the object of a pod removed, whose containers are all gone.</summary>
    /// <param name="removed">Called once the object is gone, or lives on for its finalizers only.</param>
    public void Remove(ObjectKey key, string uid, string node, Action removed)
    {
        lock (_gate)
        {
            _removals[new PodId(key, uid, node)] = removed;
            Wake();
        }
    }

    private void Wake()
    {
        if (_writing.IsCompleted && !_stop.IsCancellationRequested) _writing = Task.Run(WriteAllAsync);
    }

    private async Task WriteAllAsync()
    {
        var pause = RetryFirst;
        while (!_stop.IsCancellationRequested)
        {
            var (statuses, removals) = Take();
            if (statuses.Count == 0 && removals.Count == 0) return;
            var done = await TryWriteAsync(statuses, removals).ConfigureAwait(false);
            if (done)
            {
                pause = RetryFirst;
                continue;
            }
            double jitter;
            lock (_gate) jitter = 0.5 + _jitter.NextDouble();
            await Task.Delay(pause * jitter, clock, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < RetryMax ? pause * 2 : RetryMax;
        }
    }

    private (List<KeyValuePair<PodId, ReadOnlyMemory<byte>>>, List<KeyValuePair<PodId, Action>>) Take()
    {
        lock (_gate)
        {
            var statuses = _statuses.Take(BatchMax).ToList();
            foreach (var (pod, _) in statuses) _statuses.Remove(pod);
            // A pod's last status goes before its removal, for others may wait to read how it ended.
            var removals = _removals.Where(r => !_statuses.ContainsKey(r.Key)).Take(BatchMax).ToList();
            foreach (var (pod, _) in removals) _removals.Remove(pod);
            if (statuses.Count == 0 && removals.Count == 0) _writing = Task.CompletedTask;
            return (statuses, removals);
        }
    }

    /// <summary>One commit. What could not be written for now is put back; false when that was anything.</summary>
    private async Task<bool> TryWriteAsync(
        List<KeyValuePair<PodId, ReadOnlyMemory<byte>>> statuses, List<KeyValuePair<PodId, Action>> removals)
    {
        try
        {
            var consistent = removals.Count > 0 || _overtaken;
            var pods = consistent
                ? await registries.ConsistentAsync(ResourceTypes.Pods, _stop.Token).ConfigureAwait(false)
                : await registries.InformerAsync(ResourceTypes.Pods, _stop.Token).ConfigureAwait(false);
            Forget(pods.Revision);
            var writes = ImmutableArray.CreateBuilder<ObjectWrite>(statuses.Count + removals.Count);
            var now = clock.GetUtcNow();
            foreach (var ((key, uid, _), status) in statuses) writes.Add(StatusOf(Newest(pods, key), key, uid, status, now));
            foreach (var ((key, uid, _), _) in removals) writes.Add(RemovalOf(Newest(pods, key), key, uid));
            var results = await registries.WriteAsync(ResourceTypes.Pods, writes.ToImmutable(), NodeOf(statuses, removals), _stop.Token).ConfigureAwait(false);
            foreach (var result in results)
                if (result.Object is { } written) _ahead[written.Key] = written;
            var again = false;
            _overtaken = false;
            for (var i = 0; i < statuses.Count; i++)
            {
                var (status, error) = (statuses[i], results[i].Error);
                if (error is { Code: 409 } && writes[i].IfRevision is not null)
                {
                    // Somebody wrote first, most often once: what he said is read, and this is said again at once.
                    again |= PutBack(status) && consistent;
                    _overtaken = true;
                }
                else if (IsPassing(error)) again |= PutBack(status);
                else if (IsDenial(error)) _ = LaterAsync(() => PutBack(status));
            }
            for (var i = 0; i < removals.Count; i++)
            {
                var (removal, error) = (removals[i], results[statuses.Count + i].Error);
                if (IsPassing(error) || error is { Code: 409 }) again |= PutBack(removal);
                else if (IsDenial(error)) _ = LaterAsync(() => PutBack(removal));
                else removal.Value();
            }
            return !again;
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException or InvalidOperationException)
        {
            foreach (var status in statuses) PutBack(status);
            foreach (var removal in removals) PutBack(removal);
            return false;
        }
    }

    private StoredObject? Newest(Informer pods, ObjectKey key) => _ahead.GetValueOrDefault(key) ?? pods.Get(key);

    /// <summary>What has been seen is not ahead any more.</summary>
    private void Forget(long seen)
    {
        foreach (var (key, written) in _ahead)
            if (written.Revision <= seen) _ahead.Remove(key);
    }

    /// <summary>The status, with what others have said in it; only on top of what they said, so that nothing of it is lost.</summary>
    private static ReplaceStatus StatusOf(StoredObject? pod, ObjectKey key, string uid, ReadOnlyMemory<byte> status, DateTimeOffset now) =>
        pod is null || pod.Meta.Uid != uid
            ? new ReplaceStatus(key, status, uid) { Manager = FieldManagers.Kubelet, At = now }
            : new ReplaceStatus(key, PodStatusMerge.Over(status, pod), uid, pod.Revision) { Manager = FieldManagers.Kubelet, At = now };

    /// <summary>The object goes, unless finalizers hold it: then it is marked as ready to go, and the API server removes it with the last one.</summary>
    private static ObjectWrite RemovalOf(StoredObject? pod, ObjectKey key, string uid)
    {
        if (pod is null || pod.Meta.Uid != uid || pod.Meta.Finalizers.IsEmpty) return new RemoveObject(key, uid);
        var tree = pod.ToTree();
        tree["metadata"]!["deletionGracePeriodSeconds"] = 0;
        return new ReplaceObject(key, UncommittedJson.From(tree), uid, pod.Revision);
    }

    /// <summary>A pod is reported on by the kubelet of its node.</summary>
    private static WriterOf NodeOf(List<KeyValuePair<PodId, ReadOnlyMemory<byte>>> statuses, List<KeyValuePair<PodId, Action>> removals)
    {
        // Made for the first write that is asked about; most often none is.
        var nodes = new Lazy<ILookup<ObjectKey, string>>(() => statuses.Select(static s => s.Key).Concat(removals.Select(static r => r.Key)).ToLookup(static p => p.Key, static p => p.Node));
        return write => ComponentUsers.Node(nodes.Value[write.Key].First());
    }

    /// <summary>Admission says no: most often it goes on to, so the pod alone waits, and the reports of others do not.</summary>
    private static bool IsDenial(ApiError? error) => error is not (null or { Code: 404 or 409 });

    private async Task LaterAsync(Action putBack)
    {
        await Task.Delay(DeniedAgainAfter, clock, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            if (_stop.IsCancellationRequested) return;
            putBack();
            Wake();
        }
    }

    private static bool IsPassing(ApiError? error) => error is { Code: 504 or 429 } or { Code: 500, Reason: "ServerTimeout" };

    private bool PutBack(KeyValuePair<PodId, ReadOnlyMemory<byte>> status)
    {
        lock (_gate) return _statuses.TryAdd(status.Key, status.Value) || true; // a newer one may have come meanwhile
    }

    private bool PutBack(KeyValuePair<PodId, Action> removal)
    {
        lock (_gate) return _removals.TryAdd(removal.Key, removal.Value) || true;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
