using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.WebhookConfigurations;

/// <summary>How a webhook is reached: by a URL or as a service, never both.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/util/webhook/validation.go.</remarks>
internal static class WebhookClientConfigValidation
{
    private const string Form = "; desired format: https://host[/path]";

    public static void Validate(JsonObject? config, FieldPath path, FaultList faults)
    {
        var url = JsonTree.String(config, "url");
        var service = JsonTree.Object(config, "service");
        if (url is null == service is null) faults.Required(path, "exactly one of url or service is required");
        else if (url is not null) ValidateUrl(url, path.Child("url"), faults);
        else ValidateService(service!, path.Child("service"), faults);
    }

    private static void ValidateUrl(string text, FieldPath path, FaultList faults)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url))
        {
            var scheme = text.IndexOf("://", StringComparison.Ordinal) is > 0 and var end ? text[..end] : "";
            if (scheme is not "https") faults.Invalid(path, scheme, "'https' is the only allowed URL scheme" + Form);
            faults.Invalid(path, "", "host must be provided" + Form);
            return;
        }
        if (url.Scheme != "https") faults.Invalid(path, url.Scheme, "'https' is the only allowed URL scheme" + Form);
        if (url.Host.Length == 0) faults.Invalid(path, "", "host must be provided" + Form);
        if (url.UserInfo.Length > 0) faults.Invalid(path, url.UserInfo, "user information is not permitted in the URL");
        if (url.Fragment.Length > 0) faults.Invalid(path, url.Fragment[1..], "fragments are not permitted in the URL");
        if (url.Query.Length > 0) faults.Invalid(path, url.Query[1..], "query parameters are not permitted in the URL");
    }

    private static void ValidateService(JsonObject service, FieldPath path, FaultList faults)
    {
        FieldRules.Required(service, "name", path, faults, "service name is required");
        FieldRules.Required(service, "namespace", path, faults, "service namespace is required");
        if (JsonTree.Int64(service, "port") is { } port && port is < 1 or > 65535)
            faults.Invalid(path.Child("port"), port, "port is not valid: must be between 1 and 65535, inclusive");
        if (JsonTree.String(service, "path") is { } text) ValidatePath(text, path.Child("path"), faults);
    }

    private static void ValidatePath(string text, FieldPath path, FaultList faults)
    {
        if (text is "" or "/") return;
        if (!text.StartsWith('/'))
        {
            faults.Invalid(path, text, "must start with a '/'");
            return;
        }
        var segments = text[1..].Split('/');
        // A slash at the end is fine, and stands for no segment.
        if (segments.Length > 1 && segments[^1].Length == 0) segments = segments[..^1];
        for (var i = 0; i < segments.Length; i++)
        {
            if (segments[i].Length == 0) faults.Invalid(path, text, $"segment[{i}] may not be empty");
            else if (ObjectNames.Subdomain(segments[i]) is { } fault) faults.Invalid(path, text, $"segment[{i}]: {fault}");
        }
    }
}
