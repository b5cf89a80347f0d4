using System.Collections.Immutable;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>Who owns what after a write: the rules of updates and of applies. Pure.</summary>
/// <remarks>Source: structured-merge-diff, merge/update.go, and apimachinery, util/managedfields.</remarks>
internal static class FieldOwnership
{
    /// <summary>An update: the writer owns what it changed, and all others lose it.</summary>
    /// <param name="owners">The record so far; changed in place.</param>
    /// <param name="time">The time of the write, RFC 3339.</param>
    public static void Update(FieldVersions versions, string subresource, JsonObject live, JsonObject next, ManagedFields owners, string manager, string time)
    {
        var schema = versions.Schema;
        ReconcileWithSchema(versions, owners);
        var changes = Take(versions, subresource, live, next, owners, except: null, force: true, out _);
        var taken = IgnoredFields.Strip(changes.Set);
        if (taken.IsEmpty) return;
        var id = new FieldManagerId(manager, false, schema.ApiVersion, subresource);
        owners.Set(new ManagedEntry(id, schema.ApiVersion, owners.Find(id) is { } before ? before.Set.Union(taken) : taken, time));
        owners.Cap();
    }

    /// <summary>Removes from other managers what changed in their version of the object.</summary>
    /// <param name="except">Whoever writes; null when it counts as one of the others.</param>
    /// <param name="conflicts">What others own of what is to change; nothing is taken when there are any and force is not used.</param>
    private static FieldChanges Take(
        FieldVersions versions, string subresource, JsonObject live, JsonObject next, ManagedFields owners, FieldManagerId? except, bool force, out ApplyConflicts? conflicts)
    {
        var schema = versions.Schema;
        var changes = FieldComparison.Of(schema.Root, live, next).Without(IgnoredFields.ResetBy(schema, subresource));
        var compared = new Dictionary<string, FieldChanges>(StringComparer.Ordinal) { [schema.ApiVersion] = changes };
        var found = ImmutableArray.CreateBuilder<(FieldManagerId, FieldSet)>();
        var left = new List<(ManagedEntry Entry, FieldSet Set)>();
        foreach (var entry in owners.Entries)
        {
            if (entry.Id == except) continue;
            if (!compared.TryGetValue(entry.ApiVersion, out var theirs))
            {
                if (versions.Find(entry.ApiVersion) is not { } version)
                {
                    // Nobody can tell any more what these fields were.
                    owners.Remove(entry.Id);
                    continue;
                }
                theirs = FieldComparison.Of(version.Root, versions.Convert(live, schema, version), versions.Convert(next, schema, version))
                    .Without(IgnoredFields.ResetBy(version, subresource));
                compared[entry.ApiVersion] = theirs;
            }
            var lost = entry.Set.Intersection(theirs.Set);
            if (!lost.IsEmpty) found.Add((entry.Id, lost));
            left.Add((entry, entry.Set.Difference(lost).Difference(theirs.Removed)));
        }
        conflicts = found.Count == 0 ? null : new ApplyConflicts(found.ToImmutable());
        if (conflicts is not null && !force) return changes;
        foreach (var (entry, set) in left) owners.Set(entry with { Set = set });
        return changes;
    }

    /// <summary>An apply: the configuration is merged in, and what the applier no longer mentions and nobody else owns goes.</summary>
    /// <returns>The new state, the record and the refusal, of which one is null.</returns>
    public static AppliedState Apply(FieldVersions versions, string subresource, JsonObject live, JsonObject configuration, ManagedFields owners, string manager, bool force)
    {
        var schema = versions.Schema;
        var result = owners.Copy();
        ReconcileWithSchema(versions, result);
        var id = new FieldManagerId(manager, true, "", subresource);
        var last = result.Find(id);
        var (fields, fault) = AppliedFields.Check(schema.Root, configuration);
        if (fault is not null) return new AppliedState(null, null, Unfit(schema, configuration, fault), null);
        fields = fields.RecursiveDifference(IgnoredFields.ResetBy(schema, subresource));
        var mine = new ManagedEntry(id, schema.ApiVersion, fields, last?.Time);
        result.Set(mine);

        var merged = FieldMerge.Merge(schema.Root, live, configuration);
        var next = last is null || last.Set.IsEmpty ? merged : Prune(versions, merged, result, last);
        Take(versions, subresource, live, next, result, id, force, out var conflicts);
        if (conflicts is not null && !force) return new AppliedState(null, null, conflicts.ToError(), conflicts);
        result.Set(mine with { Set = IgnoredFields.Strip(fields) });
        return new AppliedState(next, result, null, null);
    }

    /// <summary>Takes away what the last configuration had, and puts back what anybody still owns.</summary>
    private static JsonObject Prune(FieldVersions versions, JsonObject merged, ManagedFields owners, ManagedEntry last)
    {
        if (versions.Find(last.ApiVersion) is not { } version) return merged;
        var here = versions.Convert(merged, versions.Schema, version);
        var type = version.Root;
        var lastSet = FieldRemoval.WithNamedParents(type, last.Set);
        var pruned = FieldRemoval.Remove(type, here, lastSet);
        pruned = PutBackOwned(versions, version, here, pruned, owners);

        // What the others put back may have brought along what only the last configuration had.
        var kept = FieldRemoval.WithNamedParents(type, AppliedFields.Of(type, pruned));
        var all = FieldRemoval.WithNamedParents(type, AppliedFields.Of(type, here));
        return versions.Convert(FieldRemoval.Remove(type, here, all.Difference(kept).Intersection(lastSet)), version, versions.Schema);
    }

    private static JsonObject PutBackOwned(FieldVersions versions, ResourceSchema first, JsonObject merged, JsonObject pruned, ManagedFields owners)
    {
        var byVersion = owners.Entries.GroupBy(static e => e.ApiVersion, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => g.Aggregate(FieldSet.Empty, static (set, e) => set.Union(e.Set)), StringComparer.Ordinal);
        foreach (var (apiVersion, owned) in byVersion.OrderByDescending(v => v.Key == first.ApiVersion))
        {
            if (versions.Find(apiVersion) is not { } version) continue;
            var type = version.Root;
            var before = versions.Convert(merged, first, version);
            var after = versions.Convert(pruned, first, version);
            var kept = FieldRemoval.WithNamedParents(type, AppliedFields.Of(type, after)).Union(FieldRemoval.WithNamedParents(type, owned));
            var all = FieldRemoval.WithNamedParents(type, AppliedFields.Of(type, before));
            pruned = versions.Convert(FieldRemoval.Remove(type, before, all.Difference(kept)), version, first);
        }
        return pruned;
    }

    /// <summary>Makes sets fit a schema that has since made a map or list atomic: who owned parts of it owns it.</summary>
    private static void ReconcileWithSchema(FieldVersions versions, ManagedFields owners)
    {
        if (!versions.Schema.IsCustom) return;
        foreach (var entry in owners.Entries)
            if (versions.Find(entry.ApiVersion) is { } version && Coarsen(version.Root, entry.Set) is { } set && !ReferenceEquals(set, entry.Set)) owners.Set(entry with { Set = set });
    }

    private static FieldSet Coarsen(Schemas.TypeSchema? type, FieldSet set)
    {
        if (type is null) return set;
        List<FieldNode>? changed = null;
        for (var i = 0; i < set.Nodes.Length; i++)
        {
            var node = set.Nodes[i];
            var below = node.Element.IsField ? FieldStructures.Child(type, node.Element.Value) : type.Items;
            var now = node;
            if (node.Children is not null && FieldStructures.IsAtomic(below)) now = new FieldNode(node.Element, true, null);
            else if (node.Children is { } children && Coarsen(below, children) is { } coarser && !ReferenceEquals(coarser, children)) now = node with { Children = coarser };
            if (now != node && changed is null) changed = [.. set.Nodes[..i]];
            changed?.Add(now);
        }
        return changed is null ? set : FieldSet.Of(changed);
    }

    // Source of the words: apimachinery, structuredmerge.go, where it is an error of no kind and so becomes a 500. It is the client's mistake,
    // clients go by the words, and a 500 of ours is to mean a fault of ours.
    private static ApiError Unfit(ResourceSchema schema, JsonObject configuration, string fault)
    {
        var meta = JsonTree.Object(configuration, "metadata");
        return ApiError.BadRequest(
            $"failed to create typed patch object ({JsonTree.String(meta, "namespace") ?? ""}/{JsonTree.String(meta, "name") ?? ""}; {schema.ApiVersion}, Kind={schema.Kind}): {fault}");
    }
}

/// <summary>What an apply leads to.</summary>
/// <param name="Tree">The new state, before defaulting.</param>
/// <param name="Conflicts">Why it was refused, when it was other managers.</param>
internal sealed record AppliedState(JsonObject? Tree, ManagedFields? Owners, ApiError? Error, ApplyConflicts? Conflicts);
