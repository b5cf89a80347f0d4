using System.Text.Json.Nodes;
using Orchestrator.Actors.Kinds.Events;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>Brings objects from the version of a request to the one in which they are stored, and back.</summary>
public static class StorageConversion
{
    /// <summary>False for nearly all: stored bytes are then sent as they are.</summary>
    public static bool IsNeeded(ResourceSchema schema) => !schema.Storage || schema.StoredAs != schema.Type;

    /// <summary>Changes an object of <paramref name="schema"/> into its stored form, in place.</summary>
    public static void ToStored(SchemaCatalog catalog, ResourceSchema schema, JsonObject tree)
    {
        if (schema.StoredAs != schema.Type) EventVersions.ToCore(tree);
        // Without a converter, versions of a custom resource differ in nothing but this.
        else if (!schema.Storage) tree["apiVersion"] = catalog.Find(schema.Type)!.ApiVersion;
    }

    /// <summary>Changes a stored object into the form of <paramref name="schema"/>, in place.</summary>
    public static void FromStored(ResourceSchema schema, JsonObject tree)
    {
        if (schema.StoredAs != schema.Type && schema.StoredAs == ResourceTypes.Events) EventVersions.ToEvents(tree);
        else tree["apiVersion"] = schema.ApiVersion;
    }
}
