using System.Collections.Immutable;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.ApiServer;

/// <summary>The selectors of a SubjectAccessReview: to what part of a list the question is limited.</summary>
/// <remarks>Requirements that cannot be read are left out and told: the fewer there are, the more is asked for.
/// Source: kubernetes pkg/apis/authorization/validation and pkg/registry/authorization/util.</remarks>
internal static class ReviewSelector
{
    /// <param name="Text">As the query of a list would say it; null when nothing is left.</param>
    /// <param name="Complete">Everything could be read.</param>
    public readonly record struct Selector(string? Text, bool Complete);

    /// <param name="attributes">The resourceAttributes; null for none.</param>
    /// <param name="path">Of them.</param>
    /// <param name="faults">Is told what is wrong.</param>
    public static void Check(JsonObject? attributes, FieldPath path, FaultList faults)
    {
        foreach (var name in (ReadOnlySpan<string>)["fieldSelector", "labelSelector"])
        {
            if (JsonTree.Object(attributes, name) is not { } selector) continue;
            var here = path.Child(name);
            var raw = JsonTree.String(selector, "rawSelector") ?? "";
            var requirements = Requirements(selector);
            if (raw.Length > 0 && !requirements.IsEmpty) faults.Invalid(here.Child("rawSelector"), raw, "may not specified at the same time as requirements");
            if (raw.Length == 0 && requirements.IsEmpty) faults.Required(here.Child("requirements"), $"when {here} is specified, requirements or rawSelector is required");
            for (var i = 0; i < requirements.Length; i++) Check(requirements[i], name == "labelSelector", here.Child("requirements").Index(i), faults);
        }
    }

    public static Selector Fields(JsonObject? selector)
    {
        if (JsonTree.String(selector, "rawSelector") is { Length: > 0 } raw) return FieldSelector.IsReadable(raw) ? new Selector(raw, true) : new Selector(null, false);
        var requirements = Requirements(selector);
        var terms = requirements.Select(static r => (Key: JsonTree.String(r, "key"), Operator: JsonTree.String(r, "operator"), Values: Values(r)))
            .Where(static r => r.Operator is "In" or "NotIn" && r.Values.Length == 1)
            .Select(static r => $"{r.Key}{(r.Operator == "In" ? "=" : "!=")}{FieldSelector.Escape(r.Values[0])}").ToList();
        return new Selector(terms.Count > 0 ? string.Join(',', terms) : null, terms.Count == requirements.Length);
    }

    public static Selector Labels(JsonObject? selector)
    {
        if (JsonTree.String(selector, "rawSelector") is { Length: > 0 } raw) return LabelSelector.Parse(raw, out _) is null ? new Selector(null, false) : new Selector(raw, true);
        var requirements = Requirements(selector);
        var terms = requirements.Select(static r =>
        {
            var (key, values) = (JsonTree.String(r, "key") ?? "", Values(r));
            return JsonTree.String(r, "operator") switch
            {
                "In" => $"{key} in ({string.Join(',', values)})",
                "NotIn" => $"{key} notin ({string.Join(',', values)})",
                "Exists" => key,
                "DoesNotExist" => $"!{key}",
                _ => "",
            };
        }).Where(static t => t.Length > 0 && LabelSelector.Parse(t, out _) is not null).ToList();
        return new Selector(terms.Count > 0 ? string.Join(',', terms) : null, terms.Count == requirements.Length);
    }

    /// <summary>What is told of a selector that could not be read as a whole.</summary>
    public static ImmutableArray<string> Remarks(string name, Selector selector) =>
        selector.Complete ? [] : [$"spec.resourceAttributes.{name} {(selector.Text is null ? "" : "partially ")}ignored due to parse error"];

    // An operator that is unknown is of a newer client, and is left out later.
    private static void Check(JsonObject requirement, bool label, FieldPath path, FaultList faults)
    {
        var (key, values) = (JsonTree.String(requirement, "key") ?? "", Values(requirement));
        if (!label && key.Length == 0) faults.Required(path.Child("key"), "must be specified");
        switch (JsonTree.String(requirement, "operator"))
        {
            case "In" or "NotIn" when values.IsEmpty:
                faults.Required(path.Child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
                break;
            case "Exists" or "DoesNotExist" when !values.IsEmpty:
                faults.Forbidden(path.Child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                break;
        }
        if (!label) return;
        faults.QualifiedName(path.Child("key"), key);
        for (var i = 0; i < values.Length; i++)
            if (ObjectNames.LabelValue(values[i]) is { } fault) faults.Invalid(path.Child("values").Index(i), values[i], fault);
    }

    private static ImmutableArray<JsonObject> Requirements(JsonObject? selector) => [.. JsonTree.Array(selector, "requirements")?.OfType<JsonObject>() ?? []];

    private static ImmutableArray<string> Values(JsonObject requirement) => [.. JsonTree.Array(requirement, "values")?.Select(static v => JsonTree.AsString(v) ?? "") ?? []];
}
