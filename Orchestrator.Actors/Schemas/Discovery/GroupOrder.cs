using Orchestrator.Actors.Kinds.ApiServices;

namespace Orchestrator.Actors.Schemas.Discovery;

/// <summary>The order in which groups are told. Clients take the first match of a name, so it decides what a name means.</summary>
/// <remarks>Source: the priorities with which kube-apiserver registers its groups; custom groups follow by name.</remarks>
internal static class GroupOrder
{
    private static readonly string[] BuiltIn =
    [
        "", "apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch",
        "certificates.k8s.io", "networking.k8s.io", "policy", "rbac.authorization.k8s.io", "storage.k8s.io",
        "admissionregistration.k8s.io", "apiextensions.k8s.io", "scheduling.k8s.io", "coordination.k8s.io", "node.k8s.io",
        "discovery.k8s.io", "resource.k8s.io", "flowcontrol.apiserver.k8s.io",
    ];

    public static int Compare(string group, string other)
    {
        var byRank = Rank(group).CompareTo(Rank(other));
        return byRank != 0 ? byRank : string.CompareOrdinal(group, other);
    }

    // The API of a metrics server comes after everything else: its nodes and pods are not those that people mean.
    private static int Rank(string group) => group == LocalApiServices.ResourceMetricsGroup ? int.MaxValue
        : Array.IndexOf(BuiltIn, group) is var at && at < 0 ? BuiltIn.Length : at;
}
