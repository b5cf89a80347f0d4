using System.Collections.Frozen;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.ApiServices;

/// <summary>The APIServices that stand for what this API server serves itself: one for each version of each group.</summary>
/// <remarks>Source: kube-apiserver, apiVersionPriorities; controlplane/controller/crdregistration; kube-aggregator, autoregister.</remarks>
public static class LocalApiServices
{
    /// <summary>The label's value on what is made at a start and left alone from then on.</summary>
    public const string OnStart = "onstart";

    /// <summary>The label's value on what comes and goes with a definition.</summary>
    public const string Always = "true";

    /// <summary>The group of APIServices itself, which stands for all others and has no object.</summary>
    public const string OwnGroup = "apiregistration.k8s.io";

    /// <summary>A group that other servers serve in other clusters: whoever installs one may take it over, for good.</summary>
    public const string ResourceMetricsGroup = "metrics.k8s.io";

    private const int CustomGroupPriority = 1000, CustomVersionPriority = 100;

    private static readonly FrozenDictionary<string, int> Groups = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        [OwnGroup] = 20_000,
        [""] = 18_000,
        ["apps"] = 17_800,
        ["events.k8s.io"] = 17_750,
        ["authentication.k8s.io"] = 17_700,
        ["authorization.k8s.io"] = 17_600,
        ["autoscaling"] = 17_500,
        ["batch"] = 17_400,
        ["certificates.k8s.io"] = 17_300,
        ["networking.k8s.io"] = 17_200,
        ["policy"] = 17_100,
        ["rbac.authorization.k8s.io"] = 17_000,
        ["storage.k8s.io"] = 16_800,
        ["admissionregistration.k8s.io"] = 16_700,
        ["apiextensions.k8s.io"] = 16_700,
        ["scheduling.k8s.io"] = 16_600,
        ["coordination.k8s.io"] = 16_500,
        ["node.k8s.io"] = 16_300,
        ["discovery.k8s.io"] = 16_200,
        ["resource.k8s.io"] = 16_200,
        ["flowcontrol.apiserver.k8s.io"] = 16_100,
        ["internal.apiserver.k8s.io"] = 16_000,
        [ResourceMetricsGroup] = 100,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The priorities of a version that is served here.</summary>
    public static (int Group, int Version) PrioritiesOf(string group, string version)
    {
        if (!Groups.TryGetValue(group, out var priority)) return (CustomGroupPriority, CustomVersionPriority);
        var within = (group, version) switch
        {
            ("", _) => 1,
            (ResourceMetricsGroup, _) => 100,
            ("autoscaling", "v2") => 30,
            ("flowcontrol.apiserver.k8s.io", "v1") => 21,
            _ when version.Contains("alpha", StringComparison.Ordinal) => 1,
            _ when version.Contains("beta", StringComparison.Ordinal) => 9,
            _ => 15,
        };
        return (priority, within);
    }

    public static string NameOf(string group, string version) => $"{version}.{group}";

    /// <summary>What every API server has from its start.</summary>
    public static IEnumerable<JsonObject> BuiltIn(SchemaCatalog catalog)
    {
        var custom = catalog.Custom.Select(static r => (r.Group, r.Version)).ToHashSet();
        return catalog.Resources.Select(static r => (r.Group, r.Version)).Distinct().Where(v => v.Group != OwnGroup && !custom.Contains(v))
            .Select(static v => Make(v.Group, v.Version, v.Group == ResourceMetricsGroup ? null : OnStart));
    }

    /// <summary>What the definitions of custom resources ask for.</summary>
    public static IEnumerable<JsonObject> OfDefinitions(IEnumerable<JsonObject> definitions) => definitions
        .SelectMany(static d => (JsonTree.Array(JsonTree.Object(d, "spec"), "versions") ?? []).OfType<JsonObject>()
            .Where(static v => JsonTree.Bool(v, "served") == true)
            .Select(v => (Group: JsonTree.String(JsonTree.Object(d, "spec"), "group") ?? "", Version: JsonTree.String(v, "name") ?? "")))
        .Distinct().Select(static v => Make(v.Group, v.Version, Always));

    private static JsonObject Make(string group, string version, string? managed)
    {
        var (groupPriority, versionPriority) = PrioritiesOf(group, version);
        var spec = new JsonObject { ["version"] = version, ["groupPriorityMinimum"] = groupPriority, ["versionPriority"] = versionPriority };
        if (group.Length > 0) spec["group"] = group;
        var metadata = new JsonObject { ["name"] = NameOf(group, version) };
        if (managed is not null) metadata["labels"] = new JsonObject { [ApiServiceView.ManagedLabel] = managed };
        return new JsonObject
        {
            ["apiVersion"] = $"{OwnGroup}/v1",
            ["kind"] = "APIService",
            ["metadata"] = metadata,
            ["spec"] = spec,
        };
    }
}
