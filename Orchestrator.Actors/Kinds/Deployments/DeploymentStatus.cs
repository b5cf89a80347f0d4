using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Deployments;

/// <summary>The counts and conditions that clients such as <c>kubectl rollout status</c> wait for.</summary>
internal static class DeploymentStatus
{
    private sealed record Counts(int Replicas, int Updated, int Ready, int Available);

    /// <summary>All wanted pods are of the new template and available, and no old one is left.</summary>
    public static bool IsComplete(DeploymentRollout rollout) => IsComplete(rollout.Deployment, CountsOf(rollout));

    /// <summary>Ends a pass: the status is written when it differs.</summary>
    /// <param name="rollingOut">The pass worked on the rollout, so progress is judged.</param>
    public static ReconcileResult Sync(DeploymentRollout rollout, bool rollingOut)
    {
        var deployment = rollout.Deployment;
        var before = ReadCounts(rollout.Status);
        var counts = CountsOf(rollout);
        WriteCounts(rollout, counts);
        Availability(rollout, counts.Available);
        TimeSpan? requeue = null;
        if (rollingOut)
        {
            if (deployment.ProgressDeadlineSeconds is null) StatusWrite.RemoveCondition(rollout.Status, "Progressing");
            else requeue = Progress(rollout, before, counts);
            Failure(rollout);
        }
        if (StatusWrite.IfChanged(ResourceTypes.Deployments, deployment.Source, rollout.Status) is { } write) rollout.Do(write);
        return new ReconcileResult(rollout.Actions, requeue);
    }

    private static Counts CountsOf(DeploymentRollout rollout) => new(
        DeploymentScaling.Total(rollout.All.Select(static s => s.StatusReplicas)),
        rollout.New?.StatusReplicas ?? 0,
        DeploymentScaling.Total(rollout.All.Select(static s => s.ReadyReplicas)),
        DeploymentScaling.Total(rollout.All.Select(static s => s.AvailableReplicas)));

    private static Counts ReadCounts(JsonObject status) => new(
        Count(status, "replicas"), Count(status, "updatedReplicas"), Count(status, "readyReplicas"), Count(status, "availableReplicas"));

    private static int Count(JsonObject status, string name) => (int)(JsonTree.Int64(status, name) ?? 0);

    private static void WriteCounts(DeploymentRollout rollout, Counts counts)
    {
        var status = rollout.Status;
        status["observedGeneration"] = rollout.Deployment.Meta.Generation;
        StatusWrite.SetCount(status, "replicas", counts.Replicas);
        StatusWrite.SetCount(status, "updatedReplicas", counts.Updated);
        StatusWrite.SetCount(status, "readyReplicas", counts.Ready);
        StatusWrite.SetCount(status, "availableReplicas", counts.Available);
        StatusWrite.SetCount(status, "unavailableReplicas", Math.Max(0, DeploymentScaling.Total(rollout.All.Select(rollout.SizeOf)) - counts.Available));
    }

    private static void Availability(DeploymentRollout rollout, int available)
    {
        if (available >= rollout.Deployment.Replicas - rollout.Deployment.MaxUnavailable)
            rollout.SetCondition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.");
        else
            rollout.SetCondition("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.");
    }

    private static bool IsComplete(DeploymentView deployment, Counts counts) =>
        counts.Updated == deployment.Replicas && counts.Replicas == deployment.Replicas && counts.Available == deployment.Replicas;

    private static TimeSpan? Progress(DeploymentRollout rollout, Counts before, Counts counts)
    {
        var deployment = rollout.Deployment;
        var current = StatusWrite.Condition(rollout.Status, "Progressing");
        var reason = JsonTree.String(current, "reason");
        if (counts.Replicas == counts.Updated && reason == "NewReplicaSetAvailable") return null;
        var subject = rollout.New is { } set ? $"ReplicaSet \"{set.Key.Name}\"" : $"Deployment \"{deployment.Key.Name}\"";
        if (IsComplete(deployment, counts))
        {
            rollout.SetCondition("Progressing", "True", "NewReplicaSetAvailable", $"{subject} has successfully progressed.");
            return null;
        }
        if (IsProgress(before, counts)) Progressed(rollout, current, $"{subject} is progressing.");
        else if (IsTimedOut(rollout, current))
            rollout.SetCondition("Progressing", "False", "ProgressDeadlineExceeded", $"{subject} has timed out progressing.");
        return UntilDeadline(rollout);
    }

    private static bool IsProgress(Counts before, Counts now) =>
        now.Updated > before.Updated || now.Replicas - now.Updated < before.Replicas - before.Updated
        || now.Ready > before.Ready || now.Available > before.Available;

    // Each sign of progress starts the deadline anew, so the condition's update time moves although nothing else of it does.
    private static void Progressed(DeploymentRollout rollout, JsonObject? current, string message)
    {
        var since = JsonTree.String(current, "status") == "True" ? JsonTree.String(current, "lastTransitionTime") : null;
        StatusWrite.RemoveCondition(rollout.Status, "Progressing");
        rollout.SetCondition("Progressing", "True", "ReplicaSetUpdated", message);
        if (since is not null) StatusWrite.Condition(rollout.Status, "Progressing")!["lastTransitionTime"] = since;
    }

    private static bool IsTimedOut(DeploymentRollout rollout, JsonObject? condition) => condition is not null
        && JsonTree.String(condition, "reason") is not ("NewReplicaSetAvailable" or "DeploymentPaused")
        && (JsonTree.String(condition, "reason") == "ProgressDeadlineExceeded" || Deadline(rollout, condition) <= rollout.Now);

    private static DateTimeOffset Deadline(DeploymentRollout rollout, JsonObject condition) =>
        (KindTime.Read(condition["lastUpdateTime"]) ?? rollout.Now).Plus(rollout.Deployment.ProgressDeadlineSeconds!.Value);

    private static TimeSpan? UntilDeadline(DeploymentRollout rollout)
    {
        if (StatusWrite.Condition(rollout.Status, "Progressing") is not { } condition
            || JsonTree.String(condition, "reason") is "ProgressDeadlineExceeded" or "NewReplicaSetAvailable") return null;
        var left = Deadline(rollout, condition) - rollout.Now;
        // A second more, for times in objects are cut to whole seconds.
        return (left > TimeSpan.Zero ? left : TimeSpan.Zero) + TimeSpan.FromSeconds(1);
    }

    private static void Failure(DeploymentRollout rollout)
    {
        var failing = rollout.New?.ReplicaFailure ?? rollout.Old.Select(static s => s.ReplicaFailure).FirstOrDefault(static f => f is not null);
        if (failing is not null) rollout.SetCondition("ReplicaFailure", failing.Status, failing.Reason, failing.Message);
        else StatusWrite.RemoveCondition(rollout.Status, "ReplicaFailure");
    }
}
