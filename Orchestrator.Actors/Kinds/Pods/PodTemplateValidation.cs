using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>The pods that a workload makes: their labels, and everything that holds for the spec of a pod.</summary>
internal static class PodTemplateValidation
{
    public static void Validate(JsonObject template, FieldPath path, FaultList faults)
    {
        ValidateMetadata(template, path, faults);
        if (JsonTree.Object(template, "spec") is { } spec) PodSpecValidation.Validate(spec, path.Child("spec"), faults, template: true);
        // A pod without containers cannot be made; the schema says so only where a spec is there at all.
        else faults.Required(path.Child("spec").Child("containers"));
    }

    public static void ValidateMetadata(JsonObject template, FieldPath path, FaultList faults)
    {
        var metadata = JsonTree.Object(template, "metadata");
        if (JsonTree.Object(metadata, "labels") is { } labels)
            MetadataValidation.ValidateLabels(labels, path.Child("labels"), faults);
        if (JsonTree.Object(metadata, "annotations") is { } annotations)
            MetadataValidation.ValidateAnnotations(annotations, path.Child("annotations"), faults);
    }

    /// <summary>The pods of a controller that replaces them must never end by themselves.</summary>
    public static void ValidateKeptRunning(JsonObject? spec, string kind, FieldPath path, FaultList faults)
    {
        var pod = JsonTree.Object(JsonTree.Object(spec, "template"), "spec");
        var here = path.Child("template").Child("spec");
        if (JsonTree.String(pod, "restartPolicy") is { } policy and not "Always") faults.NotSupported(here.Child("restartPolicy"), policy, ["Always"]);
        if (pod?["activeDeadlineSeconds"] is not null)
            faults.Forbidden(here.Child("activeDeadlineSeconds"), $"activeDeadlineSeconds in {kind} is not Supported");
    }
}
