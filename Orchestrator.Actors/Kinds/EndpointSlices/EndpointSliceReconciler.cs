using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.Services;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.EndpointSlices;

/// <summary>What the EndpointSlice controller sees.</summary>
/// <param name="Pods">The pods of the namespace, or those that the selector may match.</param>
/// <param name="Slices">The slices of the namespace that name the Service and this controller.</param>
/// <param name="ZoneOf">The zone of a node, or empty.</param>
public sealed record EndpointSliceObserved(
    ServiceView Service, IEnumerable<PodView> Pods, IReadOnlyCollection<StoredObject> Slices, Func<string, string> ZoneOf);

/// <summary>Keeps the addresses behind a Service in slices of bounded size; a change of one pod rewrites one slice.</summary>
/// <remarks>Source: kube-controller-manager, endpointslice; KEP-752.</remarks>
public static class EndpointSliceReconciler
{
    /// <summary>Most endpoints per slice (count); source: --max-endpoints-per-slice = 100.</summary>
    public const int EndpointsMax = 100;

    public const string ServiceLabel = "kubernetes.io/service-name";
    public const string ManagedByLabel = "endpointslice.kubernetes.io/managed-by";
    public const string ManagedBy = "endpointslice-controller.k8s.io";

    private sealed record Slice(StoredObject Source, JsonObject Tree)
    {
        public List<JsonNode> Endpoints { get; } = [];
    }

    public static ReconcileResult Reconcile(EndpointSliceObserved observed, ReconcileContext context)
    {
        var service = observed.Service;
        if (service.Meta.Deleting || service.ExternalName || service.Selector is null) return ReconcileResult.None;
        var actions = ImmutableArray.CreateBuilder<ControllerAction>();
        var existing = observed.Slices.Where(static s => !s.Meta.Deleting).Select(static s => new Slice(s, s.ToTree())).ToList();
        foreach (var family in service.IPFamilies)
        {
            var wanted = Wanted(observed, family);
            if (wanted.Count == 0) wanted[JsonTree.ToText(EndpointPorts.Of(service, null))] = [];
            foreach (var (ports, endpoints) in wanted)
            {
                var mine = existing.Where(s => JsonTree.String(s.Tree, "addressType") == family && (s.Tree["ports"] is { } given ? JsonTree.ToText(given) : "[]") == ports).ToList();
                existing.RemoveAll(mine.Contains);
                Fill(service, family, ports, endpoints, mine, context, actions);
            }
        }
        foreach (var slice in existing) actions.Add(new DeleteAction(ResourceTypes.EndpointSlices, slice.Source.Key, slice.Source.Meta.Uid));
        return new ReconcileResult(actions.ToImmutable());
    }

    // Pods may give one port name to different numbers, so endpoints are grouped by the ports that they turn out to have.
    private static SortedDictionary<string, Dictionary<string, JsonObject>> Wanted(EndpointSliceObserved observed, string family)
    {
        var wanted = new SortedDictionary<string, Dictionary<string, JsonObject>>(StringComparer.Ordinal);
        foreach (var pod in observed.Pods)
        {
            if (!observed.Service.Selects(pod) || Address(pod, family) is not { } address) continue;
            var ports = JsonTree.ToText(EndpointPorts.Of(observed.Service, pod));
            if (!wanted.TryGetValue(ports, out var group)) wanted[ports] = group = new(StringComparer.Ordinal);
            group[pod.Uid] = Endpoint(observed, pod, address);
        }
        return wanted;
    }

    private static void Fill(
        ServiceView service, string family, string ports, Dictionary<string, JsonObject> endpoints, List<Slice> slices,
        ReconcileContext context, ImmutableArray<ControllerAction>.Builder actions)
    {
        // What stands in a slice stays there; only then are gaps filled with what is new.
        foreach (var slice in slices)
            foreach (var old in JsonTree.Array(slice.Tree, "endpoints") ?? [])
                if (endpoints.Remove(JsonTree.AsString(JsonTree.At(old, ["targetRef", "uid"])) ?? "", out var now)) slice.Endpoints.Add(now);
        var rest = new Queue<JsonNode>(endpoints.OrderBy(static e => e.Key, StringComparer.Ordinal).Select(static e => (JsonNode)e.Value));
        foreach (var slice in slices)
            while (rest.Count > 0 && slice.Endpoints.Count < EndpointsMax) slice.Endpoints.Add(rest.Dequeue());
        var nothing = rest.Count == 0 && slices.TrueForAll(static s => s.Endpoints.Count == 0);
        foreach (var slice in slices)
        {
            // The last slice of a Service stays, empty, to say that there is nothing.
            if (slice.Endpoints.Count == 0 && !(nothing && slice == slices[0]))
                actions.Add(new DeleteAction(ResourceTypes.EndpointSlices, slice.Source.Key, slice.Source.Meta.Uid));
            else if (Changes(service, slice) is { Count: > 0 } patch)
                actions.Add(new PatchAction(ResourceTypes.EndpointSlices, slice.Source.Key, slice.Source.Meta.Uid, patch));
        }
        for (var made = 0; rest.Count > 0 || (nothing && slices.Count == 0 && made == 0); made++)
        {
            var list = new JsonArray();
            while (rest.Count > 0 && list.Count < EndpointsMax) list.Add(rest.Dequeue());
            var name = DecidedNames.Generate(service.Key.Name + "-", $"{context.NameSeed}/{family}/{ports}", made);
            actions.Add(Create(service, family, ports, list, name));
        }
    }

    private static JsonObject Changes(ServiceView service, Slice slice)
    {
        var patch = new JsonObject();
        var endpoints = new JsonArray([.. slice.Endpoints]);
        if (!JsonTree.DeepEquals(slice.Tree["endpoints"] ?? new JsonArray(), endpoints)) patch["endpoints"] = endpoints;
        if (EndpointPorts.LabelsPatch(slice.Tree, Labels(service)) is { } labels) patch["metadata"] = new JsonObject { ["labels"] = labels };
        return patch;
    }

    private static CreateAction Create(ServiceView service, string family, string ports, JsonArray endpoints, string name) =>
        new(ResourceTypes.EndpointSlices, new ObjectKey(service.Key.Namespace, name), new JsonObject
        {
            ["apiVersion"] = "discovery.k8s.io/v1",
            ["kind"] = "EndpointSlice",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["generateName"] = service.Key.Name + "-",
                ["namespace"] = service.Key.Namespace,
                ["labels"] = Labels(service),
                ["ownerReferences"] = new JsonArray(service.Identity.ToReference()),
            },
            ["addressType"] = family,
            ["endpoints"] = endpoints,
            ["ports"] = JsonNode.Parse(ports),
        });

    private static JsonObject Labels(ServiceView service)
    {
        var labels = new JsonObject();
        foreach (var (key, value) in service.Meta.Labels) labels[key] = value;
        labels[ServiceLabel] = service.Key.Name;
        labels[ManagedByLabel] = ManagedBy;
        if (service.Headless) labels["service.kubernetes.io/headless"] = "";
        return labels;
    }

    private static JsonObject Endpoint(EndpointSliceObserved observed, PodView pod, string address)
    {
        var endpoint = new JsonObject
        {
            ["addresses"] = new JsonArray(address),
            ["conditions"] = new JsonObject
            {
                ["ready"] = observed.Service.PublishNotReady || (pod.Ready && !pod.Terminating),
                ["serving"] = pod.Ready,
                ["terminating"] = pod.Terminating,
            },
            ["nodeName"] = pod.NodeName,
            ["targetRef"] = EndpointPorts.Reference(pod),
        };
        if (pod.Hostname.Length > 0 && pod.Subdomain == observed.Service.Key.Name) endpoint["hostname"] = pod.Hostname;
        if (observed.ZoneOf(pod.NodeName) is { Length: > 0 } zone) endpoint["zone"] = zone;
        return endpoint;
    }

    private static string? Address(PodView pod, string family)
    {
        var wanted = family == "IPv6" ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        foreach (var ip in pod.PodIPs.IsEmpty ? [pod.PodIP] : pod.PodIPs)
            if (IPAddress.TryParse(ip, out var address) && address.AddressFamily == wanted) return ip;
        return null;
    }
}
