using System.Text.Json.Nodes;

namespace WebsiteOperator;

/// <summary>What the cluster shall have for a website. Pure.</summary>
internal static class Website
{
    public const string Path = "/apis/samples.example.com/v1";

    public static string KeyOf(JsonObject o) => $"{o["metadata"]!["namespace"]}/{o["metadata"]!["name"]}";

    public static (string Path, JsonObject Object) Page(JsonObject website)
    {
        var o = Child(website, "v1", "ConfigMap");
        o["data"] = new JsonObject { ["index.html"] = (string)website["spec"]!["html"]! };
        return ($"/api/v1/namespaces/{website["metadata"]!["namespace"]}/configmaps/{website["metadata"]!["name"]}", o);
    }

    public static (string Path, JsonObject Object) Server(JsonObject website)
    {
        var name = (string)website["metadata"]!["name"]!;
        var o = Child(website, "apps/v1", "Deployment");
        o["spec"] = new JsonObject
        {
            ["replicas"] = (int)website["spec"]!["replicas"]!,
            ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["website"] = name } },
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["website"] = name } },
                ["spec"] = new JsonObject
                {
                    ["containers"] = new JsonArray(new JsonObject
                    {
                        ["name"] = "httpd",
                        ["image"] = "busybox:latest",
                        ["imagePullPolicy"] = "IfNotPresent",
                        ["command"] = new JsonArray("busybox", "httpd", "-f", "-p", "8080", "-h", "/www"),
                        ["ports"] = new JsonArray(new JsonObject { ["containerPort"] = 8080 }),
                        ["volumeMounts"] = new JsonArray(new JsonObject { ["name"] = "page", ["mountPath"] = "/www" }),
                    }),
                    ["volumes"] = new JsonArray(new JsonObject { ["name"] = "page", ["configMap"] = new JsonObject { ["name"] = name } }),
                },
            },
        };
        return ($"/apis/apps/v1/namespaces/{website["metadata"]!["namespace"]}/deployments/{name}", o);
    }

    /// <summary>The status that a website should have; null when it has it.</summary>
    public static JsonObject? Status(JsonObject website, JsonObject? deployment)
    {
        var ready = (int?)deployment?["status"]?["readyReplicas"] ?? 0;
        var generation = (long)website["metadata"]!["generation"]!;
        if ((int?)website["status"]?["readyReplicas"] == ready && (long?)website["status"]?["observedGeneration"] == generation) return null;
        return new JsonObject { ["status"] = new JsonObject { ["readyReplicas"] = ready, ["observedGeneration"] = generation } };
    }

    private static JsonObject Child(JsonObject website, string apiVersion, string kind)
    {
        var meta = website["metadata"]!;
        return new JsonObject
        {
            ["apiVersion"] = apiVersion,
            ["kind"] = kind,
            ["metadata"] = new JsonObject
            {
                ["name"] = (string)meta["name"]!,
                ["namespace"] = (string)meta["namespace"]!,
                ["labels"] = new JsonObject { ["app.kubernetes.io/managed-by"] = "website-operator" },
                ["ownerReferences"] = new JsonArray(new JsonObject
                {
                    ["apiVersion"] = "samples.example.com/v1",
                    ["kind"] = "Website",
                    ["name"] = (string)meta["name"]!,
                    ["uid"] = (string)meta["uid"]!,
                    ["controller"] = true,
                    ["blockOwnerDeletion"] = true,
                }),
            },
        };
    }
}
