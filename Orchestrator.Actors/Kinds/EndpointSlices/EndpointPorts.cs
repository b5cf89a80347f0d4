using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.Services;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.EndpointSlices;

/// <summary>What Endpoints and EndpointSlices have in common.</summary>
internal static class EndpointPorts
{
    /// <summary>The ports of the Service on <paramref name="pod"/>; without a pod, those that do not depend on one.</summary>
    public static JsonArray Of(ServiceView service, PodView? pod)
    {
        var ports = new JsonArray();
        foreach (var port in service.Ports)
        {
            var number = pod is not null ? port.On(pod) : port.TargetName.Length > 0 ? 0 : port.TargetNumber > 0 ? port.TargetNumber : port.Port;
            if (number == 0) continue;
            var made = new JsonObject { ["name"] = port.Name, ["protocol"] = port.Protocol, ["port"] = number };
            if (port.AppProtocol.Length > 0) made["appProtocol"] = port.AppProtocol;
            ports.Add(made);
        }
        return ports;
    }

    public static JsonObject Reference(PodView pod) =>
        new() { ["kind"] = "Pod", ["namespace"] = pod.Key.Namespace, ["name"] = pod.Key.Name, ["uid"] = pod.Uid };

    /// <summary>The merge patch that makes the labels of <paramref name="tree"/> equal to <paramref name="labels"/>, or null.</summary>
    public static JsonObject? LabelsPatch(JsonObject tree, JsonObject labels)
    {
        var old = JsonTree.Object(JsonTree.Object(tree, "metadata"), "labels") ?? [];
        if (JsonTree.DeepEquals(old, labels)) return null;
        foreach (var (name, _) in old)
            if (!labels.ContainsKey(name)) labels[name] = null;
        return labels;
    }
}
