using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.EndpointSlices;

/// <summary>Mirrors Endpoints that somebody wrote for a Service without a selector into EndpointSlices, which is what proxies read.</summary>
/// <remarks>Source: kube-controller-manager, endpointslicemirroring; KEP-752.</remarks>
public static class MirroringReconciler
{
    public const string ManagedBy = "endpointslicemirroring-controller.k8s.io";

    /// <summary>Endpoints with this label, set to true, are not mirrored.</summary>
    public const string SkipLabel = "endpointslice.kubernetes.io/skip-mirror";

    /// <summary>Endpoints that are nothing but the lock of an election are not mirrored.</summary>
    public const string LeaderAnnotation = "control-plane.alpha.kubernetes.io/leader";

    /// <summary>Most addresses taken of one subset (count), and most in one slice; source: --mirroring-max-endpoints-per-subset = 1000.</summary>
    public const int AddressesMax = 1000;

    private sealed record Group(string Family, JsonArray Ports)
    {
        public SortedDictionary<string, JsonObject> Endpoints { get; } = new(StringComparer.Ordinal);
    }

    /// <param name="endpoints">What is mirrored; null, or not to be mirrored, leaves nothing.</param>
    /// <param name="slices">The slices that this controller has made for it.</param>
    public static ReconcileResult Reconcile(StoredObject? endpoints, IReadOnlyCollection<StoredObject> slices, ReconcileContext context)
    {
        var actions = ImmutableArray.CreateBuilder<ControllerAction>();
        var left = slices.Where(static s => !s.Meta.Deleting).OrderBy(static s => s.Key.Name, StringComparer.Ordinal).ToList();
        var made = 0;
        foreach (var group in endpoints is null ? [] : Groups(endpoints.ToTree()))
            foreach (var chunk in group.Endpoints.Values.Chunk(AddressesMax))
            {
                var wanted = Slice(endpoints!, group, chunk);
                var index = left.FindIndex(s => Holds(s, group));
                if (index < 0)
                {
                    actions.Add(Create(endpoints!, wanted, context, made++));
                    continue;
                }
                if (Changes(left[index], wanted) is { Count: > 0 } patch) actions.Add(new PatchAction(ResourceTypes.EndpointSlices, left[index].Key, left[index].Meta.Uid, patch));
                left.RemoveAt(index);
            }
        foreach (var slice in left) actions.Add(new DeleteAction(ResourceTypes.EndpointSlices, slice.Key, slice.Meta.Uid));
        return new ReconcileResult(actions.ToImmutable());
    }

    // A slice has one family and one list of ports, so subsets that have these in common share slices.
    private static List<Group> Groups(JsonObject endpoints)
    {
        var groups = new List<Group>();
        foreach (var subset in (JsonTree.Array(endpoints, "subsets") ?? []).OfType<JsonObject>())
        {
            var ports = new JsonArray([.. (JsonTree.Array(subset, "ports") ?? []).OfType<JsonObject>().Select(Port)]);
            var taken = 0;
            foreach (var (list, ready) in ((string, bool)[])[("addresses", true), ("notReadyAddresses", false)])
                foreach (var address in (JsonTree.Array(subset, list) ?? []).OfType<JsonObject>())
                {
                    if (!IPAddress.TryParse(JsonTree.String(address, "ip"), out var ip) || ++taken > AddressesMax) continue;
                    var family = ip.AddressFamily == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4";
                    var group = groups.Find(g => g.Family == family && JsonTree.DeepEquals(g.Ports, ports));
                    if (group is null) groups.Add(group = new Group(family, ports.DeepClone().AsArray()));
                    group.Endpoints[JsonTree.String(address, "ip")!] = Endpoint(address, ready);
                }
        }
        return groups;
    }

    private static JsonNode Port(JsonObject port)
    {
        var made = new JsonObject { ["name"] = JsonTree.String(port, "name") ?? "", ["protocol"] = JsonTree.String(port, "protocol") ?? "TCP", ["port"] = JsonTree.Int64(port, "port") };
        if (JsonTree.String(port, "appProtocol") is { Length: > 0 } protocol) made["appProtocol"] = protocol;
        return made;
    }

    private static JsonObject Endpoint(JsonObject address, bool ready)
    {
        var endpoint = new JsonObject { ["addresses"] = new JsonArray(JsonTree.String(address, "ip")), ["conditions"] = new JsonObject { ["ready"] = ready } };
        foreach (var name in (ReadOnlySpan<string>)["hostname", "nodeName", "targetRef"])
            if (address[name] is { } value) endpoint[name] = value.DeepClone();
        return endpoint;
    }

    private static JsonObject Slice(StoredObject endpoints, Group group, JsonObject[] chunk)
    {
        var labels = new JsonObject();
        foreach (var (key, value) in endpoints.Meta.Labels) labels[key] = value;
        labels[EndpointSliceReconciler.ServiceLabel] = endpoints.Key.Name;
        labels[EndpointSliceReconciler.ManagedByLabel] = ManagedBy;
        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["labels"] = labels },
            ["addressType"] = group.Family,
            ["endpoints"] = new JsonArray([.. chunk.Select(static e => (JsonNode)e.DeepClone())]),
            ["ports"] = group.Ports.DeepClone(),
        };
    }

    private static bool Holds(StoredObject slice, Group group)
    {
        var tree = slice.ToTree();
        return JsonTree.String(tree, "addressType") == group.Family && JsonTree.DeepEquals(tree["ports"] ?? new JsonArray(), group.Ports);
    }

    private static JsonObject Changes(StoredObject slice, JsonObject wanted)
    {
        var (tree, patch) = (slice.ToTree(), new JsonObject());
        if (!JsonTree.DeepEquals(tree["endpoints"] ?? new JsonArray(), wanted["endpoints"])) patch["endpoints"] = wanted["endpoints"]!.DeepClone();
        if (EndpointPorts.LabelsPatch(tree, wanted["metadata"]!["labels"]!.DeepClone().AsObject()) is { } labels) patch["metadata"] = new JsonObject { ["labels"] = labels };
        return patch;
    }

    private static CreateAction Create(StoredObject endpoints, JsonObject wanted, ReconcileContext context, int made)
    {
        var prefix = endpoints.Key.Name + "-";
        var name = DecidedNames.Generate(prefix, context.NameSeed, made);
        var metadata = wanted["metadata"]!.AsObject();
        (metadata["name"], metadata["generateName"], metadata["namespace"]) = (name, prefix, endpoints.Key.Namespace);
        metadata["ownerReferences"] = new JsonArray(new OwnerIdentity("v1", "Endpoints", endpoints.Key.Name, endpoints.Meta.Uid).ToReference());
        (wanted["apiVersion"], wanted["kind"]) = ("discovery.k8s.io/v1", "EndpointSlice");
        return new CreateAction(ResourceTypes.EndpointSlices, new ObjectKey(endpoints.Key.Namespace, name), wanted);
    }
}
