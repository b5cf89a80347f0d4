using Orchestrator.Actors.Admission.Webhooks;
using Orchestrator.Actors.Kinds.WebhookConfigurations;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CustomResources;

/// <summary>How a definition says that its objects are brought from one version to another.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/apis/apiextensions/validation, which names fields as they are inside.</remarks>
internal static class CustomConversionValidation
{
    private static readonly string[] ReviewVersions = ["v1", "v1beta1"];

    public static void Validate(JsonObject? conversion, FieldPath path, FaultList faults)
    {
        if (conversion is null) return;
        var webhook = conversion["webhook"] as JsonObject;
        if (JsonTree.String(conversion, "strategy") != "Webhook")
        {
            const string misplaced = "should not be set when strategy is not set to Webhook";
            if (webhook?["clientConfig"] is not null) faults.Forbidden(path.Child("webhookClientConfig"), misplaced);
            if (webhook?["conversionReviewVersions"] is JsonArray { Count: > 0 }) faults.Forbidden(path.Child("conversionReviewVersions"), misplaced);
            return;
        }
        var clientPath = path.Child("webhookClientConfig");
        if (webhook?["clientConfig"] is not JsonObject client) faults.Required(clientPath, "required when strategy is set to Webhook");
        else WebhookClientConfigValidation.Validate(client, clientPath, faults);
        ValidateVersions(webhook?["conversionReviewVersions"] as JsonArray, path.Child("conversionReviewVersions"), faults);
    }

    /// <summary>A bundle that can be used is not replaced by one that cannot. A new definition may come with any: it is served when it has a good one.</summary>
    public static void ValidateUpdate(JsonObject? conversion, JsonObject? before, FieldPath path, FaultList faults)
    {
        var (bundle, former) = (BundleOf(conversion), BundleOf(before));
        if (CertificateBundle.FaultOf(bundle) is { } fault && CertificateBundle.FaultOf(former) is null)
            faults.Invalid(path.Child("webhookClientConfig").Child("caBundle"), CertificateBundle.Decode(bundle), fault);
    }

    /// <summary>The authorities of the webhook as the definition names them; null for none.</summary>
    public static string? BundleOf(JsonObject? conversion) => JsonTree.AsString(JsonTree.At(conversion, ["webhook", "clientConfig", "caBundle"]));

    private static void ValidateVersions(JsonArray? versions, FieldPath path, FaultList faults)
    {
        if (versions is not { Count: > 0 })
        {
            faults.Required(path);
            return;
        }
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < versions.Count; i++)
        {
            var version = JsonTree.AsString(versions[i]) ?? "";
            if (!seen.Add(version)) faults.Invalid(path.Index(i), version, "duplicate version");
            else if (ObjectNames.Label1035(version) is { } fault) faults.Invalid(path.Index(i), version, fault);
        }
        if (!ReviewVersions.Any(seen.Contains)) faults.Invalid(path, versions, $"must include at least one of {string.Join(", ", ReviewVersions)}");
    }
}
