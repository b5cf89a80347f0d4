namespace Orchestrator.Actors.Kinds.ResourceQuotas;

/// <summary>The names of what a quota can limit.</summary>
/// <remarks>Source: kubernetes pkg/apis/core/helper.</remarks>
public static class QuotaResources
{
    private static readonly HashSet<string> Compute = new(StringComparer.Ordinal)
    {
        "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory",
    };

    private static readonly HashSet<string> Counted = new(StringComparer.Ordinal)
    {
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims",
        "services.nodeports", "services.loadbalancers",
    };

    private static readonly HashSet<string> Amounts = new(StringComparer.Ordinal)
    {
        "ephemeral-storage", "requests.storage", "requests.ephemeral-storage", "limits.ephemeral-storage",
    };

    /// <summary>A name without a domain that a quota knows.</summary>
    public static bool IsStandard(string name) =>
        Compute.Contains(name) || Counted.Contains(name) || Amounts.Contains(name)
        || name.StartsWith("hugepages-", StringComparison.Ordinal) || name.StartsWith("requests.hugepages-", StringComparison.Ordinal);

    /// <summary>It comes in whole ones only: objects, and devices.</summary>
    public static bool IsWhole(string name) =>
        Counted.Contains(name)
        || (name.Contains('/', StringComparison.Ordinal) && !name.Contains("kubernetes.io/", StringComparison.Ordinal)
            && !name.StartsWith("requests.", StringComparison.Ordinal));

    public static bool IsScope(string scope) =>
        scope is "Terminating" or "NotTerminating" or "BestEffort" or "NotBestEffort" or "PriorityClass" or "CrossNamespacePodAffinity";

    /// <summary>A scope selects pods, so it fits what pods use; the pods of the best effort use nothing that is counted but themselves.</summary>
    public static bool Fits(string scope, string name) => scope == "BestEffort" ? name == "pods" : name == "pods" || Compute.Contains(name);
}
