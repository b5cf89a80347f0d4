using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission;

/// <summary>Brings a new object from what the client sent to what is stored. Pure.</summary>
/// <remarks>Source: k8s.io/apiserver, registry/rest BeforeCreate.</remarks>
internal static class ObjectCreation
{
    /// <summary>Fills in what admission and validation look at: namespace, name, defaults.</summary>
    /// <returns>The refusal, and whether the name was generated.</returns>
    public static (ApiError? Error, bool Generated) Complete(ResourceSchema schema, string ns, JsonObject tree, IIdentitySource identities)
    {
        tree["apiVersion"] = schema.ApiVersion;
        tree["kind"] = schema.Kind;
        if (SystemMetadata.MatchNamespace(tree, schema, ns) is { } mismatch) return (mismatch, false);
        var meta = SystemMetadata.Of(tree);
        if (JsonTree.String(meta, "resourceVersion") is { Length: > 0 })
            return (ApiError.BadRequest("resourceVersion should not be set on objects to be created"), false);
        var generated = false;
        if (JsonTree.String(meta, "name") is not { Length: > 0 } && JsonTree.String(meta, "generateName") is { Length: > 0 } prefix)
        {
            meta["name"] = identities.NewName(prefix);
            generated = true;
        }
        Defaulting.Apply(schema, tree);
        return (null, generated);
    }

    /// <summary>Sets what only the system sets; runs after admission, so that no plugin and no client can.</summary>
    public static void Finish(ResourceSchema schema, JsonObject tree, string uid, DateTimeOffset now, UserInfo user)
    {
        SystemMetadata.Of(tree).Remove("managedFields");
        ObjectStrategy.PrepareForCreate(schema, tree, JsonTree.String(SystemMetadata.Of(tree), "namespace") ?? "", uid, now, Random.Shared);
        KindStrategies.Of(schema.Type)?.SetRequester(tree, user);
    }
}
