using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.IngressClasses;

/// <summary>The controller of a class, which stays, and its parameters.</summary>
/// <remarks>Source: kubernetes pkg/apis/networking/validation.</remarks>
public sealed class IngressClassValidation : IKindValidation
{
    private const int ControllerLengthMax = 250;

    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var spec = JsonTree.Object(tree, "spec");
        var path = Spec.Child("controller");
        var controller = FieldRules.Required(spec, "controller", Spec, faults);
        if (controller.Length > ControllerLengthMax) faults.TooLong(path, ControllerLengthMax);
        if (controller.Length > 0)
        {
            var slash = controller.IndexOf('/', StringComparison.Ordinal);
            if (slash <= 0 || slash == controller.Length - 1) faults.Invalid(path, controller, "must be a domain-prefixed path (such as \"acme.io/foo\")");
            else if (ObjectNames.Subdomain(controller.AsSpan(0, slash)) is { } fault) faults.Invalid(path, controller[..slash], fault);
            else if (controller.AsSpan(slash + 1).ContainsAnyInRange('\0', ' ')) faults.Invalid(path, controller[(slash + 1)..], "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')");
        }
        if (JsonTree.Object(spec, "parameters") is { } parameters) ValidateParameters(parameters, Spec.Child("parameters"), faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults) =>
        SelectorValidation.ValidateImmutable(JsonTree.Object(tree, "spec"), JsonTree.Object(stored, "spec"), "controller", Spec, faults);

    private static void ValidateParameters(JsonObject parameters, FieldPath path, FaultList faults)
    {
        if (JsonTree.String(parameters, "apiGroup") is { Length: > 0 } group && ObjectNames.Subdomain(group) is { } fault) faults.Invalid(path.Child("apiGroup"), group, fault);
        foreach (var field in (ReadOnlySpan<string>)["kind", "name"])
        {
            var value = FieldRules.Required(parameters, field, path, faults);
            if (value.Length > 0 && ObjectNames.PathSegment(value) is { } wrong) faults.Invalid(path.Child(field), value, wrong);
        }
        FieldRules.OneOf(parameters, "scope", ["Cluster", "Namespace"], path, faults, required: "");
        var space = JsonTree.String(parameters, "namespace");
        if (JsonTree.String(parameters, "scope") == "Namespace")
        {
            if (string.IsNullOrEmpty(space)) faults.Required(path.Child("namespace"), "`parameters.scope` is set to 'Namespace'");
            else if (ObjectNames.Label(space) is { } wrong) faults.Invalid(path.Child("namespace"), space, wrong);
        }
        else if (space is not null && JsonTree.String(parameters, "scope") == "Cluster")
        {
            faults.Forbidden(path.Child("namespace"), "`parameters.scope` is set to 'Cluster'");
        }
    }
}
