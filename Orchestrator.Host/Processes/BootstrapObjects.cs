using System.Net;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.Processes;

/// <summary>The objects that every cluster has from its first start: the system's namespaces and the service of the API server.</summary>
public static class BootstrapObjects
{
    public static readonly string[] Namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

    public static JsonObject Namespace(string name) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Namespace",
        ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["kubernetes.io/metadata.name"] = name } },
    };

    /// <summary>The classes of pods without which a cluster or a node does not work.</summary>
    /// <remarks>Source: kubernetes pkg/apis/scheduling/types.go and v1/helpers.go.</remarks>
    public static IEnumerable<JsonObject> PriorityClasses() =>
    [
        PriorityClass("system-node-critical", 2_000_001_000, "Used for system critical pods that must not be moved from their current node."),
        PriorityClass("system-cluster-critical", 2_000_000_000,
            "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."),
    ];

    private static JsonObject PriorityClass(string name, int value, string description) => new()
    {
        ["apiVersion"] = "scheduling.k8s.io/v1",
        ["kind"] = "PriorityClass",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["value"] = value,
        ["description"] = description,
    };

    public static JsonObject KubernetesService(IPAddress address, int port) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Service",
        ["metadata"] = new JsonObject
        {
            ["name"] = "kubernetes",
            ["namespace"] = "default",
            ["labels"] = new JsonObject { ["component"] = "apiserver", ["provider"] = "kubernetes" },
        },
        ["spec"] = new JsonObject
        {
            ["clusterIP"] = address.ToString(),
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["port"] = 443, ["protocol"] = "TCP", ["targetPort"] = port }),
        },
    };
}
