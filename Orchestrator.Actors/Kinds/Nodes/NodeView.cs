using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Scheduling;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.Nodes;

/// <summary>One entry of a node's <c>spec.taints</c>.</summary>
public sealed record Taint(string Key, string Value, string Effect, DateTimeOffset? Added)
{
    public const string NoSchedule = "NoSchedule";
    public const string PreferNoSchedule = "PreferNoSchedule";
    public const string NoExecute = "NoExecute";

    public const string NotReadyKey = "node.kubernetes.io/not-ready";
    public const string UnreachableKey = "node.kubernetes.io/unreachable";
    public const string UnschedulableKey = "node.kubernetes.io/unschedulable";

    /// <summary>The taint as <c>key: value</c>, the form of the scheduler's messages.</summary>
    public string Shown => $"{{{Key}: {Value}}}";
}

/// <summary>The parts of a node that the scheduler and the controllers read; parsed once per version.</summary>
public sealed class NodeView
{
    private NodeView(StoredObject source, JsonElement node)
    {
        Source = source;
        Meta = source.Meta;
        var spec = node.Get("spec");
        var status = node.Get("status");
        Unschedulable = spec.Flag("unschedulable");
        ProviderId = spec.Text("providerID");
        Taints = [.. spec.Items("taints").Select(static t => new Taint(t.Text("key"), t.Text("value"), t.Text("effect"), KindTime.Read(t, "timeAdded")))];
        var allocatable = status.Get("allocatable");
        Allocatable = ResourceAmounts.Read(allocatable.Exists() ? allocatable : status.Get("capacity"));
        PodsMax = (int)Math.Min(int.MaxValue, Allocatable.Extended.GetValueOrDefault("pods"));
        Conditions = ConditionView.ReadAll(status);
        Images = ReadImages(status);
    }

    public StoredObject Source { get; }
    public ObjectMeta Meta { get; }
    public string Name => Meta.Name;
    public bool Unschedulable { get; }
    public string ProviderId { get; }
    public ImmutableArray<Taint> Taints { get; }
    public ResourceAmounts Allocatable { get; }

    /// <summary>Most pods that the node takes (count).</summary>
    public int PodsMax { get; }

    public ImmutableArray<ConditionView> Conditions { get; }

    /// <summary>The sizes of the images on the node, by each of their names (bytes).</summary>
    public ImmutableDictionary<string, long> Images { get; }

    public ConditionView? Condition(string type)
    {
        foreach (var condition in Conditions)
            if (condition.Type == type) return condition;
        return null;
    }

    public bool Ready => Condition("Ready") is { Status: "True" };

    public static NodeView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new NodeView(o, document.RootElement);
    });

    private static ImmutableDictionary<string, long> ReadImages(JsonElement status)
    {
        var images = ImmutableDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        foreach (var image in status.Items("images"))
            foreach (var name in image.Items("names")) images[name.Text()] = image.Number("sizeBytes");
        return images.ToImmutable();
    }
}
