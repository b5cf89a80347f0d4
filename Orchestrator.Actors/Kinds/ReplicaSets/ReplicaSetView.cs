using System.Globalization;
using System.Text.Json;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Deployments;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.ReplicaSets;

/// <summary>A kind whose objects keep a number of equal pods.</summary>
/// <param name="ApiVersion">As owner references and events name it, like <c>apps/v1</c>.</param>
public sealed record ReplicaKind(ResourceType Type, string ApiVersion, string Name)
{
    public static readonly ReplicaKind ReplicaSet = new(ResourceTypes.ReplicaSets, "apps/v1", "ReplicaSet");
    public static readonly ReplicaKind ReplicationController = new(ResourceTypes.ReplicationControllers, "v1", "ReplicationController");
}

/// <summary>The parts of a ReplicaSet, or of the ReplicationController that it grew out of, that controllers read; parsed once per version.</summary>
public sealed class ReplicaSetView
{
    private ReplicaSetView(StoredObject source, JsonElement root, ReplicaKind kind)
    {
        Source = source;
        Kind = kind;
        var spec = root.Get("spec");
        var status = root.Get("status");
        Replicas = (int)spec.Number("replicas", 1);
        MinReadySeconds = (int)spec.Number("minReadySeconds");
        Selector = kind == ReplicaKind.ReplicaSet ? LabelSelectorJson.Read(spec.Get("selector")) : LabelSelectorJson.ReadMap(spec.Get("selector"));
        TemplateLabels = LabelSelectorJson.ReadMap(spec.Get("template", "metadata").Get("labels"));
        TemplateIdentity = PodTemplate.Identity(spec.Get("template"));
        StatusReplicas = (int)status.Number("replicas");
        ReadyReplicas = (int)status.Number("readyReplicas");
        AvailableReplicas = (int)status.Number("availableReplicas");
        ObservedGeneration = status.Number("observedGeneration");
        ReplicaFailure = null;
        foreach (var condition in Pods.ConditionView.ReadAll(status))
            if (condition is { Type: "ReplicaFailure", Status: "True" }) ReplicaFailure = condition;
    }

    public StoredObject Source { get; }
    public ReplicaKind Kind { get; }
    public ObjectKey Key => Source.Key;
    public ObjectMeta Meta => Source.Meta;
    public string Uid => Meta.Uid;
    public int Replicas { get; }
    public int MinReadySeconds { get; }
    public LabelSelector Selector { get; }

    /// <summary>Matches pods that carry every label of the template.</summary>
    public LabelSelector TemplateLabels { get; }

    /// <summary>Equal for templates that differ in nothing but the pod-template-hash.</summary>
    public string TemplateIdentity { get; }

    public int StatusReplicas { get; }
    public int ReadyReplicas { get; }
    public int AvailableReplicas { get; }
    public long ObservedGeneration { get; }
    public Pods.ConditionView? ReplicaFailure { get; }

    public long Revision => Number(DeploymentAnnotations.Revision) ?? 0;
    public int? DesiredReplicas => (int?)Number(DeploymentAnnotations.DesiredReplicas);
    public int? MaxReplicas => (int?)Number(DeploymentAnnotations.MaxReplicas);

    public OwnerIdentity Identity => new(Kind.ApiVersion, Kind.Name, Key.Name, Uid);

    public static ReplicaSetView Of(StoredObject o) => o.View(static o => Parse(o, ReplicaKind.ReplicaSet));

    /// <summary>A ReplicationController in the form of a ReplicaSet: its selector is a plain map of labels.</summary>
    public static ReplicaSetView OfController(StoredObject o) => o.View(static o => Parse(o, ReplicaKind.ReplicationController));

    private static ReplicaSetView Parse(StoredObject o, ReplicaKind kind)
    {
        using var document = JsonDocument.Parse(o.Json);
        return new ReplicaSetView(o, document.RootElement, kind);
    }

    private long? Number(string annotation) =>
        Meta.Annotations.TryGetValue(annotation, out var text)
        && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
