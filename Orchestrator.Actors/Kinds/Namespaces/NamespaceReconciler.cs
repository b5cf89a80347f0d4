using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Namespaces;

/// <summary>What of one type a namespace still holds.</summary>
public sealed record NamespaceContent(ResourceType Type, IReadOnlyList<StoredObject> Objects);

/// <summary>Empties a namespace that is being deleted, pods first, and then lets it go.</summary>
/// <remarks>Source: kube-controller-manager, namespace/deletion; the order is that of KEP-5080.</remarks>
public static class NamespaceReconciler
{
    /// <summary>Most objects deleted in one pass (count).</summary>
    public const int BurstMax = 500;

    /// <summary>How often a namespace is looked at while objects in it take their time.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);

    public static ReconcileResult Reconcile(StoredObject ns, IReadOnlyList<NamespaceContent> content, ReconcileContext context)
    {
        if (!ns.Meta.Deleting) return ReconcileResult.None;
        var actions = ImmutableArray.CreateBuilder<ControllerAction>();
        var left = content.Where(static c => c.Objects.Count > 0).ToList();
        if (left.Count == 0)
        {
            Finish(ns, actions);
            return new ReconcileResult(actions.ToImmutable());
        }
        var pods = left.Where(static c => c.Type == ResourceTypes.Pods).ToList();
        foreach (var kind in pods.Count > 0 ? pods : left)
        {
            foreach (var o in kind.Objects)
                if (!o.Meta.Deleting && actions.Count < BurstMax) actions.Add(new DeleteAction(kind.Type, o.Key, o.Meta.Uid, "Background"));
        }
        if (StatusWrite.IfChanged(ResourceTypes.Namespaces, ns, Status(ns, left, context)) is { } write) actions.Add(write);
        return new ReconcileResult(actions.ToImmutable(), LookAgain);
    }

    // Clearing the finalizer is what deletes the namespace, so the patch must come from the version that was seen empty.
    private static void Finish(StoredObject ns, ImmutableArray<ControllerAction>.Builder actions)
    {
        var kept = new JsonArray();
        foreach (var finalizer in JsonTree.At(ns.ToTree(), ["spec", "finalizers"]) as JsonArray ?? [])
            if (JsonTree.AsString(finalizer) is { } name && name != "kubernetes") kept.Add(name);
        actions.Add(new PatchAction(ResourceTypes.Namespaces, ns.Key, ns.Meta.Uid,
            new JsonObject { ["spec"] = new JsonObject { ["finalizers"] = kept } })
        { Subresource = "finalize" });
    }

    private static JsonObject Status(StoredObject ns, List<NamespaceContent> left, ReconcileContext context)
    {
        var status = StatusWrite.Current(ns);
        status["phase"] = "Terminating";
        var now = context.Now;
        StatusWrite.SetCondition(status, "NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered", now);
        StatusWrite.SetCondition(status, "NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions", "All legacy kube types successfully parsed", now);
        if (context.Failure is { } failure)
            StatusWrite.SetCondition(status, "NamespaceDeletionContentFailure", "True", "ContentDeletionFailed", failure, now);
        else
            StatusWrite.SetCondition(status, "NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization", now);
        Set(status, "NamespaceContentRemaining", "SomeResourcesRemain", "Some resources are remaining: "
            + string.Join(", ", left.Select(static c => $"{c.Type}. has {c.Objects.Count} resource instances").Order(StringComparer.Ordinal)), now);
        var finalizers = left.SelectMany(static c => c.Objects).SelectMany(static o => o.Meta.Finalizers).GroupBy(static f => f, StringComparer.Ordinal).ToList();
        if (finalizers.Count > 0)
            Set(status, "NamespaceFinalizersRemaining", "SomeFinalizersRemain", "Some content in the namespace has finalizers remaining: "
                + string.Join(", ", finalizers.Select(static f => $"{f.Key} in {f.Count()} resource instances").Order(StringComparer.Ordinal)), now);
        else
            StatusWrite.SetCondition(status, "NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers", "All content-preserving finalizers finished", now);
        return status;
    }

    // The message counts down although status and reason stay.
    private static void Set(JsonObject status, string type, string reason, string message, DateTimeOffset now)
    {
        if (!StatusWrite.SetCondition(status, type, "True", reason, message, now)) StatusWrite.Condition(status, type)!["message"] = message;
    }
}
