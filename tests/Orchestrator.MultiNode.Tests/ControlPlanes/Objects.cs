using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.MultiNode.Tests.ControlPlanes;

/// <summary>Whole objects, as the stages before the registry hand them over.</summary>
internal static class Objects
{
    public static ObjectKey Key(string name) => new("default", name);

    public static CreateObject ConfigMap(string name) => Create(Key(name), new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = Metadata(Key(name)),
        ["data"] = new JsonObject { ["written-by"] = name },
    });

    public static CreateObject Node(string name) => Create(new ObjectKey("", name), new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Node",
        ["metadata"] = Metadata(new ObjectKey("", name)),
        ["spec"] = new JsonObject(),
        ["status"] = new JsonObject
        {
            ["capacity"] = Capacity(),
            ["allocatable"] = Capacity(),
            ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True", ["reason"] = "KubeletReady" }),
        },
    });

    /// <param name="node">Null leaves the choice to the scheduler.</param>
    public static CreateObject Pod(string name, string? node = null) => Create(Key(name), new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Pod",
        ["metadata"] = Metadata(Key(name)),
        ["spec"] = new JsonObject
        {
            ["nodeName"] = node,
            ["schedulerName"] = "default-scheduler",
            ["restartPolicy"] = "Always",
            ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "busybox" }),
        },
        ["status"] = new JsonObject { ["phase"] = "Pending" },
    });

    private static CreateObject Create(ObjectKey key, JsonObject tree) => new(key, UncommittedJson.From(tree));

    private static JsonObject Metadata(ObjectKey key)
    {
        var metadata = new JsonObject { ["name"] = key.Name };
        if (key.Namespace.Length > 0) metadata["namespace"] = key.Namespace;
        // Unique because names are.
        metadata["uid"] = $"uid-{key.Name}";
        metadata["creationTimestamp"] = "2026-01-01T00:00:00Z";
        return metadata;
    }

    private static JsonObject Capacity() => new() { ["cpu"] = "4", ["memory"] = "8Gi", ["pods"] = "110" };
}
