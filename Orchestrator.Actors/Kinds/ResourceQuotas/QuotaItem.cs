using System.Collections.Immutable;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ResourceQuotas;

/// <summary>What one object uses of quotas, and which quotas count it. Pure; made once per version of an object.</summary>
/// <remarks>Source: kubernetes pkg/quota/v1/evaluator/core and k8s.io/apiserver, pkg/quota/v1/generic.</remarks>
public sealed class QuotaItem
{
    private const string ClassSuffix = ".storageclass.storage.k8s.io/";
    private const string ClassAnnotation = "volume.beta.kubernetes.io/storage-class";

    // Requests and limits that every container has to name where a quota counts them.
    private static readonly string[] Explicit = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

    private static readonly HashSet<string> PodNames = new(StringComparer.Ordinal)
    {
        "pods", "count/pods", "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage",
        "limits.cpu", "limits.memory", "limits.ephemeral-storage",
    };

    // Object counts that older quotas name without "count/". Pods, services and claims have rules of their own.
    private static readonly HashSet<string> PlainCounts = new(StringComparer.Ordinal) { "configmaps", "secrets", "replicationcontrollers", "resourcequotas" };

    private readonly ResourceType _type;
    private readonly JsonObject? _podSpec;

    private QuotaItem(ResourceType type, Dictionary<string, Quantity> usage, JsonObject? podSpec)
    {
        _type = type;
        _podSpec = podSpec;
        Usage = usage;
    }

    /// <summary>All that the object uses, by the names that quotas have for it.</summary>
    public IReadOnlyDictionary<string, Quantity> Usage { get; }

    /// <param name="now">Decides whether a pod that is being deleted has outlived its grace period.</param>
    public static QuotaItem Of(ResourceType type, JsonObject tree, DateTimeOffset now)
    {
        var usage = new Dictionary<string, Quantity>(StringComparer.Ordinal) { [CountOf(type)] = One };
        var spec = JsonTree.Object(tree, "spec") ?? [];
        if (type == ResourceTypes.Pods)
        {
            if (IsCharged(tree, now)) AddPod(usage, PodResources.Requests(spec), PodResources.Limits(spec));
            return new QuotaItem(type, usage, spec);
        }
        if (type == ResourceTypes.Services) AddService(usage, spec);
        else if (type == ResourceTypes.PersistentVolumeClaims) AddClaim(usage, tree, spec);
        else if (type.Group.Length == 0 && PlainCounts.Contains(type.Plural)) usage[type.Plural] = One;
        return new QuotaItem(type, usage, null);
    }

    /// <summary>Whether a quota that names this resource counts objects of the type.</summary>
    public static bool Concerns(ResourceType type, string resource)
    {
        if (resource == CountOf(type)) return true;
        if (type == ResourceTypes.Pods) return PodNames.Contains(resource) || IsRequestOfPieces(resource) || resource.StartsWith("hugepages-", StringComparison.Ordinal);
        if (type == ResourceTypes.Services) return resource is "services" or "services.nodeports" or "services.loadbalancers";
        if (type == ResourceTypes.PersistentVolumeClaims)
            return resource is "persistentvolumeclaims" or "requests.storage" || resource.Contains(ClassSuffix, StringComparison.Ordinal);
        return type.Group.Length == 0 && PlainCounts.Contains(type.Plural) && resource == type.Plural;
    }

    /// <summary>The type whose objects a quota counts under this name; null when it is none of the catalog-wide counts.</summary>
    public static ResourceType? CountedType(string resource) =>
        resource.StartsWith("count/", StringComparison.Ordinal) ? ResourceType.Parse(resource[6..])
        : PlainCounts.Contains(resource) ? ResourceType.Core(resource)
        : resource.StartsWith("services", StringComparison.Ordinal) ? ResourceTypes.Services
        : Concerns(ResourceTypes.PersistentVolumeClaims, resource) ? ResourceTypes.PersistentVolumeClaims
        : Concerns(ResourceTypes.Pods, resource) ? ResourceTypes.Pods
        : null;

    /// <summary>Whether the scopes of a quota hold for this object. Scopes speak about pods alone.</summary>
    public bool IsIn(ResourceQuotaView quota)
    {
        foreach (var scope in quota.Scopes)
            if (_podSpec is null || !Holds(scope, _podSpec)) return false;
        return true;
    }

    /// <summary>Why a quota on <paramref name="resources"/> refuses this object without counting, or null.</summary>
    public string? Constraint(IEnumerable<string> resources)
    {
        if (_podSpec is null) return null;
        var required = resources.Where(static r => Explicit.Contains(r, StringComparer.Ordinal)).ToList();
        if (required.Count == 0) return null;
        var missing = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"])
            foreach (var container in PodResources.Containers(_podSpec, list))
            {
                var resourcesOf = JsonTree.Object(container, "resources");
                var set = new Dictionary<string, Quantity>(StringComparer.Ordinal);
                AddPod(set, PodResources.Read(JsonTree.Object(resourcesOf, "requests")), PodResources.Read(JsonTree.Object(resourcesOf, "limits")));
                foreach (var name in required)
                {
                    if (set.ContainsKey(name)) continue;
                    if (!missing.TryGetValue(name, out var containers)) missing[name] = containers = new SortedSet<string>(StringComparer.Ordinal);
                    containers.Add(JsonTree.String(container, "name") ?? "");
                }
            }
        return missing.Count == 0 ? null : "must specify " + string.Join("; ", missing.Select(static m => $"{m.Key} for: {string.Join(',', m.Value)}"));
    }

    private static Quantity One { get; } = Quantity.FromUnits(1);

    private static string CountOf(ResourceType type) => $"count/{type}";

    // Source: pkg/quota/v1/evaluator/core, QuotaV1Pod.
    private static bool IsCharged(JsonObject pod, DateTimeOffset now)
    {
        if (JsonTree.AsString(JsonTree.At(pod, ["status", "phase"])) is "Succeeded" or "Failed") return false;
        var meta = JsonTree.Object(pod, "metadata");
        return KindTime.Read(meta?["deletionTimestamp"]) is not { } at || JsonTree.Int64(meta, "deletionGracePeriodSeconds") is not { } grace || now <= at.Plus(grace);
    }

    private static void AddPod(Dictionary<string, Quantity> usage, Dictionary<string, Quantity> requests, Dictionary<string, Quantity> limits)
    {
        usage["pods"] = One;
        foreach (var (name, amount) in requests)
        {
            if (name is "cpu" or "memory" or "ephemeral-storage" || name.StartsWith("hugepages-", StringComparison.Ordinal)) usage[name] = amount;
            if (name is "cpu" or "memory" or "ephemeral-storage" || IsRequestOfPieces("requests." + name)) usage["requests." + name] = amount;
        }
        foreach (var (name, amount) in limits)
            if (name is "cpu" or "memory" or "ephemeral-storage") usage["limits." + name] = amount;
    }

    /// <summary>A request of huge pages or of an extended resource, such as <c>requests.example.com/gpu</c>.</summary>
    private static bool IsRequestOfPieces(string resource) =>
        resource.StartsWith("requests.", StringComparison.Ordinal)
        && (resource.StartsWith("requests.hugepages-", StringComparison.Ordinal)
            || (resource.Contains('/', StringComparison.Ordinal) && !resource.Contains("kubernetes.io/", StringComparison.Ordinal)));

    private static void AddService(Dictionary<string, Quantity> usage, JsonObject spec)
    {
        usage["services"] = One;
        var type = JsonTree.String(spec, "type");
        var ports = JsonTree.Array(spec, "ports") ?? [];
        if (type == "LoadBalancer")
        {
            usage["services.loadbalancers"] = One;
            // Node ports of a load balancer are optional; those that were asked for are counted.
            var all = JsonTree.Bool(spec, "allocateLoadBalancerNodePorts") != false;
            usage["services.nodeports"] = Quantity.FromUnits(all ? ports.Count : ports.Count(static p => JsonTree.Int64(p as JsonObject, "nodePort") is > 0));
        }
        else if (type == "NodePort") usage["services.nodeports"] = Quantity.FromUnits(ports.Count);
    }

    private static void AddClaim(Dictionary<string, Quantity> usage, JsonObject tree, JsonObject spec)
    {
        usage["persistentvolumeclaims"] = One;
        var storageClass = JsonTree.AsString(JsonTree.At(tree, ["metadata", "annotations", ClassAnnotation])) ?? JsonTree.String(spec, "storageClassName");
        if (!string.IsNullOrEmpty(storageClass)) usage[$"{storageClass}{ClassSuffix}persistentvolumeclaims"] = One;
        if (!PodResources.TryRead(JsonTree.At(spec, ["resources", "requests", "storage"]), out var size)) return;
        // A claim that is shrunk back while it grows still holds what was allocated.
        if (PodResources.TryRead(JsonTree.At(tree, ["status", "allocatedResources", "storage"]), out var allocated) && allocated > size) size = allocated;
        usage["requests.storage"] = size;
        if (!string.IsNullOrEmpty(storageClass)) usage[$"{storageClass}{ClassSuffix}requests.storage"] = size;
    }

    private static bool Holds(QuotaScope scope, JsonObject spec) => scope.Name switch
    {
        "Terminating" => JsonTree.Int64(spec, "activeDeadlineSeconds") is >= 0,
        "NotTerminating" => JsonTree.Int64(spec, "activeDeadlineSeconds") is not >= 0,
        "BestEffort" => PodQos.Of(spec) == "BestEffort",
        "NotBestEffort" => PodQos.Of(spec) != "BestEffort",
        "PriorityClass" => HoldsOf(scope, JsonTree.String(spec, "priorityClassName") ?? ""),
        "CrossNamespacePodAffinity" => UsesOtherNamespaces(spec),
        _ => false,
    };

    private static bool HoldsOf(QuotaScope scope, string priorityClass) => scope.Operator switch
    {
        "In" => scope.Values.Contains(priorityClass),
        "NotIn" => !scope.Values.Contains(priorityClass),
        "DoesNotExist" => priorityClass.Length == 0,
        _ => priorityClass.Length > 0,
    };

    private static bool UsesOtherNamespaces(JsonObject spec)
    {
        foreach (var kind in (ReadOnlySpan<string>)["podAffinity", "podAntiAffinity"])
        {
            if (JsonTree.At(spec, ["affinity", kind]) is not JsonObject affinity) continue;
            foreach (var term in JsonTree.Array(affinity, "requiredDuringSchedulingIgnoredDuringExecution") ?? [])
                if (NamesOthers(term as JsonObject)) return true;
            foreach (var term in JsonTree.Array(affinity, "preferredDuringSchedulingIgnoredDuringExecution") ?? [])
                if (NamesOthers(JsonTree.Object(term as JsonObject, "podAffinityTerm"))) return true;
        }
        return false;
    }

    private static bool NamesOthers(JsonObject? term) => JsonTree.Array(term, "namespaces") is { Count: > 0 } || term?["namespaceSelector"] is not null;
}
