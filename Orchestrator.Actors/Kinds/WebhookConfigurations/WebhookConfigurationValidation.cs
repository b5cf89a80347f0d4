using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.WebhookConfigurations;

/// <summary>The webhooks of a MutatingWebhookConfiguration or a ValidatingWebhookConfiguration.</summary>
/// <remarks>Source: kubernetes pkg/apis/admissionregistration/validation.</remarks>
public sealed class WebhookConfigurationValidation : IKindValidation
{
    private static readonly string[] ReviewVersions = ["v1", "v1beta1"];

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, webhook) in tree.Entries("webhooks"))
        {
            var path = FieldPath.Of("webhooks").Index(index);
            ValidateName(webhook, names, path, faults);
            foreach (var (at, rule) in webhook.Entries("rules")) WebhookRules.Validate(rule, path.Child("rules").Index(at), faults);
            FieldRules.OneOf(webhook, "failurePolicy", ["Fail", "Ignore"], path, faults);
            FieldRules.OneOf(webhook, "matchPolicy", ["Equivalent", "Exact"], path, faults);
            FieldRules.OneOf(webhook, "sideEffects", ["None", "NoneOnDryRun"], path, faults, required: "must specify one of None, NoneOnDryRun");
            FieldRules.OneOf(webhook, "reinvocationPolicy", ["IfNeeded", "Never"], path, faults);
            if (JsonTree.Int64(webhook, "timeoutSeconds") is { } seconds && seconds is < 1 or > 30)
                faults.Invalid(path.Child("timeoutSeconds"), seconds, "the timeout value must be between 1 and 30 seconds");
            WebhookRules.ValidateSelectors(webhook, path, faults);
            if (JsonTree.Object(webhook, "clientConfig") is { } client) WebhookClientConfigValidation.Validate(client, path.Child("clientConfig"), faults);
            WebhookRules.ValidateConditions(webhook, path, faults);
            ValidateReviewVersions(webhook, path.Child("admissionReviewVersions"), faults);
        }
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
    }

    private static void ValidateName(JsonObject webhook, HashSet<string> names, FieldPath path, FaultList faults)
    {
        var name = FieldRules.Required(webhook, "name", path, faults);
        if (name.Length == 0) return;
        if (ObjectNames.Subdomain(name) is { } fault) faults.Invalid(path.Child("name"), name, fault);
        else if (name.Split('.').Length < 3) faults.Invalid(path.Child("name"), name, "should be a domain with at least three segments separated by dots");
        if (!names.Add(name)) faults.Duplicate(path.Child("name"), name);
    }

    private static void ValidateReviewVersions(JsonObject webhook, FieldPath path, FaultList faults)
    {
        var versions = webhook.Texts("admissionReviewVersions");
        if (versions.Length == 0)
        {
            faults.Required(path, $"must specify one of {string.Join(", ", ReviewVersions)}");
            return;
        }
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < versions.Length; i++)
        {
            if (ObjectNames.Label1035(versions[i]) is { } fault) faults.Invalid(path.Index(i), versions[i], fault);
            if (!seen.Add(versions[i])) faults.Invalid(path.Index(i), versions[i], "duplicate version");
        }
        if (!seen.Overlaps(ReviewVersions)) faults.Invalid(path, webhook["admissionReviewVersions"], $"must include at least one of {string.Join(", ", ReviewVersions)}");
    }
}
