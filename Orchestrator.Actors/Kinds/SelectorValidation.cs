using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds;

/// <summary>Rules that several kinds share: selectors and the templates that they must fit, and what may never change.</summary>
/// <remarks>Source: k8s.io/apimachinery, meta/v1/validation, and pkg/apis/apps/validation of Kubernetes.</remarks>
internal static class SelectorValidation
{
    public const string Immutable = "field is immutable";

    /// <summary>A LabelSelector: labels that could exist, and values where the operator needs them and nowhere else.</summary>
    public static void Validate(JsonObject selector, FieldPath path, FaultList faults)
    {
        if (selector["matchLabels"] is JsonObject labels) MetadataValidation.ValidateLabels(labels, path.Child("matchLabels"), faults);
        foreach (var (index, expression) in selector.Entries("matchExpressions"))
        {
            var here = path.Child("matchExpressions").Index(index);
            var values = expression.CountOf("values");
            switch (JsonTree.String(expression, "operator"))
            {
                case "In" or "NotIn":
                    if (values == 0) faults.Required(here.Child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
                    break;
                case "Exists" or "DoesNotExist":
                    if (values > 0) faults.Forbidden(here.Child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                    break;
                case var other:
                    faults.Invalid(here.Child("operator"), other ?? "", "not a valid selector operator");
                    break;
            }
            faults.QualifiedName(here.Child("key"), JsonTree.String(expression, "key") ?? "");
            foreach (var (place, value) in expression.Texts("values").Index())
                if (ObjectNames.LabelValue(value) is { } fault) faults.Invalid(here.Child("values").Index(place), value, fault);
        }
    }

    /// <summary>The selector of a workload and its template, which must carry what is selected.</summary>
    /// <param name="kind">As the message about an empty selector names it.</param>
    public static void ValidateTemplate(JsonObject? spec, string kind, FieldPath path, FaultList faults)
    {
        ValidateSelector(spec, kind, path, faults);
        Pods.PodTemplateValidation.Validate(JsonTree.Object(spec, "template") ?? [], path.Child("template"), faults);
    }

    /// <summary>The same without what the template says of the pod itself.</summary>
    public static void ValidateSelector(JsonObject? spec, string kind, FieldPath path, FaultList faults)
    {
        var template = JsonTree.Object(spec, "template");
        if (JsonTree.Object(spec, "selector") is { } selector)
        {
            Validate(selector, path.Child("selector"), faults);
            if (selector.CountOf("matchLabels") + selector.CountOf("matchExpressions") == 0)
                faults.Invalid(path.Child("selector"), GoSyntax.Selector(selector), $"empty selector is invalid for {kind}");
            else ValidateMatch(selector, template, path.Child("template"), faults);
        }
    }

    public static void ValidateMatch(JsonObject selector, JsonObject? template, FieldPath path, FaultList faults)
    {
        var labels = JsonTree.Object(JsonTree.Object(template, "metadata"), "labels");
        var known = (labels ?? []).ToImmutableDictionary(static l => l.Key, static l => JsonTree.AsString(l.Value) ?? "", StringComparer.Ordinal);
        if (!LabelSelectorJson.Read(selector).Matches(known))
            faults.Invalid(path.Child("metadata").Child("labels"), GoSyntax.Labels(labels), "`selector` does not match template `labels`");
    }

    /// <summary>A field that keeps the value that it was created with.</summary>
    public static void ValidateImmutable(JsonObject? tree, JsonObject? stored, string name, FieldPath path, FaultList faults)
    {
        if (!JsonTree.DeepEquals(tree?[name], stored?[name])) faults.Invalid(path.Child(name), name == "selector" ? GoSyntax.Selector(JsonTree.Object(tree, name)) : tree?[name], Immutable);
    }

    /// <summary>A count that is not negative, or a percentage.</summary>
    public static void ValidateCountOrPercent(JsonNode? value, FieldPath path, FaultList faults)
    {
        if (JsonTree.IsString(value, out var text))
        {
            if (Percent(value) is null)
                faults.Invalid(path, text, "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')");
        }
        else if (JsonTree.AsInt64(value) is < 0 and var number)
        {
            faults.Invalid(path, number, "must be greater than or equal to 0");
        }
    }

    /// <summary>The number of a percentage; null for anything else.</summary>
    public static int? Percent(JsonNode? value) =>
        JsonTree.AsString(value) is [.. var digits, '%'] && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var percent) ? percent : null;

    public static bool IsZero(JsonNode? value) => value is null || Percent(value) == 0 || JsonTree.AsInt64(value) == 0;

    public static void ValidateAtMostWhole(JsonNode? value, FieldPath path, FaultList faults)
    {
        if (Percent(value) > 100) faults.Invalid(path, value, "must not be greater than 100%");
    }

    /// <summary>A port by its number or by the name of a container's port. That it is there at all is the schema's business.</summary>
    public static void ValidatePort(JsonNode? port, FieldPath path, FaultList faults)
    {
        if (JsonTree.IsString(port, out var name))
        {
            if (ObjectNames.PortName(name) is { } fault) faults.Invalid(path, name, fault);
        }
        else if (port is not null && JsonTree.AsInt64(port) is not (>= 1 and <= 65535))
        {
            faults.Invalid(path, JsonTree.AsInt64(port) ?? 0, "must be between 1 and 65535, inclusive");
        }
    }
}
