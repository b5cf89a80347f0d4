using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Kinds.Events;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.PersistentVolumeClaims;
using Orchestrator.Actors.Kinds.PodDisruptionBudgets;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Scheduling;

/// <summary>Gives pods their nodes: the cluster's only scheduler, as a singleton.</summary>
/// <remarks>
/// A turn places a batch of pods and sends their bindings as one commit. Placed pods are assumed to be there until the registry
/// says otherwise. Two schedulers at a time, as in a split cluster, bind no pod twice: the registry refuses the second binding.
/// </remarks>
public sealed class SchedulerActor : UntypedActor, IWithTimers
{
    public const string SchedulerName = "default-scheduler";

    private static readonly EventSource Source = new(SchedulerName, FieldManagers.Scheduler);

    /// <summary>Most pods placed in one turn (count): between turns the actor takes in what has changed.</summary>
    private const int BatchMax = 512;

    /// <summary>Pods per second that are told why no node takes them, so that a flood of hopeless pods does not become three floods of writes.</summary>
    /// <remarks>Source: kube-scheduler, clientConnection.qps = 50 and burst = 100, of which each pod needs two.</remarks>
    private const double ReportsPerSecond = 100;

    private const double ReportsBurst = 200;

    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(250);

    private readonly RegistryClient _registries;
    private readonly IRegistries _writes;
    private readonly EventRecorder _events;
    private readonly TimeProvider _clock;
    private readonly SchedulingQueue _queue = new();
    private readonly NodeModel _model = new();
    private readonly StorageModel _storage = new();
    private readonly HashSet<ResourceType> _missing = [.. Followed];
    private readonly ActionRunner _runner;
    private readonly SchedulingCycle _cycle;
    private readonly Preemption _preemption;
    private readonly Displacement _displacement;
    private readonly Dictionary<ObjectKey, PodDisruptionBudgetView> _budgets = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<ObjectKey, FitFailure> _unreported = [];
    private FitFailure? _lastFailure;
    private bool _turnPending;
    private double _reportsLeft = ReportsBurst;
    private DateTimeOffset _reportsCountedAt;

    public SchedulerActor(RegistryClient registries, IRegistries writes, ActionRunner runner, EventRecorder events, TimeProvider clock, int seed)
    {
        _registries = registries;
        _writes = writes;
        _runner = runner;
        _events = events;
        _clock = clock;
        _cycle = new SchedulingCycle(_model, SchedulerProfile.Default, new Random(seed));
        _preemption = new Preemption(_model, SchedulerProfile.Default);
        _displacement = new Displacement(registries, writes, runner);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="registries">What it follows.</param>
    /// <param name="writes">The way of its writes, as <see cref="ResourceStore.Admitted"/>.</param>
    public static Props Props(RegistryClient registries, IRegistries writes, ActionRunner runner, EventRecorder events, TimeProvider clock, int seed) =>
        Akka.Actor.Props.Create(() => new SchedulerActor(registries, writes, runner, events, clock, seed));

    private static IEnumerable<ResourceType> Followed => [ResourceTypes.Nodes, ResourceTypes.Pods, ResourceTypes.PodDisruptionBudgets, .. StorageModel.Types];

    protected override void PreStart()
    {
        foreach (var type in Followed) _registries.Subscribe(type, Self);
    }

    protected override void PostStop()
    {
        foreach (var type in Followed) _registries.Unsubscribe(type, Self);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InformerSynced synced: Handle(synced); break;
            case ObjectsChanged changed: Handle(changed); break;
            case Bound bound: Handle(bound); break;
            case Turn: TakeTurn(); break;
            case Report: ReportFailures(); break;
            // A claim that has changed meanwhile brings its pod back to the queue.
            case NodeChosen chosen when chosen.Refusal is { Reason: not "Conflict" } refusal: _log.Warning("A claim was not told the node of its pod: {0}", refusal.Message); break;
            case NodeChosen or Displaced { Refusal: null }: break;
            case Displaced displaced: _log.Warning("Room could not be made: {0}", displaced.Refusal!.Message); break;
            case Status.Failure failure: _log.Warning(failure.Cause, "A write of the scheduler failed"); break;
            default: Unhandled(message); break;
        }
    }

    private void Handle(InformerSynced synced)
    {
        foreach (var o in synced.Objects.EnumerateFrom())
        {
            if (synced.Type == ResourceTypes.Nodes) _model.Set(NodeView.Of(o));
            else if (synced.Type == ResourceTypes.Pods) Take(PodView.Of(o));
            else if (synced.Type == ResourceTypes.PodDisruptionBudgets) _budgets[o.Key] = PodDisruptionBudgetView.Of(o);
            else _storage.Set(synced.Type, o);
        }
        _missing.Remove(synced.Type);
        AskForTurn();
    }

    private void Handle(ObjectsChanged batch)
    {
        var events = ClusterEvents.None;
        foreach (var change in batch.Changes)
        {
            if (batch.Type == ResourceTypes.Pods)
                events |= change.Kind == ChangeKind.Deleted ? Drop(change.Object.Key) : Take(PodView.Of(change.Object));
            else if (batch.Type == ResourceTypes.PodDisruptionBudgets) TakeBudget(change);
            else if (batch.Type != ResourceTypes.Nodes) events |= TakeStorage(batch.Type, change);
            else if (change.Kind == ChangeKind.Deleted) _model.RemoveNode(change.Object.Key.Name);
            else events |= _model.Set(NodeView.Of(change.Object));
        }
        _queue.Move(events, _clock.GetUtcNow());
        AskForTurn();
    }

    private void TakeBudget(ObjectChange change)
    {
        if (change.Kind == ChangeKind.Deleted) _budgets.Remove(change.Object.Key);
        else _budgets[change.Object.Key] = PodDisruptionBudgetView.Of(change.Object);
    }

    private ClusterEvents Take(PodView pod)
    {
        var waits = pod.NodeName.Length == 0 && pod.Active && pod.SchedulingGates.IsEmpty && pod.SchedulerName is ("" or SchedulerName);
        if (waits && pod.NominatedNodeName.Length > 0) _model.Nominate(pod, pod.NominatedNodeName);
        if (!waits) _queue.Remove(pod.Key);
        else if (!_model.IsAssumed(pod.Key)) _queue.Set(pod);
        return _model.Set(pod);
    }

    private ClusterEvents TakeStorage(ResourceType type, ObjectChange change)
    {
        if (change.Kind == ChangeKind.Deleted) _storage.Remove(type, change.Object.Key);
        else _storage.Set(type, change.Object);
        return ClusterEvents.StorageChanged;
    }

    private ClusterEvents Drop(ObjectKey pod)
    {
        _queue.Remove(pod);
        return _model.Remove(pod);
    }

    private void AskForTurn()
    {
        if (_turnPending || _missing.Count > 0) return;
        _queue.Wake(_clock.GetUtcNow());
        if (_queue.ActiveCount > 0)
        {
            _turnPending = true;
            Self.Tell(Turn.Instance);
        }
        else if (_queue.NextWake() is { } at)
        {
            var wait = at - _clock.GetUtcNow();
            Timers.StartSingleTimer("wake", Turn.Instance, wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1));
        }
    }

    private void TakeTurn()
    {
        _turnPending = false;
        var now = _clock.GetUtcNow();
        _queue.Wake(now);
        var binds = ImmutableArray.CreateBuilder<ObjectWrite>();
        var bound = ImmutableArray.CreateBuilder<PodView>();
        for (var i = 0; i < BatchMax && _queue.Take() is { } pod; i++)
        {
            var place = new PodToPlace(pod, _storage.VolumesOf(pod));
            var result = place.Volumes is { Refusal.Length: > 0 } volumes ? new PlacementResult(null, Refused(volumes)) : _cycle.Place(place);
            if (result.Node is not { } node)
            {
                var failure = MakeRoom(place, result, now);
                _queue.Reject(pod.Key, failure.HelpedBy, now);
                _unreported[pod.Key] = _lastFailure = failure.Or(_lastFailure);
                continue;
            }
            if (place.Volumes is { Unbound.IsEmpty: false })
            {
                ChooseNode(place.Volumes, node.Name);
                _queue.Reject(pod.Key, ClusterEvents.StorageChanged, now);
                continue;
            }
            _model.Assume(pod, node.Name);
            _cycle.Placed(place, node);
            binds.Add(new BindPod(pod.Key, node.Name, now, pod.Uid));
            bound.Add(pod);
        }
        if (binds.Count > 0)
        {
            var writes = binds.ToImmutable();
            var pods = bound.ToImmutable();
            _writes.WriteAsync(ResourceTypes.Pods, writes, static _ => ComponentUsers.Scheduler)
                .PipeTo(Self, success: results => new Bound(pods, writes, results),
                    failure: e => new Bound(pods, writes, [.. writes.Select(_ => new WriteResult(null, ApiError.Internal(e.Message)))]));
        }
        ReportFailures();
        AskForTurn();
    }

    /// <summary>Displaces less important pods for one that no node takes, where that helps.</summary>
    private FitFailure MakeRoom(PodToPlace place, PlacementResult result, DateTimeOffset now)
    {
        var (pod, failure) = (place.View, result.Failure!);
        var found = _preemption.Find(place, result.Helpable ?? [], _budgets.Values);
        failure = failure with { Displacing = found.Reasons, Ineligible = found.Ineligible };
        if (found.Plan is not { } plan)
        {
            // Nobody makes room any more, unless it is on its way.
            if (found.Ineligible.Length == 0) _model.Unnominate(pod.Key);
            return found.Ineligible.Length > 0 && !pod.PreemptsNobody ? failure with { NominatedNode = pod.NominatedNodeName } : failure;
        }
        var outranked = _model.NominatedBelow(plan.Node.Name, pod.Priority);
        foreach (var other in outranked) _model.Unnominate(other.Key);
        _model.Nominate(pod, plan.Node.Name);
        foreach (var victim in plan.Victims) _events.Record(Event(victim, false, "Preempted", $"Preempted by pod {pod.Uid} on node {plan.Node.Name}"), Source);
        _displacement.RunAsync(plan, outranked, now).PipeTo(Self, success: static refusal => new Displaced(refusal));
        return failure with { NominatedNode = plan.Node.Name, HelpedBy = failure.HelpedBy | ClusterEvents.PodRemoved };
    }

    private FitFailure Refused(PodVolumes volumes) =>
        new(_model.Nodes.Count, ImmutableDictionary<string, int>.Empty, 0, ClusterEvents.StorageChanged) { WhicheverNode = volumes.Refusal };

    /// <summary>Tells the claims of a pod where it is to run. It is placed for good when their volumes are bound, and then only where these are.</summary>
    private void ChooseNode(PodVolumes volumes, string node)
    {
        var patches = volumes.Unbound.Where(u => u.Claim.SelectedNode != node).Select(u => (ControllerAction)new PatchAction(
            ResourceTypes.PersistentVolumeClaims, u.Claim.Key, u.Claim.Uid,
            new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [PersistentVolumeClaimView.SelectedNodeAnnotation] = node } } },
            u.Claim.Source.Revision)).ToImmutableArray();
        if (patches.IsEmpty) return;
        _runner.RunAsync(patches, SchedulerName).PipeTo(Self, success: static o => new NodeChosen(o.Refusal));
    }

    private void Handle(Bound bound)
    {
        var now = _clock.GetUtcNow();
        for (var i = 0; i < bound.Pods.Length; i++)
        {
            var pod = bound.Pods[i];
            var node = ((BindPod)bound.Writes[i]).NodeName;
            if (bound.Results[i].Error is not { } error)
            {
                _queue.Remove(pod.Key);
                _events.Record(Event(pod, false, "Scheduled", $"Successfully assigned {pod.Key} to {node}"), Source);
                continue;
            }
            _model.Forget(pod.Key);
            // A binding that timed out may still happen; then the pod comes back with its node, and leaves the queue.
            if (error.Reason is "Conflict" or "NotFound") _log.Debug("{0} was not bound: {1}", pod.Key, error.Message);
            else _events.Record(Event(pod, true, "FailedScheduling", $"binding rejected: {error.Message}"), Source);
            _queue.Retry(pod.Key, now);
        }
        AskForTurn();
    }

    /// <summary>Tells pods why no node takes them, as many as the rate allows. One that got its node meanwhile needs no telling.</summary>
    private void ReportFailures()
    {
        if (_unreported.Count == 0) return;
        var now = _clock.GetUtcNow();
        _reportsLeft = Math.Min(ReportsBurst, _reportsLeft + (now - _reportsCountedAt).TotalSeconds * ReportsPerSecond);
        _reportsCountedAt = now;
        var writes = ImmutableArray.CreateBuilder<ObjectWrite>();
        foreach (var (key, failure) in _unreported)
        {
            if (_reportsLeft < 1) break;
            _unreported.Remove(key);
            if (_queue.Find(key) is not { } pod) continue;
            _reportsLeft--;
            ReportFailure(pod, failure, now, writes);
        }
        if (writes.Count > 0) _writes.WriteAsync(ResourceTypes.Pods, writes.ToImmutable(), static _ => ComponentUsers.Scheduler).PipeTo(ActorRefs.Nobody, failure: static e => new Status.Failure(e));
        if (_unreported.Count > 0) Timers.StartSingleTimer(nameof(Report), Report.Instance, ReportEvery);
    }

    private void ReportFailure(PodView pod, FitFailure failure, DateTimeOffset now, ImmutableArray<ObjectWrite>.Builder writes)
    {
        var message = failure.Message;
        _events.Record(Event(pod, true, "FailedScheduling", message), Source);
        if (pod.NominatedNodeName == failure.NominatedNode && pod.Condition("PodScheduled") is { Status: "False" } condition && condition.Message == message) return;
        var status = StatusWrite.Current(pod.Source);
        if (!StatusWrite.SetCondition(status, "PodScheduled", "False", "Unschedulable", message, now))
            StatusWrite.Condition(status, "PodScheduled")!["message"] = message;
        if (failure.NominatedNode.Length > 0) status["nominatedNodeName"] = failure.NominatedNode;
        else status.Remove("nominatedNodeName");
        writes.Add(new ReplaceStatus(pod.Key, JsonTree.ToUtf8(status), pod.Uid, pod.Source.Revision)
        {
            Manager = FieldManagers.Scheduler,
            At = now,
        });
    }

    private static EventAction Event(PodView pod, bool warning, string reason, string message) =>
        new(ResourceTypes.Pods, pod.Key, "v1", "Pod", pod.Uid, warning, reason, message);

    private sealed record Bound(ImmutableArray<PodView> Pods, ImmutableArray<ObjectWrite> Writes, ImmutableArray<WriteResult> Results);

    private sealed record NodeChosen(ApiError? Refusal);

    private sealed record Displaced(ApiError? Refusal);

    private sealed class Report
    {
        public static readonly Report Instance = new();
    }

    private sealed class Turn
    {
        public static readonly Turn Instance = new();
    }
}
