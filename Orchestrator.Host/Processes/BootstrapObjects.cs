using System.Net;
using System.Text.Json.Nodes;

namespace Orchestrator.Host.Processes;

/// <summary>The objects that every cluster has from its first start: the system's namespaces and the service of the API server.</summary>
public static class BootstrapObjects
{
    /// <summary>The first address of the service network, which upstream gives to the API server.</summary>
    public static readonly IPAddress ServiceAddress = IPAddress.Parse("10.96.0.1");

    public static readonly string[] Namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

    public static JsonObject Namespace(string name) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Namespace",
        ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["kubernetes.io/metadata.name"] = name } },
    };

    public static JsonObject KubernetesService(int port) => new()
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
            ["clusterIP"] = ServiceAddress.ToString(),
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["port"] = 443, ["protocol"] = "TCP", ["targetPort"] = port }),
        },
    };
}
