using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.EndpointSlices;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.Services;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Endpoints;

/// <summary>Keeps the older form of the addresses behind a Service: one object of its name.</summary>
/// <remarks>Source: kube-controller-manager, endpoint/endpoints_controller.go.</remarks>
public static class EndpointsReconciler
{
    /// <summary>Most addresses in one object (count); source: maxCapacity = 1000. The rest is left to EndpointSlices.</summary>
    public const int AddressesMax = 1000;

    private const string OverCapacity = "endpoints.kubernetes.io/over-capacity";

    public static ReconcileResult Reconcile(ServiceView service, IEnumerable<PodView> pods, StoredObject? current)
    {
        if (service.Meta.Deleting || service.ExternalName || service.Selector is null) return ReconcileResult.None;
        // Terminating pods are left out: this form cannot say that they still serve.
        var members = pods.Where(p => service.Selects(p) && (!p.Terminating || service.PublishNotReady)).OrderBy(static p => p.Key).ToList();
        var truncated = members.Count > AddressesMax;
        // Of too many, those that serve are named.
        if (truncated) members = [.. members.OrderByDescending(p => service.PublishNotReady || p.Ready).Take(AddressesMax).OrderBy(static p => p.Key)];
        var subsets = Subsets(service, members);
        var labels = new JsonObject();
        foreach (var (key, value) in service.Meta.Labels) labels[key] = value;
        if (service.Headless) labels["service.kubernetes.io/headless"] = "";
        if (current is not null)
        {
            var patch = Changes(current.ToTree(), labels, subsets, truncated);
            return patch.Count == 0
                ? ReconcileResult.None
                : new ReconcileResult([new PatchAction(ResourceTypes.Endpoints, current.Key, current.Meta.Uid, patch)]);
        }
        var metadata = new JsonObject { ["name"] = service.Key.Name, ["namespace"] = service.Key.Namespace, ["labels"] = labels };
        if (truncated) metadata["annotations"] = new JsonObject { [OverCapacity] = "truncated" };
        var body = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Endpoints", ["metadata"] = metadata };
        if (subsets.Count > 0) body["subsets"] = subsets;
        return new ReconcileResult([new CreateAction(ResourceTypes.Endpoints, service.Key, body)]);
    }

    private static JsonObject Changes(JsonObject tree, JsonObject labels, JsonArray subsets, bool truncated)
    {
        var patch = new JsonObject();
        var metadata = new JsonObject();
        if (EndpointPorts.LabelsPatch(tree, labels) is { } changed) metadata["labels"] = changed;
        if (JsonTree.At(tree, ["metadata", "annotations", OverCapacity]) is not null != truncated)
            metadata["annotations"] = new JsonObject { [OverCapacity] = truncated ? "truncated" : null };
        if (metadata.Count > 0) patch["metadata"] = metadata;
        if (!JsonTree.DeepEquals(tree["subsets"] ?? new JsonArray(), subsets)) patch["subsets"] = subsets.Count > 0 ? subsets : null;
        return patch;
    }

    private static JsonArray Subsets(ServiceView service, IEnumerable<PodView> members)
    {
        var groups = new SortedDictionary<string, (JsonArray Ready, JsonArray NotReady)>(StringComparer.Ordinal);
        foreach (var pod in members)
        {
            var ports = EndpointPorts.Of(service, pod);
            if (ports.Count == 0 && !service.Ports.IsEmpty) continue;
            var key = JsonTree.ToText(ports);
            if (!groups.TryGetValue(key, out var group)) groups[key] = group = ([], []);
            var address = new JsonObject { ["ip"] = pod.PodIP };
            if (pod.Hostname.Length > 0 && pod.Subdomain == service.Key.Name) address["hostname"] = pod.Hostname;
            address["nodeName"] = pod.NodeName;
            address["targetRef"] = EndpointPorts.Reference(pod);
            (service.PublishNotReady || pod.Ready ? group.Ready : group.NotReady).Add(address);
        }
        var subsets = new JsonArray();
        foreach (var (ports, (ready, notReady)) in groups)
        {
            var subset = new JsonObject();
            if (ready.Count > 0) subset["addresses"] = ready;
            if (notReady.Count > 0) subset["notReadyAddresses"] = notReady;
            var list = JsonNode.Parse(ports)!.AsArray();
            foreach (var port in list)
                if (JsonTree.String(port!.AsObject(), "name") is not { Length: > 0 }) port!.AsObject().Remove("name");
            if (list.Count > 0) subset["ports"] = list;
            subsets.Add(subset);
        }
        return subsets;
    }
}
