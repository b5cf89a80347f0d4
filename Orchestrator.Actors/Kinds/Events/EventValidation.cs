using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Events;

/// <summary>An event stands in the namespace of the object that it is about, and one with a time of its own says who reports it.</summary>
/// <remarks>Source: the part of kubernetes pkg/apis/core/validation/events.go that holds for every version.</remarks>
public sealed class EventValidation : IKindValidation
{
    private const string ClusterScopedNamespace = "default";
    private const int WordLengthMax = 128;
    private const int MessageLengthMax = 1024;

    public void ValidateCreate(JsonObject tree, FaultList faults) => Validate(tree, "involvedObject", "reportingComponent", "message", faults);

    /// <summary>The same for each version, which call some fields differently; faults name them as v1 does.</summary>
    internal static void Validate(JsonObject tree, string subject, string reporter, string message, FaultList faults)
    {
        var own = JsonTree.String(JsonTree.Object(tree, "metadata"), "namespace") ?? "";
        var about = JsonTree.String(JsonTree.Object(tree, subject), "namespace") ?? "";
        var isNew = JsonTree.String(tree, "eventTime") is { Length: > 0 };
        // Objects without a namespace have their events in the default one. New events are told anywhere else by nobody but the system.
        var fits = about.Length == 0 ? own is "" or ClusterScopedNamespace or "kube-system" : isNew || own == about;
        if (!fits) faults.Invalid(FieldPath.Of("involvedObject").Child("namespace"), about, "does not match event.namespace");
        if (isNew) ValidateNew(tree, reporter, message, faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        // Series and counts go up; nothing of an event is fixed in this version of the API.
    }

    private static void ValidateNew(JsonObject tree, string reporter, string message, FaultList faults)
    {
        var controller = JsonTree.String(tree, reporter) ?? "";
        if (controller.Length == 0) faults.Required(FieldPath.Of("reportingController"));
        faults.QualifiedName(FieldPath.Of("reportingController"), controller);
        foreach (var name in (ReadOnlySpan<string>)["reportingInstance", "action", "reason"])
        {
            var value = JsonTree.String(tree, name) ?? "";
            if (value.Length == 0) faults.Required(FieldPath.Of(name));
            else CheckLength(name, value, WordLengthMax, faults);
        }
        CheckLength("message", JsonTree.String(tree, message) ?? "", MessageLengthMax, faults);
    }

    private static void CheckLength(string name, string value, int max, FaultList faults)
    {
        if (value.Length > max) faults.Invalid(FieldPath.Of(name), "", $"can have at most {max} characters");
    }
}
