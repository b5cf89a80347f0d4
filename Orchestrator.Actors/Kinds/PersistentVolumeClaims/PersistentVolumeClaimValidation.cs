using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.PersistentVolumeClaims;

/// <summary>What storage a claim asks for. Once it is made little may change; once it is bound it may grow.</summary>
/// <remarks>Source: ValidatePersistentVolumeClaimSpec and ValidatePersistentVolumeClaimUpdate of kubernetes pkg/apis/core/validation.</remarks>
public sealed class PersistentVolumeClaimValidation : IKindValidation
{
    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "spec") is not { } spec) return;
        StorageNames.ValidateAccessModes(spec, Spec.Child("accessModes"), "at least 1 access mode is required", faults);
        if (JsonTree.Object(spec, "selector") is { } selector) SelectorValidation.Validate(selector, Spec.Child("selector"), faults);
        var size = Spec.Child("resources").Key("storage");
        if (Size(spec) is not { } storage) faults.Required(size);
        else StorageNames.ValidatePositive(storage, size, faults);
        foreach (var name in (ReadOnlySpan<string>)["storageClassName", "volumeAttributesClassName"])
            if (JsonTree.String(spec, name) is { Length: > 0 } storageClass) StorageNames.ValidateClass(storageClass, Spec.Child(name), faults);
        ValidateSources(spec, faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (subresource.Length > 0 || tree["spec"] is not JsonObject spec || stored["spec"] is not JsonObject old) return;
        var bound = JsonTree.String(JsonTree.Object(stored, "status"), "phase") == "Bound";
        var rest = spec.DeepClone().AsObject();
        // The binder names the volume once; a class may be given to a claim that had none said.
        if (string.IsNullOrEmpty(JsonTree.String(old, "volumeName"))) Restore(rest, old, "volumeName");
        if (!bound && old["storageClassName"] is null) Restore(rest, old, "storageClassName");
        if (bound)
        {
            Restore(rest, old, "volumeAttributesClassName");
            if (rest["resources"] is JsonObject resources) Restore(resources, old["resources"] as JsonObject, "requests");
        }
        if (!JsonTree.DeepEquals(rest, old))
            faults.Forbidden(Spec, $"spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{GoDifference.Of("core.v1.PersistentVolumeClaimSpec", rest, old)}");
        ValidateShrinking(spec, old, stored, faults);
        SelectorValidation.ValidateImmutable(spec, old, "volumeMode", Spec, faults);
    }

    /// <summary>A claim may take back a growth that has not happened, but not what it has.</summary>
    private static void ValidateShrinking(JsonObject spec, JsonObject old, JsonObject stored, FaultList faults)
    {
        if (Size(spec) is not { } size || Size(old) is not { } before || size >= before) return;
        var capacity = JsonTree.Object(stored, "status").Quantities("capacity").Where(static c => c.Name == "storage").Select(static c => (Quantity?)c.Amount).FirstOrDefault();
        if (capacity is null || size <= capacity)
            faults.Forbidden(Spec.Child("resources").Child("requests").Child("storage"), "field can not be less than status.capacity");
    }

    private static Quantity? Size(JsonObject spec)
    {
        foreach (var (name, amount) in JsonTree.Object(spec, "resources").Quantities("requests"))
            if (name == "storage") return amount;
        return null;
    }

    private static void ValidateSources(JsonObject spec, FaultList faults)
    {
        var source = JsonTree.Object(spec, "dataSource");
        var reference = JsonTree.Object(spec, "dataSourceRef");
        ValidateSource(source, Spec.Child("dataSource"), faults);
        ValidateSource(reference, Spec.Child("dataSourceRef"), faults);
        if (source is not null && reference is not null && !JsonTree.DeepEquals(source, reference))
            faults.Invalid(Spec, "spec.dataSource", "must match dataSourceRef");
    }

    private static void ValidateSource(JsonObject? source, FieldPath path, FaultList faults)
    {
        if (source is null) return;
        if (string.IsNullOrEmpty(JsonTree.String(source, "apiGroup")) && JsonTree.String(source, "kind") is { Length: > 0 } kind and not "PersistentVolumeClaim")
            faults.Invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
    }

    private static void Restore(JsonObject rest, JsonObject? old, string name)
    {
        if (old?[name] is { } value) rest[name] = value.DeepClone();
        else rest.Remove(name);
    }
}
