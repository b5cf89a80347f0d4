using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>What an object of a built-in type has before anything is set: a new object is compared with that.</summary>
/// <remarks>In Go a struct that is no pointer is always there, so nobody owns it as such; <c>template</c> is never new while
/// <c>rollingUpdate</c> is. Only structs that hang together from the root matter.</remarks>
internal static class ZeroObject
{
    private static readonly HashSet<string> Structs = new(StringComparer.Ordinal)
    {
        "metadata", "spec", "status", "template", "jobTemplate", "strategy", "updateStrategy", "involvedObject", "source", "deprecatedSource", "scaleTargetRef",
        "loadBalancer", "daemonEndpoints", "kubeletEndpoint", "nodeInfo", "names", "acceptedNames", "roleRef", "podSelector",
    };

    /// <summary>The field of an owner that is there is itself there.</summary>
    public static bool Holds(TypeSchema owner, FieldSchema field) => field.Type.Kind switch
    {
        SchemaKind.Object => owner.Name != "core.v1.ReplicationControllerSpec"
            && (Structs.Contains(field.Name) || (field.Name == "resources" && owner.Name == "core.v1.PersistentVolumeClaimSpec")),
        // As null, which is as good as an empty list and yet there.
        SchemaKind.List => field.Name == "containers" && owner.Name == "core.v1.PodSpec",
        _ => false,
    };

    /// <summary>The value is what Go has where nothing was set.</summary>
    public static bool IsZero(FieldSchema field, JsonNode? value) =>
        value is null || (field.Required && (JsonTree.AsString(value) is "" || JsonTree.AsInt64(value) == 0)) || value is JsonObject { Count: 0 } && field.Type.Kind == SchemaKind.Object && Structs.Contains(field.Name);

    /// <summary>The zero object as a tree.</summary>
    public static JsonObject Tree(ResourceSchema schema) =>
        schema.IsCustom ? new JsonObject { ["apiVersion"] = schema.ApiVersion, ["kind"] = schema.Kind } : Tree(schema.Root);

    private static JsonObject Tree(TypeSchema type)
    {
        var tree = new JsonObject();
        foreach (var field in type.Fields)
            if (Holds(type, field)) tree[field.Name] = field.Type.Kind == SchemaKind.List ? null : field.Type.Atomic ? new JsonObject() : Tree(field.Type);
        return tree;
    }
}
