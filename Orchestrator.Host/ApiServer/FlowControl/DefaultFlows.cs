using Orchestrator.Actors.Resources;


namespace Orchestrator.Host.ApiServer.FlowControl;

/// <summary>The flow schemas and priority levels that every cluster starts with.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/apis/flowcontrol/bootstrap; the Kubernetes documentation page "API Priority and Fairness".</remarks>
public static class DefaultFlows
{
    private const string ApiVersion = "flowcontrol.apiserver.k8s.io/v1";

    /// <summary>Those that the server falls back on where somebody removed them.</summary>
    public static IEnumerable<JsonObject> MandatoryLevels() =>
    [
        Level("exempt", new JsonObject { ["type"] = "Exempt", ["exempt"] = new JsonObject { ["nominalConcurrencyShares"] = 0, ["lendablePercent"] = 0 } }),
        Level("catch-all", Limited(5, 0, null)),
    ];

    /// <summary>Those that the server falls back on where somebody removed them.</summary>
    public static IEnumerable<JsonObject> MandatorySchemas() =>
    [
        Schema("exempt", "exempt", 1, null, [Group("system:masters")], [Everything()], [AllPaths()]),
        Schema("catch-all", "catch-all", 10_000, "ByUser", Anyone(), [Everything()], [AllPaths()]),
    ];

    public static IEnumerable<JsonObject> Levels() =>
    [
        .. MandatoryLevels(),
        Level("system", Limited(30, 33, Queue(64))),
        Level("node-high", Limited(40, 25, Queue(64))),
        Level("leader-election", Limited(10, 0, Queue(16, hand: 4))),
        Level("workload-high", Limited(40, 50, Queue(128))),
        Level("workload-low", Limited(100, 90, Queue(128))),
        Level("global-default", Limited(20, 50, Queue(128))),
    ];

    public static IEnumerable<JsonObject> Schemas() =>
    [
        .. MandatorySchemas(),
        Schema("probes", "exempt", 2, null, Anyone(), [], [Paths(["get"], "/healthz", "/readyz", "/livez")]),
        Schema("system-leader-election", "leader-election", 100, "ByUser", [User("system:kube-controller-manager"), User("system:kube-scheduler"), Accounts("kube-system")],
            [Rule(["get", "create", "update"], "coordination.k8s.io", "leases")], []),
        Schema("endpoint-controller", "workload-high", 150, "ByUser",
            [User("system:kube-controller-manager"), Account("kube-system", "endpoint-controller"), Account("kube-system", "endpointslicemirroring-controller")],
            [Rule(["get", "create", "update"], "", "endpoints")], []),
        Schema("workload-leader-election", "leader-election", 200, "ByUser", [Accounts("kube-system")],
            [Rule(["get", "create", "update"], "", "endpoints", "configmaps"), Rule(["get", "create", "update"], "coordination.k8s.io", "leases")], []),
        Schema("system-node-high", "node-high", 400, "ByUser", [Group("system:nodes")],
            [Rule(["*"], "", "nodes", "nodes/status"), Rule(["*"], "coordination.k8s.io", "leases")], []),
        Schema("system-nodes", "system", 500, "ByUser", [Group("system:nodes")], [Everything()], [AllPaths()]),
        Schema("kube-controller-manager", "workload-high", 800, "ByNamespace", [User("system:kube-controller-manager")], [Everything()], [AllPaths()]),
        Schema("kube-scheduler", "workload-high", 800, "ByNamespace", [User("system:kube-scheduler")], [Everything()], [AllPaths()]),
        Schema("kube-system-service-accounts", "workload-high", 900, "ByNamespace", [Accounts("kube-system")], [Everything()], [AllPaths()]),
        Schema("service-accounts", "workload-low", 9000, "ByUser", [Group("system:serviceaccounts")], [Everything()], [AllPaths()]),
        Schema("global-default", "global-default", 9900, "ByUser", Anyone(), [Everything()], [AllPaths()]),
    ];

    private static JsonObject Level(string name, JsonObject spec) => new()
    {
        ["apiVersion"] = ApiVersion,
        ["kind"] = "PriorityLevelConfiguration",
        ["metadata"] = Metadata(name),
        ["spec"] = spec,
    };

    private static JsonObject Limited(int shares, int lendablePercent, JsonObject? queuing) => new()
    {
        ["type"] = "Limited",
        ["limited"] = new JsonObject
        {
            ["nominalConcurrencyShares"] = shares,
            ["lendablePercent"] = lendablePercent,
            ["limitResponse"] = queuing is null ? new JsonObject { ["type"] = "Reject" } : new JsonObject { ["type"] = "Queue", ["queuing"] = queuing },
        },
    };

    private static JsonObject Queue(int queues, int hand = 6) => new() { ["queues"] = queues, ["handSize"] = hand, ["queueLengthLimit"] = 50 };

    private static JsonObject Schema(
        string name, string level, int precedence, string? distinguisher, JsonObject[] subjects, JsonObject[] resources, JsonObject[] paths)
    {
        var rule = new JsonObject { ["subjects"] = Array(subjects) };
        if (resources.Length > 0) rule["resourceRules"] = Array(resources);
        if (paths.Length > 0) rule["nonResourceRules"] = Array(paths);
        var spec = new JsonObject
        {
            ["priorityLevelConfiguration"] = new JsonObject { ["name"] = level },
            ["matchingPrecedence"] = precedence,
            ["rules"] = new JsonArray(rule),
        };
        if (distinguisher is not null) spec["distinguisherMethod"] = new JsonObject { ["type"] = distinguisher };
        return new JsonObject { ["apiVersion"] = ApiVersion, ["kind"] = "FlowSchema", ["metadata"] = Metadata(name), ["spec"] = spec };
    }

    private static JsonObject Metadata(string name) => new()
    {
        ["name"] = name,
        ["annotations"] = new JsonObject { ["apf.kubernetes.io/autoupdate-spec"] = "true" },
    };

    private static JsonObject Everything() => new()
    {
        ["verbs"] = new JsonArray("*"),
        ["apiGroups"] = new JsonArray("*"),
        ["resources"] = new JsonArray("*"),
        ["clusterScope"] = true,
        ["namespaces"] = new JsonArray("*"),
    };

    private static JsonObject Rule(string[] verbs, string group, params string[] resources) => new()
    {
        ["verbs"] = Texts(verbs),
        ["apiGroups"] = new JsonArray(group),
        ["resources"] = Texts(resources),
        ["clusterScope"] = true,
        ["namespaces"] = new JsonArray("*"),
    };

    private static JsonObject AllPaths() => Paths(["*"], "*");

    private static JsonObject Paths(string[] verbs, params string[] paths) => new() { ["verbs"] = Texts(verbs), ["nonResourceURLs"] = Texts(paths) };

    private static JsonObject[] Anyone() => [Group("system:unauthenticated"), Group("system:authenticated")];

    private static JsonObject Group(string name) => new() { ["kind"] = "Group", ["group"] = new JsonObject { ["name"] = name } };

    private static JsonObject User(string name) => new() { ["kind"] = "User", ["user"] = new JsonObject { ["name"] = name } };

    private static JsonObject Accounts(string ns) => Account(ns, "*");

    private static JsonObject Account(string ns, string name) =>
        new() { ["kind"] = "ServiceAccount", ["serviceAccount"] = new JsonObject { ["namespace"] = ns, ["name"] = name } };

    private static JsonArray Array(JsonObject[] nodes) => new([.. nodes]);

    private static JsonArray Texts(string[] texts) => new([.. texts.Select(static t => (JsonNode?)t)]);
}
