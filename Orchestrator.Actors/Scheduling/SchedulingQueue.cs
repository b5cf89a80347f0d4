using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Scheduling;

/// <summary>The pods that wait for a node: ready to be tried, backing off, or waiting for something to change.</summary>
/// <remarks>Source: kube-scheduler, scheduling queue: back-off from 1 s, doubled per try up to 10 s; after 5 minutes any pod is tried again.</remarks>
public sealed class SchedulingQueue
{
    public static readonly TimeSpan InitialBackoff = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan MaxUnschedulable = TimeSpan.FromMinutes(5);

    private readonly Dictionary<ObjectKey, Entry> _entries = [];
    private readonly PriorityQueue<Entry, (int Priority, long Order)> _active = new();
    private readonly PriorityQueue<Entry, DateTimeOffset> _backoff = new();
    private readonly HashSet<Entry> _unschedulable = [];

    // The same by age. An entry that was tried since stays in until it comes up: cheaper than to look for it.
    private readonly Queue<(Entry Entry, DateTimeOffset RejectedAt)> _byAge = new();
    private readonly HashSet<Entry> _trying = [];
    private long _order;

    private enum Place
    {
        Active,
        Backoff,
        Unschedulable,
        Trying,
    }

    // Thousands may wait for hours, so an entry keeps the object and no view of it.
    private sealed class Entry(PodView pod)
    {
        public StoredObject Pod { get; set; } = pod.Source;
        public int Priority { get; set; } = pod.Priority;
        public Place Place { get; set; }
        public int Attempts { get; set; }
        public DateTimeOffset BackoffUntil { get; set; }
        public DateTimeOffset RejectedAt { get; set; }
        public ClusterEvents HelpedBy { get; set; }

        /// <summary>What happened while the pod was being tried: it may have been what it lacks.</summary>
        public ClusterEvents Missed { get; set; }

        /// <summary>Gone from the queue, although a priority queue may still hold it.</summary>
        public bool Removed { get; set; }
    }

    public int Count => _entries.Count;

    /// <summary>Pods that may be tried at once (count).</summary>
    public int ActiveCount { get; private set; }

    /// <summary>Takes in a pod without node, or a new version of one. A changed spec or label makes it worth another try.</summary>
    public void Set(PodView pod)
    {
        if (!_entries.TryGetValue(pod.Key, out var entry))
        {
            entry = _entries[pod.Key] = new Entry(pod);
            Activate(entry);
            return;
        }
        var changed = entry.Pod.Meta.Uid != pod.Uid || entry.Pod.Meta.Generation != pod.Meta.Generation || !ObjectMeta.AreEqual(entry.Pod.Meta.Labels, pod.Meta.Labels);
        (entry.Pod, entry.Priority) = (pod.Source, pod.Priority);
        if (!changed) return;
        if (entry.Place == Place.Unschedulable)
        {
            _unschedulable.Remove(entry);
            Activate(entry);
        }
        else if (entry.Place == Place.Trying) entry.Missed = ClusterEvents.All;
    }

    public void Remove(ObjectKey key)
    {
        if (!_entries.Remove(key, out var entry)) return;
        if (entry.Place == Place.Active) ActiveCount--;
        _unschedulable.Remove(entry);
        _trying.Remove(entry);
        entry.Removed = true;
    }

    /// <summary>Makes those ready whose back-off is over.</summary>
    public void Wake(DateTimeOffset now)
    {
        while (_backoff.TryPeek(out var entry, out var until) && until <= now)
        {
            _backoff.Dequeue();
            if (entry.Place == Place.Backoff && !entry.Removed) Activate(entry);
        }
        if (_unschedulable.Count == 0) return;
        while (Oldest() is { } entry && entry.RejectedAt + MaxUnschedulable <= now)
        {
            _byAge.Dequeue();
            _unschedulable.Remove(entry);
            Activate(entry);
        }
    }

    /// <summary>The next pod to try: the most important one, then the one that waits longest. Null when none is ready.</summary>
    /// <remarks>Call <see cref="Wake"/> first, once per batch.</remarks>
    public PodView? Take()
    {
        while (_active.TryDequeue(out var entry, out _))
        {
            if (entry.Place != Place.Active || entry.Removed) continue;
            entry.Place = Place.Trying;
            _trying.Add(entry);
            entry.Missed = ClusterEvents.None;
            entry.Attempts++;
            ActiveCount--;
            return PodView.Of(entry.Pod);
        }
        return null;
    }

    /// <summary>Puts back a pod that no node takes.</summary>
    public void Reject(ObjectKey key, ClusterEvents helpedBy, DateTimeOffset now)
    {
        if (!_entries.TryGetValue(key, out var entry) || entry.Place != Place.Trying) return;
        _trying.Remove(entry);
        entry.HelpedBy = helpedBy;
        entry.RejectedAt = now;
        entry.BackoffUntil = now + BackoffOf(entry.Attempts);
        if ((entry.Missed & helpedBy) != 0)
        {
            BackOff(entry);
            return;
        }
        entry.Place = Place.Unschedulable;
        _unschedulable.Add(entry);
        _byAge.Enqueue((entry, now));
    }

    /// <summary>Puts back a pod whose binding failed: it is tried again after its back-off, whatever changes.</summary>
    public void Retry(ObjectKey key, DateTimeOffset now)
    {
        if (!_entries.TryGetValue(key, out var entry) || entry.Place != Place.Trying) return;
        _trying.Remove(entry);
        entry.BackoffUntil = now + BackoffOf(entry.Attempts);
        BackOff(entry);
    }

    /// <summary>Moves the pods that <paramref name="events"/> may help to where they are tried again.</summary>
    public void Move(ClusterEvents events, DateTimeOffset now)
    {
        if (events == ClusterEvents.None) return;
        foreach (var entry in _trying) entry.Missed |= events;
        if (_unschedulable.Count == 0) return;
        foreach (var entry in _unschedulable.Where(e => (e.HelpedBy & events) != 0).ToList())
        {
            _unschedulable.Remove(entry);
            if (entry.BackoffUntil > now) BackOff(entry);
            else Activate(entry);
        }
    }

    /// <summary>When a waiting pod becomes ready by itself, or null.</summary>
    public DateTimeOffset? NextWake()
    {
        while (_backoff.TryPeek(out var entry, out _) && (entry.Place != Place.Backoff || entry.Removed)) _backoff.Dequeue();
        DateTimeOffset? next = _backoff.TryPeek(out _, out var until) ? until : null;
        if (Oldest() is { } oldest && (next is null || oldest.RejectedAt + MaxUnschedulable < next)) next = oldest.RejectedAt + MaxUnschedulable;
        return next;
    }

    /// <summary>The newest version of a pod that waits, or null.</summary>
    public PodView? Find(ObjectKey key) => _entries.TryGetValue(key, out var entry) ? PodView.Of(entry.Pod) : null;

    public static TimeSpan BackoffOf(int attempts)
    {
        var backoff = InitialBackoff;
        for (var i = 1; i < attempts && backoff < MaxBackoff; i++) backoff *= 2;
        return backoff < MaxBackoff ? backoff : MaxBackoff;
    }

    private Entry? Oldest()
    {
        while (_byAge.TryPeek(out var first))
        {
            if (first.Entry.Place == Place.Unschedulable && !first.Entry.Removed && first.Entry.RejectedAt == first.RejectedAt) return first.Entry;
            _byAge.Dequeue();
        }
        return null;
    }

    private void Activate(Entry entry)
    {
        entry.Place = Place.Active;
        ActiveCount++;
        _active.Enqueue(entry, (-entry.Priority, _order++));
    }

    private void BackOff(Entry entry)
    {
        entry.Place = Place.Backoff;
        _backoff.Enqueue(entry, entry.BackoffUntil);
    }
}
