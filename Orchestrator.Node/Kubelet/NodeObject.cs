using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Kubelet;

/// <summary>A condition of the node that can be bad.</summary>
/// <param name="Bad">Whether the resource is short.</param>
public sealed record NodePressure(bool Memory, bool Disk, bool Pids, string? NotReadyBecause);

/// <summary>Builds the Node object and its lease.</summary>
public static class NodeObject
{
    /// <summary>Most images listed in the status (count).</summary>
    /// <remarks>Source: kubelet, nodeStatusMaxImages = 50.</remarks>
    private const int ImagesMax = 50;

    /// <summary>How long a lease holds without renewal.</summary>
    /// <remarks>Source: kubelet, nodeLeaseDurationSeconds = 40.</remarks>
    public const int LeaseSeconds = 40;

    /// <summary>The labels that every node has.</summary>
    public static JsonObject Labels(NodeFacts facts)
    {
        var labels = new JsonObject
        {
            ["beta.kubernetes.io/arch"] = facts.Architecture,
            ["beta.kubernetes.io/os"] = "linux",
            ["kubernetes.io/arch"] = facts.Architecture,
            ["kubernetes.io/hostname"] = facts.Name,
            ["kubernetes.io/os"] = "linux",
        };
        foreach (var (name, value) in facts.Labels) labels[name] = value;
        return labels;
    }

    /// <param name="before">The status that the registry has: transition times go on from it.</param>
    public static JsonObject Status(NodeFacts facts, NodePressure pressure, ImmutableArray<ImageState> images, JsonElement before, DateTimeOffset now)
    {
        var capacity = Resources(facts.CpuMilli, facts.MemoryBytes, facts.StorageBytes, facts.PodsMax);
        var allocatable = Resources(facts.CpuMilli, Math.Max(0, facts.MemoryBytes - facts.ReservedMemoryBytes), facts.StorageBytes / 10 * 9, facts.PodsMax);
        JsonObject Condition(string type, bool holds, string reason, string message) => NodeObject.Condition(before, type, holds, reason, message, now);
        return new JsonObject
        {
            ["capacity"] = capacity,
            ["allocatable"] = allocatable,
            ["conditions"] = new JsonArray(
                Condition("MemoryPressure", pressure.Memory,
                    pressure.Memory ? "KubeletHasInsufficientMemory" : "KubeletHasSufficientMemory",
                    pressure.Memory ? "kubelet has insufficient memory available" : "kubelet has sufficient memory available"),
                Condition("DiskPressure", pressure.Disk,
                    pressure.Disk ? "KubeletHasDiskPressure" : "KubeletHasNoDiskPressure",
                    pressure.Disk ? "kubelet has disk pressure" : "kubelet has no disk pressure"),
                Condition("PIDPressure", pressure.Pids,
                    pressure.Pids ? "KubeletHasInsufficientPID" : "KubeletHasSufficientPID",
                    pressure.Pids ? "kubelet has insufficient PID available" : "kubelet has sufficient PID available"),
                Condition("Ready", pressure.NotReadyBecause is null,
                    pressure.NotReadyBecause is null ? "KubeletReady" : "KubeletNotReady",
                    pressure.NotReadyBecause ?? "kubelet is posting ready status")),
            ["addresses"] = new JsonArray(
                new JsonObject { ["type"] = "InternalIP", ["address"] = facts.Address },
                new JsonObject { ["type"] = "Hostname", ["address"] = facts.Hostname.Length > 0 ? facts.Hostname : facts.Name }),
            ["daemonEndpoints"] = new JsonObject { ["kubeletEndpoint"] = new JsonObject { ["Port"] = facts.EndpointPort } },
            ["nodeInfo"] = new JsonObject
            {
                ["machineID"] = facts.MachineId,
                ["systemUUID"] = facts.MachineId,
                ["bootID"] = facts.BootId,
                ["kernelVersion"] = facts.KernelVersion,
                ["osImage"] = facts.OsImage,
                ["containerRuntimeVersion"] = facts.RuntimeVersion,
                ["kubeletVersion"] = facts.KubeletVersion,
                ["kubeProxyVersion"] = "",
                ["operatingSystem"] = "linux",
                ["architecture"] = facts.Architecture,
            },
            ["images"] = new JsonArray([.. images.Take(ImagesMax).Select(Image)]),
        };
    }

    private static JsonNode Image(ImageState image) => new JsonObject
    {
        ["names"] = new JsonArray([.. image.Names.Select(n => (JsonNode)n)]),
        ["sizeBytes"] = image.SizeBytes,
    };

    private static JsonObject Resources(long cpuMilli, long memory, long storage, int pods) => new()
    {
        ["cpu"] = cpuMilli % 1000 == 0 ? Text(cpuMilli / 1000) : Text(cpuMilli) + "m",
        ["ephemeral-storage"] = Text(storage / 1024) + "Ki",
        ["hugepages-2Mi"] = "0",
        ["memory"] = Text(memory / 1024) + "Ki",
        ["pods"] = Text(pods),
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static JsonObject Condition(JsonElement before, string type, bool holds, string reason, string message, DateTimeOffset now)
    {
        var old = before.Items("conditions").FirstOrDefault(c => c.Text("type") == type);
        var status = holds ? "True" : "False";
        return new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["lastHeartbeatTime"] = PodStatusWriter.Time(now),
            ["lastTransitionTime"] = old.Text("status") == status ? old.Text("lastTransitionTime") : PodStatusWriter.Time(now),
            ["reason"] = reason,
            ["message"] = message,
        };
    }

    /// <summary>The annotations that the node sets on itself.</summary>
    public static JsonObject Annotations(NodeFacts facts)
    {
        var annotations = new JsonObject { ["volumes.kubernetes.io/controller-managed-attach-detach"] = "true" };
        foreach (var (name, value) in facts.Annotations) annotations[name] = value;
        return annotations;
    }

    /// <summary>A new Node object.</summary>
    public static JsonObject Create(NodeFacts facts, JsonObject status, string uid, DateTimeOffset now) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Node",
        ["metadata"] = new JsonObject
        {
            ["name"] = facts.Name,
            ["uid"] = uid,
            ["creationTimestamp"] = PodStatusWriter.Time(now),
            ["labels"] = Labels(facts),
            ["annotations"] = Annotations(facts),
        },
        ["spec"] = new JsonObject(),
        ["status"] = status,
    };

    /// <summary>The node's lease, renewed now.</summary>
    public static JsonObject Lease(string node, string nodeUid, string uid, DateTimeOffset created, DateTimeOffset now) => new()
    {
        ["apiVersion"] = "coordination.k8s.io/v1",
        ["kind"] = "Lease",
        ["metadata"] = new JsonObject
        {
            ["name"] = node,
            ["namespace"] = "kube-node-lease",
            ["uid"] = uid,
            ["creationTimestamp"] = PodStatusWriter.Time(created),
            ["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = node, ["uid"] = nodeUid }),
        },
        ["spec"] = new JsonObject
        {
            ["holderIdentity"] = node,
            ["leaseDurationSeconds"] = LeaseSeconds,
            ["renewTime"] = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
        },
    };
}
