using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>Finds every fault of an object at once: metadata, what its schema says, and the rules of its kind.</summary>
/// <remarks>Objects come decoded (<see cref="ObjectDecoder"/>), defaulted and prepared (<see cref="ObjectStrategy"/>).</remarks>
public static class Validation
{
    /// <summary>Null, or 422 Invalid with all causes.</summary>
    public static ApiError? ValidateCreate(ResourceSchema schema, JsonObject tree)
    {
        var faults = new FaultList();
        MetadataValidation.Validate(schema, tree, faults);
        // Of the kinds whose specs are known, the rules look at nothing else.
        var known = AdmittedSpec.Find(tree["spec"]);
        if (known is { IsValid: true }) return ToError(schema, tree, faults);
        ValidateBody(schema, tree, null, "", faults);
        if (KindValidations.Of(schema.Type) is { } rules)
        {
            rules.ValidateCreate(tree, faults);
            rules.ValidateNew(tree, faults);
        }
        if (known is not null && faults.IsEmpty) known.IsValid = true;
        return ToError(schema, tree, faults);
    }

    /// <param name="subresource">Empty, or such as <c>status</c>.</param>
    /// <param name="notes">Gets the faults that are let pass, because the update leaves their values alone.</param>
    public static ApiError? ValidateUpdate(ResourceSchema schema, JsonObject tree, JsonObject stored, string subresource = "", AdmissionNotes? notes = null)
    {
        var faults = new FaultList();
        MetadataValidation.Validate(schema, tree, faults);
        MetadataValidation.ValidateUpdate(schema, tree, stored, faults);
        ValidateBody(schema, tree, stored, subresource, faults);
        if (KindValidations.Of(schema.Type) is { } rules)
        {
            // What was stored passed once. A status update must not fail because the rules for specs have grown since.
            if (subresource.Length == 0) rules.ValidateCreate(tree, faults);
            rules.ValidateUpdate(tree, stored, subresource, faults);
        }
        foreach (var warning in faults.Warnings) notes?.Warn(warning);
        return ToError(schema, tree, faults);
    }

    private static void ValidateBody(ResourceSchema schema, JsonObject tree, JsonObject? stored, string subresource, FaultList faults)
    {
        if (schema.IsCustom) CustomValidation.Validate(schema, tree, stored, faults);
        else if (subresource != "status") TypedValidation.Validate(schema.Root, tree, faults);
    }

    private static ApiError? ToError(ResourceSchema schema, JsonObject tree, FaultList faults) => faults.IsEmpty
        ? null
        : faults.ToError(schema.StoredAs.Group, schema.Kind, NameOf(JsonTree.Object(tree, "metadata")));

    private static string NameOf(JsonObject? metadata) =>
        JsonTree.String(metadata, "name") is { Length: > 0 } name ? name : JsonTree.String(metadata, "generateName") ?? "";
}
