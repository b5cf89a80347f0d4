using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>Puts the record of who owns what into objects of built-in types that go to a registry without passing through the store.</summary>
public static class FieldRecord
{
    /// <summary>Of a new object, all of which is its creator's; the fields that only the system sets are nobody's.</summary>
    public static void OfCreate(ResourceType type, JsonObject tree, string manager, DateTimeOffset now)
    {
        var schema = SchemaCatalog.BuiltIn.Find(type)!;
        FieldManager.PutIn(tree, CreatedFields.Write(schema, tree, manager, Rfc3339.Seconds(now))?.ToNode());
    }

    /// <summary>Of an object that is changed as a whole.</summary>
    /// <param name="stored">The state before, with its record; not changed.</param>
    /// <param name="tree">The new state, which gets the new record.</param>
    public static void OfUpdate(ResourceType type, JsonObject stored, JsonObject tree, string manager, DateTimeOffset now)
    {
        var live = stored.DeepClone().AsObject();
        var record = FieldManager.TakeOut(live);
        FieldManager.TakeOut(tree);
        FieldManager.PutIn(tree, FieldManager.OfUpdate(SchemaCatalog.BuiltIn, SchemaCatalog.BuiltIn.Find(type)!, live, tree, record, null, "", manager, now).ToStore());
    }
}
