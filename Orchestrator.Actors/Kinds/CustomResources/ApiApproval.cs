using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.CustomResources;

/// <summary>What the annotation of a definition says about its approval; the names are those of the condition's reasons.</summary>
public enum ApiApprovalState : byte
{
    NotNeeded,
    Missing,
    Invalid,
    Unapproved,
    Approved,
}

/// <summary>Groups of Kubernetes itself are only for what has been agreed on there.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/apihelpers.</remarks>
public static class ApiApproval
{
    public const string Annotation = "api-approved.kubernetes.io";

    private const string See = "see https://github.com/kubernetes/enhancements/pull/1111";

    /// <summary>The state of a definition, and it in words.</summary>
    public static (ApiApprovalState State, string Reason) Of(JsonObject definition, string group)
    {
        if (!IsProtected(group)) return (ApiApprovalState.NotNeeded, "");
        var value = ValueOf(definition);
        if (value.Length == 0) return (ApiApprovalState.Missing, $"protected groups must have approval annotation {GoQuote.Quote(Annotation)}, {See}");
        if (value.StartsWith("unapproved", StringComparison.Ordinal)) return (ApiApprovalState.Unapproved, $"not approved: {GoQuote.Quote(value)}");
        return Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Host.Length > 0
            ? (ApiApprovalState.Approved, $"approved in {value}")
            : (ApiApprovalState.Invalid, $"protected groups must have approval annotation {GoQuote.Quote(Annotation)} with either a URL or a reason starting with \"unapproved\", {See}");
    }

    /// <summary>The annotation; empty when it is absent.</summary>
    public static string ValueOf(JsonObject definition) => JsonTree.AsString(JsonTree.At(definition, ["metadata", "annotations", Annotation])) ?? "";

    private static bool IsProtected(string group) =>
        group is "k8s.io" or "kubernetes.io" || group.EndsWith(".k8s.io", StringComparison.Ordinal) || group.EndsWith(".kubernetes.io", StringComparison.Ordinal);
}
