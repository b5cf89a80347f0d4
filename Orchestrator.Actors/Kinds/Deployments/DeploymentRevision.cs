using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Deployments;

/// <summary>The set of the current template: made, kept up to date, and old ones cleaned away.</summary>
internal static class DeploymentRevision
{
    /// <summary>Creates the set of the current template with <paramref name="size"/> replicas.</summary>
    public static void Create(DeploymentRollout rollout, int size, Func<string, bool> nameTaken)
    {
        var deployment = rollout.Deployment;
        var hash = deployment.TemplateHash;
        var name = $"{deployment.Key.Name}-{hash}";
        if (nameTaken(name))
        {
            // Another template has the same hash: the count changes the hash, and the next pass finds a free name.
            rollout.Status["collisionCount"] = deployment.CollisionCount + 1;
            return;
        }
        var revision = DeploymentRollout.Text(MaxRevision(rollout.Old) + 1);
        var annotations = CopiedAnnotations(deployment);
        annotations[DeploymentAnnotations.Revision] = revision;
        annotations[DeploymentAnnotations.DesiredReplicas] = DeploymentRollout.Text(deployment.Replicas);
        annotations[DeploymentAnnotations.MaxReplicas] = DeploymentRollout.Text(DeploymentScaling.Total(deployment.Replicas, deployment.MaxSurge));
        rollout.Do(new CreateAction(ResourceTypes.ReplicaSets, new ObjectKey(deployment.Key.Namespace, name),
            Body(deployment, name, hash, size, annotations)));
        if (size > 0) rollout.Scaled(name, 0, size);
        if (deployment.ProgressDeadlineSeconds is not null)
            rollout.SetCondition("Progressing", "True", "NewReplicaSetCreated", $"Created new replica set \"{name}\"");
        PublishRevision(rollout, revision);
    }

    /// <summary>Keeps the revision and the copied fields of an existing set, which a rollback may have brought back.</summary>
    public static void Keep(DeploymentRollout rollout)
    {
        var (deployment, set) = (rollout.Deployment, rollout.New!);
        var wanted = MaxRevision(rollout.Old) + 1;
        var revision = Math.Max(wanted, set.Revision);
        var annotations = new JsonObject();
        foreach (var (key, value) in CopiedAnnotations(deployment))
            if (!set.Meta.Annotations.TryGetValue(key, out var old) || old != JsonTree.AsString(value)) annotations[key] = value!.DeepClone();
        if (revision != set.Revision)
        {
            annotations[DeploymentAnnotations.Revision] = DeploymentRollout.Text(revision);
            if (set.Revision > 0) annotations[DeploymentAnnotations.RevisionHistory] = History(set);
        }
        var patch = new JsonObject();
        if (annotations.Count > 0) patch["metadata"] = new JsonObject { ["annotations"] = annotations };
        if (set.MinReadySeconds != deployment.MinReadySeconds)
            patch["spec"] = new JsonObject { ["minReadySeconds"] = deployment.MinReadySeconds };
        if (patch.Count > 0) rollout.Do(new PatchAction(ResourceTypes.ReplicaSets, set.Key, set.Uid, patch));
        if (deployment.ProgressDeadlineSeconds is not null && StatusWrite.Condition(rollout.Status, "Progressing") is null)
            rollout.SetCondition("Progressing", "True", "FoundNewReplicaSet", $"Found new replica set \"{set.Key.Name}\"");
        PublishRevision(rollout, DeploymentRollout.Text(revision));
    }

    /// <summary>Deletes the oldest empty sets beyond the history limit.</summary>
    public static void Clean(DeploymentRollout rollout)
    {
        var alive = rollout.Old.Where(static s => !s.Meta.Deleting).ToList();
        var excess = alive.Count - rollout.Deployment.RevisionHistoryLimit;
        if (excess <= 0) return;
        foreach (var set in alive.OrderBy(static s => s.Revision).ThenBy(static s => s.Meta.CreationTimestamp).Take(excess))
        {
            if (set.StatusReplicas != 0 || rollout.SizeOf(set) != 0 || set.Replicas != 0 || set.Meta.Generation > set.ObservedGeneration) continue;
            rollout.Do(new DeleteAction(ResourceTypes.ReplicaSets, set.Key, set.Uid, "Background"));
        }
    }

    private static void PublishRevision(DeploymentRollout rollout, string revision)
    {
        var deployment = rollout.Deployment;
        if (deployment.Meta.Annotations.GetValueOrDefault(DeploymentAnnotations.Revision) == revision) return;
        rollout.Do(new PatchAction(ResourceTypes.Deployments, deployment.Key, deployment.Uid, new JsonObject
        {
            ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [DeploymentAnnotations.Revision] = revision } },
        }));
    }

    private static JsonObject Body(DeploymentView deployment, string name, string hash, int size, JsonObject annotations)
    {
        var spec = deployment.Source.ToTree()["spec"]!.AsObject();
        var template = spec["template"]!.DeepClone().AsObject();
        var selector = spec["selector"]!.DeepClone().AsObject();
        JsonTree.Ensure(JsonTree.Ensure(template, "metadata"), "labels")[PodTemplate.HashLabel] = hash;
        JsonTree.Ensure(selector, "matchLabels")[PodTemplate.HashLabel] = hash;
        var made = new JsonObject { ["replicas"] = size, ["selector"] = selector, ["template"] = template };
        if (deployment.MinReadySeconds != 0) made["minReadySeconds"] = deployment.MinReadySeconds;
        return new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "ReplicaSet",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = deployment.Key.Namespace,
                ["labels"] = template["metadata"]!["labels"]!.DeepClone(),
                ["annotations"] = annotations,
                ["ownerReferences"] = new JsonArray(deployment.Identity.ToReference()),
            },
            ["spec"] = made,
        };
    }

    private static JsonObject CopiedAnnotations(DeploymentView deployment)
    {
        var annotations = new JsonObject();
        foreach (var (key, value) in deployment.Meta.Annotations)
            if (!DeploymentAnnotations.NotCopied.Contains(key)) annotations[key] = value;
        return annotations;
    }

    private static string History(ReplicaSetView set)
    {
        var history = set.Meta.Annotations.GetValueOrDefault(DeploymentAnnotations.RevisionHistory);
        var past = DeploymentRollout.Text(set.Revision);
        return string.IsNullOrEmpty(history) ? past : $"{history},{past}";
    }

    private static long MaxRevision(List<ReplicaSetView> sets) => sets.Count == 0 ? 0 : sets.Max(static s => s.Revision);
}
