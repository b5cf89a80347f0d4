using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>What the server decides of a pod: defaults that hold for pods and not for templates, and its first status.</summary>
public sealed class PodStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
        if (tree["spec"] is not JsonObject { IsFrozen: false } spec) return;
        PodSpecDefaults.Apply(spec);
        if (spec["enableServiceLinks"] is null) spec["enableServiceLinks"] = true;
        var hostNetwork = JsonTree.Bool(spec, "hostNetwork") == true;
        foreach (var list in (ReadOnlySpan<string>)["initContainers", "containers"])
        {
            if (spec[list] is not JsonArray containers) continue;
            for (var i = 0; i < containers.Count; i++)
            {
                if (containers[i] is not JsonObject container) continue;
                CopyLimits(container["resources"] as JsonObject);
                if (hostNetwork) UseHostPorts(container["ports"] as JsonArray);
            }
        }
    }

    public void DropClosed(JsonObject tree, JsonObject? stored) => ClosedPodFields.Drop(tree, stored);

    public void PrepareForCreate(JsonObject tree)
    {
        var spec = JsonTree.Ensure(tree, "spec");
        var status = new JsonObject { ["phase"] = "Pending", ["qosClass"] = PodQos.Of(spec) };
        if (spec["schedulingGates"] is JsonArray { Count: > 0 })
        {
            status["conditions"] = new JsonArray(new JsonObject
            {
                ["type"] = "PodScheduled",
                ["status"] = "False",
                ["reason"] = "SchedulingGated",
                ["message"] = "Scheduling is blocked due to non-empty scheduling gates",
                ["lastProbeTime"] = null,
                ["lastTransitionTime"] = JsonTree.Object(tree, "metadata")?["creationTimestamp"]?.DeepClone(),
            });
        }
        tree["status"] = status;
    }

    public void PrepareForUpdate(JsonObject tree, JsonObject stored, string subresource)
    {
        if (subresource == "ephemeralcontainers") KeepAllButDebuggers(tree, stored);
        // Owners are set at creation or by adoption through the object itself; a kubelet's status never changes them.
        if (subresource != "status" || tree["status"] is not JsonObject status) return;
        if (string.IsNullOrEmpty(JsonTree.String(status, "qosClass"))) status["qosClass"] = PodQos.Of(JsonTree.Ensure(tree, "spec"));
    }

    /// <summary>A debugger adds containers; whatever else its request says is dropped.</summary>
    /// <remarks>Source: dropNonEphemeralContainerUpdates of kubernetes pkg/registry/core/pod/strategy.go.</remarks>
    private static void KeepAllButDebuggers(JsonObject tree, JsonObject stored)
    {
        var (spec, old) = (tree["spec"] as JsonObject ?? [], stored["spec"] as JsonObject ?? []);
        var kept = old.DeepClone().AsObject();
        if (spec["ephemeralContainers"] is { } debuggers) kept["ephemeralContainers"] = debuggers.DeepClone();
        else kept.Remove("ephemeralContainers");
        tree["spec"] = kept;
        var (metadata, oldMetadata) = (JsonTree.Ensure(tree, "metadata"), JsonTree.Ensure(stored, "metadata"));
        foreach (var name in (ReadOnlySpan<string>)["labels", "annotations", "finalizers", "ownerReferences"])
        {
            if (oldMetadata[name] is { } value) metadata[name] = value.DeepClone();
            else metadata.Remove(name);
        }
    }

    private static void CopyLimits(JsonObject? resources)
    {
        if (resources?["limits"] is not JsonObject { Count: > 0 } limits) return;
        var requests = JsonTree.Ensure(resources, "requests");
        foreach (var (name, value) in limits)
            if (!requests.ContainsKey(name)) requests[name] = value?.DeepClone();
    }

    private static void UseHostPorts(JsonArray? ports)
    {
        for (var i = 0; i < ports?.Count; i++)
        {
            if (ports[i] is JsonObject port && (JsonTree.Int64(port, "hostPort") ?? 0) == 0)
                port["hostPort"] = port["containerPort"]?.DeepClone();
        }
    }
}
