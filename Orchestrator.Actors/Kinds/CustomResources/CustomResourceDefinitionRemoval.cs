using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.CustomResources;

/// <summary>Deletes the instances of a definition that is being deleted, and then lets it go.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/controller/finalizer/crd_finalizer.go.</remarks>
public static class CustomResourceDefinitionRemoval
{
    /// <summary>What keeps a deleted definition until its instances are gone.</summary>
    public const string Finalizer = "customresourcecleanup.apiextensions.k8s.io";

    /// <summary>Most instances deleted in one pass (count).</summary>
    public const int BurstMax = 500;

    /// <summary>When to look without being told. Every change of an instance is a trigger, but triggers can be lost with a process.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(15);

    /// <summary>How soon the second look follows the first one that finds nothing.</summary>
    private static readonly TimeSpan SecondLook = TimeSpan.FromMilliseconds(200);

    /// <summary>How often to see whether the instances can be read here by now.</summary>
    public static readonly TimeSpan LookForCache = TimeSpan.FromMilliseconds(200);

    public static ReconcileResult Reconcile(StoredObject definition, IReadOnlyList<StoredObject> instances, ReconcileContext context)
    {
        if (!definition.Meta.Deleting || !definition.Meta.Finalizers.Contains(Finalizer)) return ReconcileResult.None;
        var type = ResourceTypes.CustomResourceDefinitions;
        var status = StatusWrite.Current(definition);
        if (instances.Count > 0)
        {
            var actions = ImmutableArray.CreateBuilder<ControllerAction>();
            actions.AddRange(instances.Where(static i => !i.Meta.Deleting).Take(BurstMax)
                .Select(i => new DeleteAction(ResourceType.Parse(definition.Key.Name), i.Key, i.Meta.Uid)));
            StatusWrite.SetCondition(status, "Terminating", "True", "InstanceDeletionInProgress", "CustomResource deletion is in progress", context.Now);
            if (StatusWrite.IfChanged(type, definition, status) is { } progress) actions.Add(progress);
            return new ReconcileResult(actions.ToImmutable(), LookAgain);
        }
        // A creation that was admitted before the deletion may commit after the first look, so it takes two to believe it.
        StatusWrite.SetCondition(status, "Terminating", "False", "InstanceDeletionCompleted", "removed all instances", context.Now);
        if (StatusWrite.IfChanged(type, definition, status) is { } done) return new ReconcileResult([done], SecondLook);
        var kept = new JsonArray([.. definition.Meta.Finalizers.Where(static f => f != Finalizer).Select(static f => (JsonNode?)f)]);
        return new ReconcileResult([new PatchAction(type, definition.Key, definition.Meta.Uid,
            new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = kept } }, definition.Revision)]);
    }
}
