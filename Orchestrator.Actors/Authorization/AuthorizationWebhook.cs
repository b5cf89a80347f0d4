using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Authorization;

/// <summary>How a service is asked that decides. Immutable.</summary>
public sealed record AuthorizationWebhook
{
    private static readonly TimeSpan TimeoutMax = TimeSpan.FromSeconds(30);

    /// <summary>How long a yes is remembered.</summary>
    public TimeSpan AuthorizedTtl { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long anything else is.</summary>
    public TimeSpan UnauthorizedTtl { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan Timeout { get; init; } = TimeoutMax;

    /// <summary>Of SubjectAccessReview, as the service is asked.</summary>
    public string Version { get; init; } = "v1";

    /// <summary>What no answer means: a refusal, or nothing at all.</summary>
    public bool DeniesOnFailure { get; init; }

    /// <summary>A kubeconfig of the service; null is the API of the cluster that this process runs in.</summary>
    public string? KubeConfigFile { get; init; }

    public AccessConditions Conditions { get; init; } = AccessConditions.None;

    /// <param name="webhook">Of the schema <c>apiserver.WebhookConfiguration</c>.</param>
    /// <param name="path">Of the authorizer: so upstream says it, and not of the webhook in it.</param>
    /// <param name="faultOfFile">What keeps a file from being used as a kubeconfig; null when nothing does.</param>
    /// <param name="faults">Is told what is wrong.</param>
    internal static AuthorizationWebhook Read(JsonObject webhook, FieldPath path, Func<string, string?> faultOfFile, FaultList faults)
    {
        var timeout = ReadTime(webhook, "timeout", null, path, faults);
        if (timeout is { } time && (time > TimeoutMax || time < TimeSpan.Zero)) faults.Invalid(path.Child("timeout"), GoDuration.Format(time), "must be > 0s and <= 30s");
        var authorized = ReadTime(webhook, "authorizedTTL", TimeSpan.FromMinutes(5), path, faults);
        var unauthorized = ReadTime(webhook, "unauthorizedTTL", TimeSpan.FromSeconds(30), path, faults);
        foreach (var (name, ttl) in (ReadOnlySpan<(string, TimeSpan?)>)[("authorizedTTL", authorized), ("unauthorizedTTL", unauthorized)])
            if (ttl < TimeSpan.Zero) faults.Invalid(path.Child(name), GoDuration.Format(ttl.Value), "must be > 0s");

        var version = ReadChoice(webhook, "subjectAccessReviewVersion", ["v1", "v1beta1"], path, faults);
        var conditionsVersion = JsonTree.String(webhook, "matchConditionSubjectAccessReviewVersion") ?? "";
        var at = path.Child("matchConditionSubjectAccessReviewVersion");
        if (conditionsVersion.Length == 0 && webhook.CountOf("matchConditions") > 0) faults.Required(at, "required if match conditions are specified");
        else if (conditionsVersion is not ("" or "v1")) faults.NotSupported(at, conditionsVersion, ["v1"]);
        var policy = ReadChoice(webhook, "failurePolicy", ["NoOpinion", "Deny"], path, faults);
        return new AuthorizationWebhook
        {
            AuthorizedTtl = authorized ?? default,
            UnauthorizedTtl = unauthorized ?? default,
            Timeout = timeout ?? default,
            Version = version,
            DeniesOnFailure = policy == "Deny",
            KubeConfigFile = ReadConnection(JsonTree.Object(webhook, "connectionInfo"), path.Child("connectionInfo"), faultOfFile, faults),
            Conditions = AccessConditions.Read(webhook, path.Child("matchConditions"), faults),
        };
    }

    private static TimeSpan? ReadTime(JsonObject webhook, string name, TimeSpan? whenZero, FieldPath path, FaultList faults)
    {
        if (GoDuration.Parse(JsonTree.String(webhook, name) ?? "0s", out _) is { } time && time != TimeSpan.Zero) return time;
        if (whenZero is null) faults.Required(path.Child(name));
        return whenZero;
    }

    private static string ReadChoice(JsonObject webhook, string name, ReadOnlySpan<string> choices, FieldPath path, FaultList faults)
    {
        var given = JsonTree.String(webhook, name) ?? "";
        if (given.Length == 0) faults.Required(path.Child(name));
        else if (!choices.Contains(given)) faults.NotSupported(path.Child(name), given, choices.ToArray());
        return given;
    }

    private static string? ReadConnection(JsonObject? connection, FieldPath path, Func<string, string?> faultOfFile, FaultList faults)
    {
        var (type, file) = (JsonTree.String(connection, "type") ?? "", JsonTree.String(connection, "kubeConfigFile"));
        var at = path.Child("kubeConfigFile");
        switch (type)
        {
            case "":
                faults.Required(path.Child("type"));
                break;
            case "InClusterConfig":
                if (file is not null) faults.Invalid(at, file, "can only be set when type=KubeConfigFile");
                return null;
            case "KubeConfigFile":
                if (file is null or "") faults.Required(at);
                else if (!Path.IsPathFullyQualified(file)) faults.Invalid(at, file, "must be an absolute path");
                else if (faultOfFile(file) is { } fault) faults.Invalid(at, file, fault);
                break;
            default:
                faults.NotSupported(path.Child("type"), type, ["InClusterConfig", "KubeConfigFile"]);
                break;
        }
        return file ?? "";
    }
}
