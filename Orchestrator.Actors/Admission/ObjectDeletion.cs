using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission;

/// <summary>What a deletion does to the object at once.</summary>
internal enum DeletionStep : byte
{
    /// <summary>Nothing: the object is on its way already.</summary>
    Pending,

    /// <summary>It is marked and stays, for its grace period or for its finalizers.</summary>
    Mark,

    /// <summary>It goes.</summary>
    Remove,
}

/// <param name="Step">What to do.</param>
/// <param name="Marked">The object to be written, for <see cref="DeletionStep.Mark"/>.</param>
internal readonly record struct DeletionPlan(DeletionStep Step, JsonObject? Marked);

/// <summary>Decides what a deletion does to an object. Pure.</summary>
/// <remarks>Source: k8s.io/apiserver, registry/rest BeforeDelete and registry/generic updateForGracefulDeletionAndFinalizers.</remarks>
internal static class ObjectDeletion
{
    public const string OrphanFinalizer = "orphan";
    public const string ForegroundFinalizer = "foregroundDeletion";

    /// <summary>The Conflict that a precondition of the options leads to, or null.</summary>
    public static ApiError? CheckPreconditions(ResourceSchema schema, StoredObject stored, DeleteOptions options)
    {
        if (options.Uid is { } uid && uid != stored.Meta.Uid)
            return Conflict(schema, stored, $"the UID in the precondition ({uid}) does not match the UID in record ({stored.Meta.Uid}). The object might have been deleted and then recreated");
        if (options.Owners is { } owners && !owners.SequenceEqual(stored.Meta.OwnerReferences))
            return Conflict(schema, stored, "Precondition failed: the object has other owners than it was to be deleted for");
        var version = stored.Revision.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return options.ResourceVersion is { } wanted && wanted != version
            ? Conflict(schema, stored, $"the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({version}). The object might have been modified")
            : null;
    }

    /// <summary>Kubernetes names the Kind here, and not the plural as elsewhere.</summary>
    private static ApiError Conflict(ResourceSchema schema, StoredObject stored, string why) =>
        ApiError.Conflict(new ResourceType(schema.Group, schema.Kind), stored.Key.Name, why);

    public static DeletionPlan Plan(ResourceSchema schema, StoredObject stored, DeleteOptions options, DateTimeOffset now)
    {
        if (schema.Type == ResourceTypes.Namespaces) return PlanNamespace(schema, stored, options, now);
        if (schema.Type == ResourceTypes.CustomResourceDefinitions) return PlanDefinition(schema, stored, options, now);
        var graceful = schema.Type == ResourceTypes.Pods;
        if (!graceful && stored.Meta.Finalizers.IsEmpty && !WantsFinalizer(schema.Type, options)) return new DeletionPlan(DeletionStep.Remove, null);

        var tree = stored.ToTree();
        var meta = SystemMetadata.Of(tree);
        if (stored.Meta.Deleting && graceful && stored.Meta.DeletionGracePeriodSeconds is { } pending)
        {
            // A second deletion may only shorten the period that the first one gave.
            if (options.GracePeriodSeconds is not { } shorter || shorter >= pending)
                return stored.Meta.Finalizers.IsEmpty && pending == 0 ? new DeletionPlan(DeletionStep.Remove, null) : new DeletionPlan(DeletionStep.Pending, null);
            shorter = Math.Max(0, shorter);
            SetFinalizers(meta, WithPolicy(schema.Type, ObjectUpdate.Finalizers(meta), options));
            meta["deletionTimestamp"] = Rfc3339.Seconds(stored.Meta.DeletionTimestamp!.Value.Plus(shorter - pending));
            meta["deletionGracePeriodSeconds"] = shorter;
            return shorter == 0 && ObjectUpdate.Finalizers(meta).Count == 0
                ? new DeletionPlan(DeletionStep.Remove, null)
                : new DeletionPlan(DeletionStep.Mark, tree);
        }

        var finalizers = WithPolicy(schema.Type, ObjectUpdate.Finalizers(meta), options);
        var grace = graceful ? PodGrace(tree, options) : 0;
        if (finalizers.Count == 0 && grace == 0) return new DeletionPlan(DeletionStep.Remove, null);
        if (stored.Meta.Deleting && finalizers.SequenceEqual(ObjectUpdate.Finalizers(meta))) return new DeletionPlan(DeletionStep.Pending, null);
        SetFinalizers(meta, finalizers);
        Mark(meta, now, grace);
        return new DeletionPlan(DeletionStep.Mark, tree);
    }

    /// <summary>A namespace waits for its content: its controller empties it and then takes its spec.finalizers away.</summary>
    private static DeletionPlan PlanNamespace(ResourceSchema schema, StoredObject stored, DeleteOptions options, DateTimeOffset now)
    {
        var tree = stored.ToTree();
        var meta = SystemMetadata.Of(tree);
        var emptied = JsonTree.Array(JsonTree.Object(tree, "spec"), "finalizers") is null or { Count: 0 };
        if (stored.Meta.Deleting)
            return emptied && stored.Meta.Finalizers.IsEmpty ? new DeletionPlan(DeletionStep.Remove, null) : new DeletionPlan(DeletionStep.Pending, null);
        var finalizers = WithPolicy(schema.Type, ObjectUpdate.Finalizers(meta), options);
        if (emptied && finalizers.Count == 0) return new DeletionPlan(DeletionStep.Remove, null);
        SetFinalizers(meta, finalizers);
        meta["deletionTimestamp"] = Rfc3339.Seconds(now);
        JsonTree.Ensure(tree, "status")["phase"] = "Terminating";
        return new DeletionPlan(DeletionStep.Mark, tree);
    }

    /// <summary>A definition waits for its instances: its controller deletes them and then takes the finalizer away.</summary>
    /// <remarks>Source: apiextensions-apiserver, registry/customresourcedefinition Delete.</remarks>
    private static DeletionPlan PlanDefinition(ResourceSchema schema, StoredObject stored, DeleteOptions options, DateTimeOffset now)
    {
        if (stored.Meta.Deleting) return new DeletionPlan(DeletionStep.Pending, null);
        var tree = stored.ToTree();
        var meta = SystemMetadata.Of(tree);
        var finalizers = WithPolicy(schema.Type, ObjectUpdate.Finalizers(meta), options);
        if (!finalizers.Contains(CustomResourceDefinitionRemoval.Finalizer)) finalizers.Add(CustomResourceDefinitionRemoval.Finalizer);
        SetFinalizers(meta, finalizers);
        Mark(meta, now, grace: 0);
        StatusWrite.SetCondition(JsonTree.Ensure(tree, "status"), "Terminating", "True", "InstanceDeletionPending",
            "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon", now);
        return new DeletionPlan(DeletionStep.Mark, tree);
    }

    private static void Mark(JsonObject meta, DateTimeOffset now, long grace)
    {
        if (meta.ContainsKey("deletionTimestamp")) return;
        meta["deletionTimestamp"] = Rfc3339.Seconds(now.Plus(grace));
        meta["deletionGracePeriodSeconds"] = grace;
        SystemMetadata.RaiseGeneration(meta);
    }

    /// <summary>The seconds that a pod gets. One that runs nowhere, or has ended, needs none.</summary>
    /// <remarks>Source: kube-apiserver, registry/core/pod CheckGracefulDelete.</remarks>
    private static long PodGrace(JsonObject pod, DeleteOptions options)
    {
        var spec = JsonTree.Object(pod, "spec");
        if (string.IsNullOrEmpty(JsonTree.String(spec, "nodeName"))) return 0;
        if (JsonTree.String(JsonTree.Object(pod, "status"), "phase") is "Failed" or "Succeeded") return 0;
        // A negative one, which old pods may have, counts as a second.
        var grace = options.GracePeriodSeconds ?? (JsonTree.Int64(spec, "terminationGracePeriodSeconds") is { } own ? own < 0 ? 1 : own : 0);
        return grace < 0 ? 1 : grace;
    }

    private static bool WantsFinalizer(ResourceType type, DeleteOptions options) =>
        options.SaysPolicy
            ? options.Propagation is PropagationPolicy.Orphan or PropagationPolicy.Foreground || options.OrphanDependents == true
            : KindStrategies.Of(type)?.OrphansDependents == true;

    // What says nothing leaves a decision that was made before as it is.
    private static List<string> WithPolicy(ResourceType type, List<string> finalizers, DeleteOptions options)
    {
        bool? orphan = options.SaysPolicy ? options.OrphanDependents ?? options.Propagation == PropagationPolicy.Orphan
            : KindStrategies.Of(type)?.OrphansDependents == true && !finalizers.Contains(OrphanFinalizer) && !finalizers.Contains(ForegroundFinalizer) ? true
            : null;
        if (orphan is null) return finalizers;
        var result = finalizers.Where(f => f is not (OrphanFinalizer or ForegroundFinalizer)).ToList();
        if (orphan == true) result.Add(OrphanFinalizer);
        else if (options.Propagation == PropagationPolicy.Foreground) result.Add(ForegroundFinalizer);
        return result;
    }

    private static void SetFinalizers(JsonObject meta, List<string> finalizers)
    {
        if (finalizers.Count == 0) meta.Remove("finalizers");
        else meta["finalizers"] = new JsonArray([.. finalizers.Select(f => (JsonNode?)f)]);
    }
}
