using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.ControllerRevisions;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.StatefulSets;

/// <summary>The working state of one pass over a StatefulSet: its numbers and who has them, and the actions so far.</summary>
internal sealed class StatefulSetPass
{
    /// <summary>Most pods created in one pass (count): the rest comes with the next, which they trigger.</summary>
    public const int BurstMax = 500;

    /// <summary>Whether the pass goes on to the next pod.</summary>
    private enum Step
    {
        Next,

        /// <summary>The next pod has to wait for this one, where pods wait for each other.</summary>
        Wait,

        /// <summary>Something is in the way of the whole set.</summary>
        Stop,
    }

    private readonly StatefulSetObserved _observed;
    private readonly StatefulSetView _set;
    private readonly CurrentRevision _update;
    private readonly PastRevision? _current;
    private readonly ReconcileContext _context;
    private readonly ImmutableArray<ControllerAction>.Builder _actions;
    private readonly List<(int Ordinal, PodView Pod)> _owned;
    // By place, counted from the first number. A set may ask for as many as there are numbers.
    private readonly Dictionary<int, PodView> _replicas = [];
    private readonly List<(int Ordinal, PodView Pod)> _condemned;
    private readonly HashSet<string> _deleted = new(StringComparer.Ordinal);
    private readonly PodView? _firstUnhealthy;
    private int _replacedCurrent, _created;
    private JsonObject? _spec, _currentTemplate;

    public StatefulSetPass(
        StatefulSetObserved observed, List<(int Ordinal, PodView Pod)> owned, CurrentRevision update, PastRevision? current, ReconcileContext context,
        ImmutableArray<ControllerAction>.Builder actions)
    {
        (_observed, _set, _owned, _update, _current, _context, _actions) = (observed, observed.Desired, owned, update, current, context, actions);
        foreach (var (ordinal, pod) in owned)
            if (_set.Includes(ordinal)) _replicas[ordinal - _set.Start] = pod;
        _condemned = [.. owned.Where(o => !_set.Includes(o.Ordinal)).OrderByDescending(static o => o.Ordinal)];
        // One that is yet to be made comes before all that are ill after it.
        for (var i = 0; i < _set.Replicas; i++)
        {
            var pod = _replicas.GetValueOrDefault(i);
            if (pod is not null && Healthy(pod)) continue;
            _firstUnhealthy = pod;
            return;
        }
        _firstUnhealthy = _condemned.Select(static c => c.Pod).LastOrDefault(p => !Healthy(p));
    }

    private string CurrentName => _current?.Name ?? _update.Name;

    private JsonObject Spec => _spec ??= _set.Source.ToTree()["spec"]!.AsObject();

    private bool Monotonic => !_set.Parallel;

    public void Run()
    {
        for (var i = 0; i < _set.Replicas && _created < BurstMax; i++)
            if (Ends(Keep(i))) return;
        foreach (var (ordinal, pod) in _condemned) RetainClaims(pod, ordinal);
        foreach (var (_, pod) in _condemned)
            if (Ends(Condemn(pod))) return;
        if (_set.RollingUpdate) Roll();
    }

    public void WriteStatus()
    {
        int ready = 0, available = 0, current = -_replacedCurrent, updated = 0;
        foreach (var (_, pod) in _owned)
        {
            if (StatefulPods.RunningAndReady(pod)) ready++;
            if (StatefulPods.RunningAndAvailable(pod, _set, _context.Now)) available++;
            if (pod.Terminating) continue;
            if (StatefulPods.RevisionOf(pod) == CurrentName) current++;
            if (StatefulPods.RevisionOf(pod) == _update.Name) updated++;
        }
        // All that there should be, not only all that there are: pods that are gone for now come back as they were.
        var done = _set.RollingUpdate && _owned.Count == _set.Replicas && updated == _set.Replicas && ready == _set.Replicas;
        var status = StatusWrite.Current(_set.Source);
        status["replicas"] = _owned.Count;
        status["availableReplicas"] = available;
        StatusWrite.SetCount(status, "readyReplicas", ready);
        StatusWrite.SetCount(status, "currentReplicas", done ? updated : current);
        StatusWrite.SetCount(status, "updatedReplicas", updated);
        status["currentRevision"] = done ? _update.Name : CurrentName;
        status["updateRevision"] = _update.Name;
        status["collisionCount"] = _update.CollisionCount;
        status["observedGeneration"] = _set.Meta.Generation;
        if (StatusWrite.IfChanged(ResourceTypes.StatefulSets, _set.Source, status) is { } write) _actions.Add(write);
    }

    private bool Ends(Step step) => step == Step.Stop || (step == Step.Wait && Monotonic);

    private static bool Healthy(PodView pod) => StatefulPods.RunningAndReady(pod) && !pod.Terminating;

    private Step Keep(int index)
    {
        var ordinal = _set.Start + index;
        if (_replicas.GetValueOrDefault(index) is not { } pod) return Create(ordinal);
        if (pod.Finished)
        {
            if (!pod.Terminating) Delete(pod);
            return Step.Wait;
        }
        if (pod.Phase == "Pending" && !EnsureClaims(ordinal)) return Step.Stop;
        if (Monotonic && (pod.Terminating || !StatefulPods.RunningAndAvailable(pod, _set, _context.Now))) return Step.Wait;
        if (!StatefulPods.IdentityMatches(pod))
        {
            _actions.Add(StatefulPods.RestoreIdentity(pod, ordinal));
            Tell(false, "SuccessfulUpdate", $"update Pod {pod.Key.Name} in StatefulSet {_set.Key.Name} successful");
        }
        RetainClaims(pod, ordinal);
        return Step.Next;
    }

    private Step Create(int ordinal)
    {
        var name = StatefulPods.NameOf(_set.Key.Name, ordinal);
        if (_observed.Find(ResourceTypes.Pods, name) is not null)
        {
            // Somebody else's pod has the name; its end is the trigger of the next pass.
            Tell(true, "FailedCreate", $"create Pod {name} in StatefulSet {_set.Key.Name} failed error: pods \"{name}\" already exists");
            return Step.Stop;
        }
        foreach (var key in StatefulClaims.KeysOf(_set, ordinal))
            if (_observed.Find(ResourceTypes.PersistentVolumeClaims, key.Name) is { } claim && StatefulClaims.IsStale(_set, claim, name, null)) return Step.Wait;
        if (!EnsureClaims(ordinal)) return Step.Stop;
        _created++;
        var (revision, template) = VersionFor(ordinal);
        _actions.Add(StatefulPods.Create(_set, template, ordinal, revision) with
        {
            News = new CreationNews(
                Event(false, "SuccessfulCreate", $"create Pod {name} in StatefulSet {_set.Key.Name} successful"),
                $"create Pod {name} in StatefulSet {_set.Key.Name} failed error: "),
        });
        return Step.Wait;
    }

    // What lies before the partition is made as it was.
    private (string Revision, JsonObject Template) VersionFor(int ordinal)
    {
        if (_current is not null && _current.Name != _update.Name && _set.RollingUpdate
            && ordinal - _set.Start < (_set.Partition ?? _set.StatusCurrentReplicas))
            return (_current.Name, _currentTemplate ??= _current.Template());
        return (_update.Name, JsonTree.Object(Spec, "template")!);
    }

    private bool EnsureClaims(int ordinal)
    {
        for (var i = 0; i < _set.Claims.Length; i++)
        {
            var name = StatefulClaims.NameOf(_set.Claims[i], _set.Key.Name, ordinal);
            var pod = StatefulPods.NameOf(_set.Key.Name, ordinal);
            var failed = $"create Claim {name} for Pod {pod} in StatefulSet {_set.Key.Name} failed error: ";
            if (_observed.Find(ResourceTypes.PersistentVolumeClaims, name) is { } claim)
            {
                if (!claim.Meta.Deleting) continue;
                Tell(true, "FailedCreate", $"{failed}pvc {name} is being deleted");
                return false;
            }
            _actions.Add(StatefulClaims.Create(_set, Spec, i, ordinal) with
            {
                News = new CreationNews(Event(false, "SuccessfulCreate", $"create Claim {name} Pod {pod} in StatefulSet {_set.Key.Name} success"), failed),
            });
        }
        return true;
    }

    private void RetainClaims(PodView pod, int ordinal)
    {
        foreach (var key in StatefulClaims.KeysOf(_set, ordinal))
            if (_observed.Find(ResourceTypes.PersistentVolumeClaims, key.Name) is { } claim && StatefulClaims.Retain(_set, pod, ordinal, claim) is { } patch)
                _actions.Add(patch);
    }

    private Step Condemn(PodView pod)
    {
        if (pod.Terminating) return Step.Wait;
        // A pod that is ill goes only when nothing before it is: of two, the first is mended first.
        if (Monotonic && !StatefulPods.RunningAndAvailable(pod, _set, _context.Now) && pod != _firstUnhealthy) return Step.Wait;
        Delete(pod);
        return Step.Wait;
    }

    private void Roll()
    {
        for (var i = _set.Replicas - 1; i >= (_set.Partition ?? 0); i--)
        {
            if (_replicas.GetValueOrDefault(i) is not { } pod) return;
            if (StatefulPods.RevisionOf(pod) != _update.Name && !pod.Terminating && !_deleted.Contains(pod.Uid))
            {
                if (StatefulPods.RevisionOf(pod) == CurrentName) _replacedCurrent = 1;
                Delete(pod);
                return;
            }
            if (!Healthy(pod) || _deleted.Contains(pod.Uid)) return;
        }
    }

    private void Delete(PodView pod)
    {
        if (!_deleted.Add(pod.Uid)) return;
        _actions.Add(new DeleteAction(ResourceTypes.Pods, pod.Key, pod.Uid));
        Tell(false, "SuccessfulDelete", $"delete Pod {pod.Key.Name} in StatefulSet {_set.Key.Name} successful");
    }

    private void Tell(bool warning, string reason, string message) => _actions.Add(Event(warning, reason, message));

    private EventAction Event(bool warning, string reason, string message) =>
        new(ResourceTypes.StatefulSets, _set.Key, "apps/v1", "StatefulSet", _set.Uid, warning, reason, message);
}
