using System.Collections.Immutable;
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

    /// <summary>When to look without being told. Every change in the namespace is a trigger, but triggers can be lost with a process.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(15);

    /// <summary>The same while another server still holds something, of whose changes nobody tells.</summary>
    public static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    public static ReconcileResult Reconcile(StoredObject ns, IReadOnlyList<NamespaceContent> content, ReconcileContext context)
    {
        if (!ns.Meta.Deleting) return ReconcileResult.None;
        var left = content.Where(static c => c.Objects.Count > 0).ToList();
        if (left.Count == 0 && context.Elsewhere.IsEmpty) return new ReconcileResult(Finish(ns, context));
        // The others are not touched, and not spoken of, while there are pods that may need them.
        if (left.Find(static c => c.Type == ResourceTypes.Pods) is { } pods) left = [pods];
        var actions = ImmutableArray.CreateBuilder<ControllerAction>();
        foreach (var kind in left)
            foreach (var o in kind.Objects)
                if (!o.Meta.Deleting && actions.Count < BurstMax) actions.Add(new DeleteAction(kind.Type, o.Key, o.Meta.Uid, "Background"));
        // What goes at once is not worth a word; the status speaks of what stays after it has been asked to go.
        if ((actions.Count == 0 || !context.DeletionFailures.IsEmpty)
            && StatusWrite.IfChanged(ResourceTypes.Namespaces, ns, Status(ns, left, context)) is { } write) actions.Add(write);
        return new ReconcileResult(actions.ToImmutable(), context.Elsewhere.IsEmpty ? LookAgain : AskAgain);
    }

    // Clearing the finalizer is what deletes the namespace, unless others have put theirs beside it.
    private static ImmutableArray<ControllerAction> Finish(StoredObject ns, ReconcileContext context)
    {
        var finalizers = (JsonTree.At(ns.ToTree(), ["spec", "finalizers"]) as JsonArray ?? []).Select(JsonTree.AsString).OfType<string>().ToList();
        var actions = ImmutableArray.CreateBuilder<ControllerAction>();
        if (finalizers.Remove("kubernetes"))
            actions.Add(new PatchAction(ResourceTypes.Namespaces, ns.Key, ns.Meta.Uid,
                new JsonObject { ["spec"] = new JsonObject { ["finalizers"] = new JsonArray([.. finalizers.Select(static f => (JsonNode?)f)]) } })
            { Subresource = "finalize" });
        if ((finalizers.Count > 0 || !ns.Meta.Finalizers.IsEmpty)
            && StatusWrite.IfChanged(ResourceTypes.Namespaces, ns, Status(ns, [], context)) is { } write) actions.Add(write);
        return actions.ToImmutable();
    }

    private static JsonObject Status(StoredObject ns, List<NamespaceContent> left, ReconcileContext context)
    {
        var status = StatusWrite.Current(ns);
        status["phase"] = "Terminating";
        var now = context.Now;
        if (context.Elsewhere.Undiscovered is { IsEmpty: false } unknown)
            Set(status, "NamespaceDeletionDiscoveryFailure", "DiscoveryFailed",
                $"Discovery failed for some groups, {unknown.Length} failing: unable to retrieve the complete list of server APIs: {string.Join(", ", unknown.Order(StringComparer.Ordinal))}", now);
        else
            StatusWrite.SetCondition(status, "NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered", now);
        StatusWrite.SetCondition(status, "NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions", "All legacy kube types successfully parsed", now);
        if (context.DeletionFailures.AddRange(context.Elsewhere.Failures) is { IsEmpty: false } failures)
            Set(status, "NamespaceDeletionContentFailure", "ContentDeletionFailed",
                $"Failed to delete all resource types, {failures.Length} remaining: {string.Join(", ", failures.Order(StringComparer.Ordinal))}", now);
        else
            StatusWrite.SetCondition(status, "NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization", now);
        var remaining = left.Select(static c => ($"{c.Type.Plural}.{c.Type.Group}", c.Objects.Count)).Concat(context.Elsewhere.Left.Select(static k => (k.Resource, k.Count))).ToList();
        if (remaining.Count == 0)
            StatusWrite.SetCondition(status, "NamespaceContentRemaining", "False", "ContentRemoved", "All content successfully removed", now);
        else
            Set(status, "NamespaceContentRemaining", "SomeResourcesRemain", "Some resources are remaining: "
                + string.Join(", ", remaining.Select(static r => $"{r.Item1} has {r.Item2} resource instances").Order(StringComparer.Ordinal)), now);
        var finalizers = left.SelectMany(static c => c.Objects).SelectMany(static o => o.Meta.Finalizers)
            .Concat(context.Elsewhere.Left.SelectMany(static k => k.Finalizers)).CountBy(static f => f, StringComparer.Ordinal).ToList();
        if (finalizers.Count > 0)
            Set(status, "NamespaceFinalizersRemaining", "SomeFinalizersRemain", "Some content in the namespace has finalizers remaining: "
                + string.Join(", ", finalizers.Select(static f => $"{f.Key} in {f.Value} resource instances").Order(StringComparer.Ordinal)), now);
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
