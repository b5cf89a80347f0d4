using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Deployments;

/// <summary>What the Deployment controller sees.</summary>
/// <param name="Candidates">The ReplicaSets that it controls and those of its namespace that nothing controls.</param>
/// <param name="Pods">Of a Recreate strategy, the pods of <paramref name="Candidates"/>; not read otherwise.</param>
/// <param name="NameTaken">Whether a ReplicaSet of that name exists in the namespace.</param>
public sealed record DeploymentObserved(
    DeploymentView Desired, IReadOnlyCollection<ReplicaSetView> Candidates, IReadOnlyCollection<PodView> Pods, Func<string, bool> NameTaken);

/// <summary>Moves pods from old ReplicaSets to the one of the current template, step by step.</summary>
/// <remarks>
/// One pass takes one step and leaves the next to the pass that its effects trigger, as upstream does.
/// Source: kube-controller-manager, deployment/{deployment_controller,sync,rolling,recreate,progress}.go.
/// </remarks>
public static class DeploymentReconciler
{
    /// <summary>The actions of one step; none when the rollout is complete and the status says so.</summary>
    public static ReconcileResult Reconcile(DeploymentObserved observed, ReconcileContext context)
    {
        var deployment = observed.Desired;
        if (deployment.Selector.IsEverything)
            return new ReconcileResult([DeploymentRollout.Event(deployment, true, "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.")]);
        var rollout = new DeploymentRollout(deployment, context.Now);
        Claim(observed, rollout);
        if (deployment.Meta.Deleting) return DeploymentStatus.Sync(rollout, rollingOut: false);
        PauseCondition(rollout);
        if (deployment.Paused || IsScaling(rollout)) return Scale(rollout);
        return deployment.Recreate ? Recreate(rollout, observed) : Roll(rollout, observed);
    }

    private static void Claim(DeploymentObserved observed, DeploymentRollout rollout)
    {
        var deployment = rollout.Deployment;
        foreach (var set in observed.Candidates)
        {
            var matches = deployment.Selector.Matches(set.Meta.Labels);
            if (set.Meta.Controller is { } controller)
            {
                if (controller.Uid != deployment.Uid) continue;
                if (matches) rollout.Add(set);
                else if (!deployment.Meta.Deleting && !set.Meta.Deleting)
                    rollout.Do(OwnedBody.Release(ResourceTypes.ReplicaSets, set.Source, deployment.Uid));
            }
            else if (matches && !deployment.Meta.Deleting && !set.Meta.Deleting)
            {
                rollout.Do(OwnedBody.Adopt(ResourceTypes.ReplicaSets, set.Source, deployment.Identity));
                rollout.Add(set);
            }
        }
        rollout.Sort();
    }

    private static void PauseCondition(DeploymentRollout rollout)
    {
        if (rollout.Deployment.ProgressDeadlineSeconds is null) return;
        var progressing = StatusWrite.Condition(rollout.Status, "Progressing");
        var reason = JsonTree.String(progressing, "reason");
        if (reason == "ProgressDeadlineExceeded") return;
        var paused = reason == "DeploymentPaused";
        if (rollout.Deployment.Paused && !paused)
            rollout.SetCondition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused");
        else if (!rollout.Deployment.Paused && paused)
            rollout.SetCondition("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed");
    }

    // The sets remember for how many replicas they were sized; another number means that someone scaled.
    private static bool IsScaling(DeploymentRollout rollout) =>
        rollout.All.Any(s => s.Replicas > 0 && s.DesiredReplicas is { } desired && desired != rollout.Deployment.Replicas);

    private static ReconcileResult Scale(DeploymentRollout rollout)
    {
        var deployment = rollout.Deployment;
        if (rollout.New is not null) DeploymentRevision.Keep(rollout);
        if (rollout.ActiveOrLatest() is { } only)
        {
            if (only.Replicas != deployment.Replicas || Outdated(only, deployment)) rollout.Resize(only, deployment.Replicas);
        }
        else if (IsSaturated(rollout.New, deployment))
        {
            foreach (var old in rollout.Old) if (old.Replicas > 0) rollout.Resize(old, 0);
        }
        else if (!deployment.Recreate)
        {
            var active = rollout.All.Where(static s => s.Replicas > 0).ToDictionary(static s => s.Key.Name, StringComparer.Ordinal);
            var sizes = DeploymentScaling.Proportional([.. active.Values.Select(Sized)], deployment.Replicas, deployment.MaxSurge, deployment.StatusReplicas);
            foreach (var (name, size) in sizes)
                if (size != active[name].Replicas || Outdated(active[name], deployment)) rollout.Resize(active[name], size);
        }
        if (deployment.Paused) DeploymentRevision.Clean(rollout);
        return DeploymentStatus.Sync(rollout, rollingOut: false);
    }

    private static bool IsSaturated(ReplicaSetView? set, DeploymentView deployment) =>
        set is not null && set.Replicas == deployment.Replicas && set.DesiredReplicas == deployment.Replicas && set.AvailableReplicas == deployment.Replicas;

    private static bool Outdated(ReplicaSetView set, DeploymentView deployment) =>
        set.DesiredReplicas != deployment.Replicas || set.MaxReplicas != DeploymentScaling.Total(deployment.Replicas, deployment.MaxSurge);

    private static ReconcileResult Roll(DeploymentRollout rollout, DeploymentObserved observed)
    {
        var deployment = rollout.Deployment;
        if (rollout.New is null)
        {
            var size = DeploymentScaling.NewSize(deployment.Replicas, deployment.MaxSurge, 0, DeploymentScaling.Total(rollout.All.Select(static s => s.Replicas)));
            DeploymentRevision.Create(rollout, size, observed.NameTaken);
            return DeploymentStatus.Sync(rollout, rollingOut: true);
        }
        DeploymentRevision.Keep(rollout);
        var created = rollout.New;
        var wanted = created.Replicas > deployment.Replicas
            ? deployment.Replicas
            : DeploymentScaling.NewSize(deployment.Replicas, deployment.MaxSurge, created.Replicas, DeploymentScaling.Total(rollout.All.Select(static s => s.Replicas)));
        if (wanted != created.Replicas)
        {
            rollout.Resize(created, wanted);
            return DeploymentStatus.Sync(rollout, rollingOut: true);
        }
        var old = rollout.Old.Where(static s => s.Replicas > 0).ToDictionary(static s => s.Key.Name, StringComparer.Ordinal);
        var shrunk = DeploymentScaling.ShrinkOld([.. old.Values.Select(Sized)], Sized(created), deployment.Replicas - deployment.MaxUnavailable);
        foreach (var (name, size) in shrunk) rollout.Resize(old[name], size);
        if (shrunk.Count == 0 && DeploymentStatus.IsComplete(rollout)) DeploymentRevision.Clean(rollout);
        return DeploymentStatus.Sync(rollout, rollingOut: true);
    }

    private static ReconcileResult Recreate(DeploymentRollout rollout, DeploymentObserved observed)
    {
        var deployment = rollout.Deployment;
        if (rollout.New is not null) DeploymentRevision.Keep(rollout);
        var scaled = false;
        foreach (var old in rollout.Old)
        {
            if (old.Replicas == 0) continue;
            rollout.Resize(old, 0);
            scaled = true;
        }
        if (scaled || OldPodsRun(rollout, observed.Pods)) return DeploymentStatus.Sync(rollout, rollingOut: true);
        if (rollout.New is null) DeploymentRevision.Create(rollout, deployment.Replicas, observed.NameTaken);
        else if (rollout.New.Replicas != deployment.Replicas) rollout.Resize(rollout.New, deployment.Replicas);
        else if (DeploymentStatus.IsComplete(rollout)) DeploymentRevision.Clean(rollout);
        return DeploymentStatus.Sync(rollout, rollingOut: true);
    }

    // A pod that is being deleted still runs, and Recreate promises that old and new never run together.
    private static bool OldPodsRun(DeploymentRollout rollout, IReadOnlyCollection<PodView> pods) =>
        pods.Any(p => !p.Finished && p.Meta.Controller?.Uid is { } owner && rollout.Old.Any(s => s.Uid == owner));

    private static SizedSet Sized(ReplicaSetView set) =>
        new(set.Key.Name, set.Replicas, set.AvailableReplicas, set.Meta.CreationTimestamp, set.MaxReplicas);
}
