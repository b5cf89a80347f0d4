using System.Globalization;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Kinds.ApiServices;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.ApiServer.ResourceMetrics;

/// <summary>What nodes and pods use, measured when it is asked for: the API of a metrics server, without one.</summary>
/// <remarks>An APIService that names a service for <c>v1beta1.metrics.k8s.io</c> takes its place. Source: KEP-118 and metrics-server's pkg/api.</remarks>
public sealed class ResourceMetricsEndpoint(ResourceStore store, Representations representations, NodeSamples samples) : ComputedKindEndpoint(representations)
{
    public static bool Handles(ResourceSchema schema) => schema.Group == LocalApiServices.ResourceMetricsGroup;

    protected override async Task<StoredObject?> FindAsync(ResourceSchema schema, ObjectKey key, CancellationToken cancellationToken) =>
        (await InformerAsync(schema, cancellationToken).ConfigureAwait(false)).Get(key) is { } about
        && await MeasureAsync(schema, [about], cancellationToken).ConfigureAwait(false) is [var one] ? one : null;

    protected override async Task<IReadOnlyList<StoredObject>> ListAsync(ResourceSchema schema, string ns, Selection selection, CancellationToken cancellationToken)
    {
        var about = await InformerAsync(schema, cancellationToken).ConfigureAwait(false);
        if (IsNodes(schema)) samples.Keep(about.Objects.EnumerateFrom().Select(static n => n.Key.Name).ToHashSet(StringComparer.Ordinal));
        // What is selected of nodes and pods is selected of what they use: the labels and the name are theirs.
        List<StoredObject> chosen = [.. about.Objects.EnumerateFrom().Where(o => (ns.Length == 0 || o.Key.Namespace == ns) && selection.Matches(o))];
        return await MeasureAsync(schema, chosen, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask<Informer> InformerAsync(ResourceSchema schema, CancellationToken cancellationToken) =>
        store.Registries.ConsistentAsync(IsNodes(schema) ? ResourceTypes.Nodes : ResourceTypes.Pods, cancellationToken);

    private static bool IsNodes(ResourceSchema schema) => schema.Plural == "nodes";

    private async Task<List<StoredObject>> MeasureAsync(ResourceSchema schema, List<StoredObject> about, CancellationToken cancellationToken)
    {
        var nodes = IsNodes(schema);
        var names = nodes ? about.Select(static n => n.Key.Name) : about.Select(PodView.Of).Where(static p => p is { Finished: false, NodeName.Length: > 0 }).Select(static p => p.NodeName);
        var usages = await samples.OfAsync(names.ToHashSet(StringComparer.Ordinal), cancellationToken).ConfigureAwait(false);
        return [.. about.Select(o => nodes ? Node(schema, o, usages) : Pod(schema, o, usages)).OfType<StoredObject>()];
    }

    private static StoredObject? Node(ResourceSchema schema, StoredObject node, Dictionary<string, NodeUsage> usages)
    {
        if (usages.GetValueOrDefault(node.Key.Name) is not { Node: { } usage } measured) return null;
        var tree = Metrics(schema, node, measured);
        tree["usage"] = Json(usage);
        return Object(node, tree);
    }

    /// <summary>Null for a pod of which a container cannot be told: a part would be taken for the whole.</summary>
    private static StoredObject? Pod(ResourceSchema schema, StoredObject pod, Dictionary<string, NodeUsage> usages)
    {
        var view = PodView.Of(pod);
        if (view.NodeName.Length == 0 || usages.GetValueOrDefault(view.NodeName) is not { } measured) return null;
        var containers = new JsonArray();
        foreach (var status in view.Containers)
        {
            if (measured.Containers.TryGetValue(new ContainerName(pod.Key.Namespace, pod.Key.Name, status.Name), out var usage))
                containers.Add(new JsonObject { ["name"] = status.Name, ["usage"] = Json(usage) });
            else if (status.Running) return null;
        }
        if (containers.Count == 0) return null;
        var tree = Metrics(schema, pod, measured);
        tree["containers"] = containers;
        return Object(pod, tree);
    }

    private static JsonObject Metrics(ResourceSchema schema, StoredObject about, NodeUsage measured)
    {
        var metadata = new JsonObject { ["name"] = about.Key.Name };
        if (about.Key.Namespace.Length > 0) metadata["namespace"] = about.Key.Namespace;
        metadata["creationTimestamp"] = KindTime.Format(measured.Time);
        if (about.Meta.Labels.Count > 0) metadata["labels"] = new JsonObject(about.Meta.Labels.Select(static l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value)));
        return new JsonObject
        {
            ["kind"] = schema.Kind,
            ["apiVersion"] = schema.ApiVersion,
            ["metadata"] = metadata,
            ["timestamp"] = KindTime.Format(measured.Time),
            ["window"] = GoDuration.Format(TimeSpan.FromMilliseconds(Math.Round(measured.Window.TotalMilliseconds))),
        };
    }

    private static JsonObject Json(Usage usage) => new()
    {
        ["cpu"] = Quantity.Parse(string.Create(CultureInfo.InvariantCulture, $"{usage.NanoCores}n")).ToString(),
        ["memory"] = Quantity.FromUnits(usage.MemoryBytes, QuantityFormat.BinarySI).ToString(),
    };

    private static StoredObject Object(StoredObject about, JsonObject tree) => new(about.Key, 0, JsonTree.ToUtf8(tree));
}
