using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>Keeps <c>metadata.managedFields</c> through creates, updates and applies: the door between them and the rules.</summary>
/// <remarks>Source: apimachinery, util/managedfields/internal fieldmanager.go and what it is built of.</remarks>
internal static class FieldManager
{
    /// <summary>The record of a new object. One that brings a record keeps it, as a restored object does.</summary>
    /// <param name="tree">Decoded and defaulted; its record is taken out.</param>
    /// <param name="pass">For objects that a webhook converts: the call is made again until everything is converted.</param>
    public static RawJson? OfCreate(SchemaCatalog catalog, ResourceSchema schema, JsonObject tree, string manager, DateTimeOffset now, ConversionPass? pass = null)
    {
        var given = TakeOut(tree);
        var name = NameOf(manager);
        var time = Rfc3339.Seconds(now);
        if (given is null || ManagedFields.IsReset(given) || ManagedFields.Read(given).Fields is not { IsEmpty: false } owners) return CreatedFields.Write(schema, tree, name, time);
        FieldOwnership.Update(new FieldVersions(catalog, schema, pass), "", ZeroObject.Tree(schema), tree, owners, name, time);
        return owners.ToJson();
    }

    /// <summary>The record after an update.</summary>
    /// <param name="live">The stored state, without its record.</param>
    /// <param name="next">The state that the client wants, defaulted and before admission, without its record.</param>
    /// <param name="stored">The stored record.</param>
    /// <param name="given">The record that the client sent, which it may change.</param>
    /// <param name="through">The subresource that the write went through.</param>
    public static OwnedFields OfUpdate(
        SchemaCatalog catalog, ResourceSchema schema, JsonObject live, JsonObject next, JsonNode? stored, JsonNode? given, string through, string manager, DateTimeOffset now, ConversionPass? pass = null)
    {
        if (through.Length == 0 && ManagedFields.IsReset(given)) return new OwnedFields(null, stored is not null);
        var before = ManagedFields.Read(stored).Fields ?? new ManagedFields();
        var owners = through.Length == 0 && given is not null && ManagedFields.Read(given).Fields is { IsEmpty: false } theirs ? theirs : before.Copy();
        // Whoever does not want to be tracked is not, until somebody applies.
        if (owners.IsEmpty) return new OwnedFields(stored, false);
        FieldOwnership.Update(new FieldVersions(catalog, schema, pass), through, live, next, owners, NameOf(manager), Rfc3339.Seconds(now));
        return owners.SameOwners(before) ? new OwnedFields(stored, false, owners) : new OwnedFields(owners.ToJson()?.ToNode(), true);
    }

    /// <summary>An apply on top of a stored state, or of nothing.</summary>
    /// <param name="live">The stored state without its record; the zero object when there is none.</param>
    public static (AppliedState State, OwnedFields Owned) OfApply(
        SchemaCatalog catalog, ResourceSchema schema, JsonObject live, JsonObject configuration, JsonNode? stored, string through, string manager, bool force, DateTimeOffset now,
        ConversionPass? pass = null)
    {
        if (Envelope(schema, configuration) is { } wrong) return (new AppliedState(null, null, wrong, null), default);
        var (owners, fault) = ManagedFields.Read(stored);
        if (owners is null) return (new AppliedState(null, null, ApiError.BadRequest($"failed to decode managed fields: {fault}"), null), default);
        var versions = new FieldVersions(catalog, schema, pass);
        var time = Rfc3339.Seconds(now);
        var former = owners.Copy();
        if (owners.IsEmpty) FieldOwnership.Update(versions, through, ZeroObject.Tree(schema), live, owners, FieldManagers.BeforeFirstApply, time);
        var state = FieldOwnership.Apply(versions, through, live, configuration, owners, manager, force);
        if (state.Conflicts is { } conflicts && manager == FieldManagers.Kubectl) state = TakeOver(versions, through, live, configuration, owners, conflicts, state);
        if (state.Tree is null) return (state, default);
        if (manager == FieldManagers.Kubectl) LastAppliedConfiguration.Refresh(state.Tree, configuration);

        var id = new FieldManagerId(manager, true, "", through);
        var mine = state.Owners!.Find(id);
        var same = state.Owners.SameOwners(former);
        var unchanged = same && JsonTree.DeepEquals(live, state.Tree);
        if (mine is not null && !unchanged) state.Owners.Set(mine with { Time = time });
        return (state, same ? new OwnedFields(stored, false, state.Owners) : new OwnedFields(state.Owners.ToJson()?.ToNode(), true));
    }

    /// <summary>Takes the record out of a tree.</summary>
    public static JsonNode? TakeOut(JsonObject tree)
    {
        if (tree["metadata"] is not JsonObject meta || !meta.TryGetPropertyValue("managedFields", out var record)) return null;
        meta.Remove("managedFields");
        return record;
    }

    /// <summary>Puts a record into a tree. Nobody changes a record in place, so that other trees may hold it too.</summary>
    public static void PutIn(JsonObject tree, JsonNode? record)
    {
        var meta = JsonTree.Ensure(tree, "metadata");
        if (record is null) meta.Remove("managedFields");
        else meta["managedFields"] = record;
    }

    // What client-side apply owned and nobody has changed since may be taken by the server-side apply of the same tool.
    private static AppliedState TakeOver(
        FieldVersions versions, string through, JsonObject live, JsonObject configuration, ManagedFields owners, ApplyConflicts conflicts, AppliedState refused)
    {
        if (LastAppliedConfiguration.Untouched(versions.Schema, live) is not { } allowed) return refused;
        var left = conflicts.Without(allowed);
        return left.Of.IsEmpty
            ? FieldOwnership.Apply(versions, through, live, configuration, owners, FieldManagers.Kubectl, force: true)
            : refused with { Error = left.ToError(), Conflicts = left };
    }

    private static ApiError? Envelope(ResourceSchema schema, JsonObject configuration)
    {
        var version = JsonTree.String(configuration, "apiVersion") ?? "";
        var kind = JsonTree.String(configuration, "kind") ?? "";
        if (version != schema.ApiVersion || kind != schema.Kind) return ApiError.BadRequest($"invalid object type: {version}, Kind={kind}");
        return JsonTree.Object(configuration, "metadata")?["managedFields"] is null ? null : ApiError.BadRequest("metadata.managedFields must be nil");
    }

    private static string NameOf(string manager) => manager.Length == 0 ? "unknown" : manager;
}

/// <summary>The record after a write.</summary>
/// <param name="Record">The value of <c>metadata.managedFields</c>; null for none.</param>
/// <param name="Changed">Owners changed, and not only times.</param>
/// <param name="Timed">The record with the time of this write, for when the object changes and the owners do not.</param>
internal readonly record struct OwnedFields(JsonNode? Record, bool Changed, ManagedFields? Timed = null)
{
    /// <summary>The record to store with a changed object.</summary>
    public JsonNode? ToStore() => Timed is null ? Record : Timed.ToJson()?.ToNode();
}
