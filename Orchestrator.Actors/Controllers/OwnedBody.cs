using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Controllers;

/// <summary>Who controls an object, in the form of ownerReferences.</summary>
public sealed record OwnerIdentity(string ApiVersion, string Kind, string Name, string Uid)
{
    public JsonObject ToReference() => new()
    {
        ["apiVersion"] = ApiVersion,
        ["kind"] = Kind,
        ["name"] = Name,
        ["uid"] = Uid,
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };
}

/// <summary>Bodies and patches that concern ownership.</summary>
public static class OwnedBody
{
    /// <summary>A pod of <paramref name="template"/> (a PodTemplateSpec), which is copied.</summary>
    public static JsonObject Pod(JsonObject template, string ns, string name, string generateName, OwnerIdentity owner)
    {
        var metadata = new JsonObject { ["name"] = name, ["generateName"] = generateName, ["namespace"] = ns };
        if (JsonTree.Object(template, "metadata") is { } given)
        {
            foreach (var field in (string[])["labels", "annotations", "finalizers"])
                if (given[field] is { } value) metadata[field] = value.DeepClone();
        }
        metadata["ownerReferences"] = new JsonArray(owner.ToReference());
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = metadata,
            ["spec"] = template["spec"]?.DeepClone() ?? new JsonObject(),
        };
    }

    /// <summary>Makes <paramref name="owner"/> the controller of an object that has none.</summary>
    public static PatchAction Adopt(ResourceType type, StoredObject o, OwnerIdentity owner)
    {
        var references = References(o, exceptUid: owner.Uid);
        references.Add(owner.ToReference());
        return new PatchAction(type, o.Key, o.Meta.Uid, OwnersPatch(references), o.Revision) { Adopts = true };
    }

    /// <summary>Takes the controller off an object that its selector no longer matches.</summary>
    public static PatchAction Release(ResourceType type, StoredObject o, string ownerUid)
    {
        var references = References(o, ownerUid);
        return new PatchAction(type, o.Key, o.Meta.Uid, OwnersPatch(references.Count > 0 ? references : null), o.Revision);
    }

    /// <summary>Takes owners off an object and puts others on it, each of them as its controller.</summary>
    public static PatchAction Reown(ResourceType type, StoredObject o, Func<OwnerReference, bool> keep, IEnumerable<OwnerIdentity> add)
    {
        var references = new JsonArray([.. o.Meta.OwnerReferences.Where(keep).Select(Reference), .. add.Select(static a => a.ToReference())]);
        return new PatchAction(type, o.Key, o.Meta.Uid, OwnersPatch(references.Count > 0 ? references : null), o.Revision);
    }

    private static JsonObject OwnersPatch(JsonArray? references) =>
        new() { ["metadata"] = new JsonObject { ["ownerReferences"] = references } };

    private static JsonArray References(StoredObject o, string exceptUid) =>
        [.. o.Meta.OwnerReferences.Where(r => r.Uid != exceptUid).Select(Reference)];

    private static JsonNode Reference(OwnerReference owner) => new JsonObject
    {
        ["apiVersion"] = owner.ApiVersion,
        ["kind"] = owner.Kind,
        ["name"] = owner.Name,
        ["uid"] = owner.Uid,
        ["controller"] = owner.Controller,
        ["blockOwnerDeletion"] = owner.BlockOwnerDeletion,
    };
}
