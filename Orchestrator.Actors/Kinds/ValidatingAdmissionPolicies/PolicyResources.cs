using Orchestrator.Actors.Kinds.WebhookConfigurations;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.ValidatingAdmissionPolicies;

/// <summary>The requests that a policy, or the binding of one, is about.</summary>
internal static class PolicyResources
{
    public static void Validate(JsonObject match, FieldPath path, FaultList faults)
    {
        FieldRules.OneOf(match, "matchPolicy", ["Equivalent", "Exact"], path, faults, required: "");
        WebhookRules.ValidateSelectors(match, path, faults);
        foreach (var list in (ReadOnlySpan<string>)["resourceRules", "excludeResourceRules"])
        {
            foreach (var (index, rule) in match.Entries(list))
            {
                var here = path.Child(list).Index(index);
                WebhookRules.Validate(rule, here, faults);
                var seen = new HashSet<string>(StringComparer.Ordinal);
                var names = rule.Texts("resourceNames");
                for (var i = 0; i < names.Length; i++)
                {
                    if (ObjectNames.PathSegment(names[i]) is { } fault) faults.Invalid(here.Child("resourceNames").Index(i), names[i], fault);
                    if (!seen.Add(names[i])) faults.Duplicate(here.Child("resourceNames").Index(i), names[i]);
                }
            }
        }
    }
}
