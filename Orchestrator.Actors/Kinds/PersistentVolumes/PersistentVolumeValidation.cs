using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.PersistentVolumes;

/// <summary>A volume: one source, a capacity, and what of it stays.</summary>
/// <remarks>Source: ValidatePersistentVolumeSpec and ValidatePersistentVolumeUpdate of kubernetes pkg/apis/core/validation.</remarks>
public sealed class PersistentVolumeValidation : IKindValidation
{
    private static readonly FieldPath Spec = FieldPath.Of("spec");

    /// <summary>The fields of the spec that are no source of a volume.</summary>
    private static readonly HashSet<string> Common = new(StringComparer.Ordinal)
    {
        "accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy", "storageClassName",
        "volumeAttributesClassName", "volumeMode",
    };

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "spec") is { } spec) ValidateSpec(spec, Spec, inline: false, faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (subresource.Length > 0 || tree["spec"] is not JsonObject spec || stored["spec"] is not JsonObject old) return;
        if (!JsonTree.DeepEquals(Sources(spec), Sources(old)))
            faults.Forbidden(Spec.Child("persistentvolumesource"), "spec.persistentvolumesource is immutable after creation");
        SelectorValidation.ValidateImmutable(spec, old, "volumeMode", Spec, faults);
        // Who made a volume without an affinity may still say where it is, once.
        if (old["nodeAffinity"] is not null) SelectorValidation.ValidateImmutable(spec, old, "nodeAffinity", Spec, faults);
    }

    private static JsonObject Sources(JsonObject spec) =>
        new(spec.Where(static f => !Common.Contains(f.Key)).Select(static f => KeyValuePair.Create(f.Key, f.Value?.DeepClone())));

    /// <summary>The spec of a volume of the cluster, or one of a pod's own that is being attached.</summary>
    internal static void ValidateSpec(JsonObject spec, FieldPath path, bool inline, FaultList faults)
    {
        if (inline)
        {
            foreach (var name in (ReadOnlySpan<string>)["claimRef", "capacity", "storageClassName", "nodeAffinity"])
                if (spec[name] is not null) faults.Forbidden(path.Child(name), "may not be specified in the context of inline volumes");
            if (spec["csi"] is null) faults.Required(path.Child("csi"), "may not be empty in the context of inline volumes");
        }
        StorageNames.ValidateAccessModes(spec, path.Child("accessModes"), "", faults);
        if (!inline) ValidateCapacity(spec, path.Child("capacity"), faults);
        FieldRules.OneOf(spec, "persistentVolumeReclaimPolicy", ["Delete", "Recycle", "Retain"], path, faults);
        FieldRules.OneOf(spec, "volumeMode", ["Block", "Filesystem"], path, faults);
        if (JsonTree.String(spec, "storageClassName") is { Length: > 0 } storage) StorageNames.ValidateClass(storage, path.Child("storageClassName"), faults);
        ValidateAffinity(spec, path.Child("nodeAffinity"), faults);
        ValidateSource(spec, path, faults);
    }

    private static void ValidateCapacity(JsonObject spec, FieldPath path, FaultList faults)
    {
        var amounts = spec.Quantities("capacity").ToList();
        if (amounts.Count == 0) faults.Required(path);
        else if (amounts.Count > 1 || amounts[0].Name != "storage") faults.NotSupported(path, spec["capacity"], ["storage"]);
        foreach (var (name, amount) in amounts) StorageNames.ValidatePositive(amount, path.Key(name), faults);
    }

    private static void ValidateAffinity(JsonObject spec, FieldPath path, FaultList faults)
    {
        if (JsonTree.Object(spec, "nodeAffinity") is not { } affinity) return;
        if (JsonTree.Object(affinity, "required") is not { } required)
        {
            faults.Required(path.Child("required"), "must specify required node constraints");
            return;
        }
        var terms = path.Child("required").Child("nodeSelectorTerms");
        if (required.CountOf("nodeSelectorTerms") == 0) faults.Required(terms, "must have at least one node selector term");
        foreach (var (index, term) in required.Entries("nodeSelectorTerms")) PlacementValidation.ValidateNodeTerm(term, terms.Index(index), faults);
    }

    private static void ValidateSource(JsonObject spec, FieldPath path, FaultList faults)
    {
        var count = 0;
        foreach (var (name, value) in spec)
        {
            if (Common.Contains(name) || value is not JsonObject source) continue;
            if (++count > 1) faults.Forbidden(path.Child(name), "may not specify more than 1 volume type");
            else ValidateDetails(spec, name, source, path, faults);
        }
        if (count == 0) faults.Required(path, "must specify a volume type");
    }

    private static void ValidateDetails(JsonObject spec, string name, JsonObject source, FieldPath owner, FaultList faults)
    {
        var path = owner.Child(name);
        switch (name)
        {
            case "hostPath":
                var host = JsonTree.String(source, "path") ?? "";
                if (host.Split('/').Contains("..", StringComparer.Ordinal)) faults.Invalid(path.Child("path"), host, "must not contain '..'");
                if (host.TrimEnd('/').Length == 0 && host.Length > 0 && JsonTree.String(spec, "persistentVolumeReclaimPolicy") == "Recycle")
                    faults.Forbidden(owner.Child("persistentVolumeReclaimPolicy"), "may not be 'recycle' for a hostPath mount of '/'");
                break;
            case "local":
                var local = JsonTree.String(source, "path") ?? "";
                if (local.Split('/').Contains("..", StringComparer.Ordinal)) faults.Invalid(path.Child("path"), local, "must not contain '..'");
                if (spec["nodeAffinity"] is null) faults.Required(owner.Child("nodeAffinity"), "Local volume requires node affinity");
                break;
            case "nfs":
                if (JsonTree.String(source, "path") is { Length: > 0 } directory && !directory.StartsWith('/')) faults.Invalid(path.Child("path"), directory, "must be an absolute path");
                break;
            case "csi":
                if (JsonTree.String(source, "driver") is { Length: > 0 } driver) StorageNames.ValidateDriver(driver, path.Child("driver"), faults);
                foreach (var secret in (ReadOnlySpan<string>)["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeStageSecretRef", "nodeExpandSecretRef"])
                {
                    if (JsonTree.Object(source, secret) is not { } reference) continue;
                    if (FieldRules.Required(reference, "name", path.Child(secret), faults) is { Length: > 0 } secretName && ObjectNames.Subdomain(secretName) is { } nameFault)
                        faults.Invalid(path.Child(secret).Child("name"), secretName, nameFault);
                    if (FieldRules.Required(reference, "namespace", path.Child(secret), faults) is { Length: > 0 } space && ObjectNames.Label(space) is { } spaceFault)
                        faults.Invalid(path.Child(secret).Child("namespace"), space, spaceFault);
                }
                break;
            default:
                break;
        }
    }
}
