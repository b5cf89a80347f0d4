using System.Globalization;
using System.Text.Json;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.ControllerRevisions;
using Orchestrator.Actors.Kinds.Deployments;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.DaemonSets;

/// <summary>The parts of a DaemonSet that its controller reads; parsed once per version.</summary>
public sealed class DaemonSetView
{
    public const string HashLabel = "controller-revision-hash";

    /// <summary>Says how often the template was changed; pods carry it as a label.</summary>
    public const string TemplateGenerationAnnotation = "deprecated.daemonset.template.generation";

    private DaemonSetView(StoredObject source, JsonElement root)
    {
        Source = source;
        var spec = root.Get("spec");
        var template = spec.Get("template");
        var pod = template.Get("spec");
        Selector = LabelSelectorJson.Read(spec.Get("selector"));
        MinReadySeconds = (int)spec.Number("minReadySeconds");
        RevisionHistoryLimit = (int)spec.Number("revisionHistoryLimit", 10);
        OnDelete = spec.Get("updateStrategy").Text("type") == "OnDelete";
        var rolling = spec.Get("updateStrategy", "rollingUpdate");
        MaxUnavailable = IntOrPercent.Read(rolling, "maxUnavailable", new IntOrPercent(1, false));
        MaxSurge = IntOrPercent.Read(rolling, "maxSurge", new IntOrPercent(0, false));
        Placement = PodPlacement.Read(pod);
        NodeName = pod.Text("nodeName");
        Tolerations = [.. Toleration.ReadAll(pod.Get("tolerations")), .. DaemonPods.Tolerations(pod.Flag("hostNetwork"))];
        TemplateIdentity = PodTemplate.Identity(template);
        CollisionCount = (int)root.Get("status").Number("collisionCount");
        TemplateGeneration = TemplateGenerationOf(Meta.Annotations.GetValueOrDefault(TemplateGenerationAnnotation)) ?? 1;
    }

    public StoredObject Source { get; }
    public ObjectKey Key => Source.Key;
    public ObjectMeta Meta => Source.Meta;
    public string Uid => Meta.Uid;
    public LabelSelector Selector { get; }
    public int MinReadySeconds { get; }
    public int RevisionHistoryLimit { get; }
    public bool OnDelete { get; }
    public IntOrPercent MaxUnavailable { get; }
    public IntOrPercent MaxSurge { get; }

    /// <summary>A pod of a new template is made before the old one goes.</summary>
    public bool Surges => !OnDelete && MaxSurge.Value > 0;
    public PodPlacement Placement { get; }
    public string NodeName { get; }

    /// <summary>The template's tolerations and those that every daemon pod gets.</summary>
    public System.Collections.Immutable.ImmutableArray<Toleration> Tolerations { get; }
    public string TemplateIdentity { get; }
    public int CollisionCount { get; }
    public long TemplateGeneration { get; }

    public OwnerIdentity Identity => new("apps/v1", "DaemonSet", Key.Name, Uid);

    public RevisionOwner History => new(Source, Identity, Selector, HashLabel, TemplateIdentity, CollisionCount, RevisionHistoryLimit);

    internal static long? TemplateGenerationOf(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var generation) ? generation : null;

    public static DaemonSetView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new DaemonSetView(o, document.RootElement);
    });
}
