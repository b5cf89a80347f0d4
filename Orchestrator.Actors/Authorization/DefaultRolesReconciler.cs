using System.Collections.Immutable;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authorization;

/// <summary>Makes the default roles, and adds to those that exist what they lack, unless their annotation forbids it.</summary>
/// <remarks>Nothing that an administrator has added is taken away. Source: k8s.io/component-helpers, auth/rbac/reconciliation.</remarks>
public static class DefaultRolesReconciler
{
    /// <summary>Brings a cluster's roles up to date: one commit per type for what is missing, and none where nothing is.</summary>
    public static async Task RunAsync(ResourceStore store, CancellationToken cancellationToken = default)
    {
        foreach (var group in DefaultRoles.Read().GroupBy(static o => o.Type))
        {
            var informer = await store.Registries.ConsistentAsync(group.Key, cancellationToken).ConfigureAwait(false);
            var missing = new List<JsonObject>();
            foreach (var wanted in group)
            {
                if (informer.Get(wanted.Key) is { } there) await UpdateAsync(store, wanted, there, cancellationToken).ConfigureAwait(false);
                else missing.Add(wanted.Tree);
            }
            // Another seed may be doing the same at this moment: what it has made meanwhile is well.
            foreach (var result in await store.CreateManyAsync(group.Key, missing, null, cancellationToken).ConfigureAwait(false))
                if (result.Error is { Reason: not "AlreadyExists" } error) throw new InvalidOperationException($"a default role cannot be made: {error.Message}");
        }
    }

    private static async Task UpdateAsync(ResourceStore store, DefaultObject wanted, StoredObject there, CancellationToken cancellationToken)
    {
        var (merged, replace) = Merge(wanted, there);
        if (merged is null) return;
        var schema = store.SchemaOf(wanted.Type);
        if (replace)
        {
            // A binding's role cannot be changed, so the binding is made anew.
            await store.DeleteAsync(schema, wanted.Key, new Admission.DeleteOptions { Uid = there.Meta.Uid }, cancellationToken).ConfigureAwait(false);
            await store.CreateAsync(schema, wanted.Key.Namespace, wanted.Tree, null, cancellationToken).ConfigureAwait(false);
            return;
        }
        await store.UpdateAsync(schema, wanted.Key, merged, "", null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What the object should become; null when it is to stay. Pure.</summary>
    internal static (JsonObject? Tree, bool Replace) Merge(DefaultObject wanted, StoredObject there)
    {
        if (!there.Meta.Annotations.TryGetValue(DefaultRoles.AutoUpdate, out var auto) || auto != "true") return (null, false);
        var tree = there.ToTree();
        var changed = AddMissing(tree, wanted.Tree, "labels") | AddMissing(tree, wanted.Tree, "annotations");
        if (wanted.Tree["roleRef"] is { } role)
        {
            if (!JsonTree.DeepEquals(tree["roleRef"], role)) return (tree, true);
            changed |= AddSubjects(tree, wanted.Tree);
        }
        else if (wanted.Tree["aggregationRule"] is { } aggregation)
        {
            if (!JsonTree.DeepEquals(tree["aggregationRule"], aggregation) && tree["aggregationRule"] is null)
            {
                tree["aggregationRule"] = aggregation.DeepClone();
                changed = true;
            }
        }
        else changed |= AddRules(tree, wanted.Tree, RoleView.Of(there).Rules);
        return (changed ? tree : null, false);
    }

    private static bool AddRules(JsonObject tree, JsonObject wanted, ImmutableArray<PolicyRule> held)
    {
        var changed = false;
        foreach (var rule in JsonTree.Array(wanted, "rules") ?? [])
        {
            var parsed = PolicyRule.Read(System.Text.Json.JsonSerializer.SerializeToElement(rule));
            if (RuleCover.Uncovered(held, [parsed]).IsEmpty) continue;
            if (JsonTree.Array(tree, "rules") is not { } rules) tree["rules"] = rules = [];
            rules.Add(rule!.DeepClone());
            changed = true;
        }
        return changed;
    }

    private static bool AddSubjects(JsonObject tree, JsonObject wanted)
    {
        var changed = false;
        foreach (var subject in JsonTree.Array(wanted, "subjects") ?? [])
        {
            if (JsonTree.Array(tree, "subjects") is not { } subjects) tree["subjects"] = subjects = [];
            if (subjects.Any(s => JsonTree.DeepEquals(s, subject))) continue;
            subjects.Add(subject!.DeepClone());
            changed = true;
        }
        return changed;
    }

    private static bool AddMissing(JsonObject tree, JsonObject wanted, string field)
    {
        var changed = false;
        foreach (var (key, value) in JsonTree.Object(JsonTree.Object(wanted, "metadata"), field) ?? [])
        {
            var there = JsonTree.Ensure(JsonTree.Ensure(tree, "metadata"), field);
            if (there.ContainsKey(key)) continue;
            there[key] = value!.DeepClone();
            changed = true;
        }
        return changed;
    }
}
