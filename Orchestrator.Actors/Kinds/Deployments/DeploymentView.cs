using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.Deployments;

/// <summary>The annotations by which a Deployment and its ReplicaSets know each other; clients read them too.</summary>
public static class DeploymentAnnotations
{
    public const string Revision = "deployment.kubernetes.io/revision";
    public const string RevisionHistory = "deployment.kubernetes.io/revision-history";
    public const string DesiredReplicas = "deployment.kubernetes.io/desired-replicas";
    public const string MaxReplicas = "deployment.kubernetes.io/max-replicas";

    /// <summary>Annotations that are not copied from the Deployment to its ReplicaSets.</summary>
    public static readonly ImmutableHashSet<string> NotCopied =
        ["kubectl.kubernetes.io/last-applied-configuration", Revision, RevisionHistory, DesiredReplicas, MaxReplicas, "deprecated.deployment.rollback.to"];
}

/// <summary>A number of pods, or a percentage of them.</summary>
public readonly record struct IntOrPercent(int Value, bool Percent)
{
    /// <summary>The number that it means for <paramref name="total"/> pods.</summary>
    public int Of(int total, bool roundUp) =>
        !Percent ? Value : (int)(roundUp ? Math.Ceiling(Value * (double)total / 100) : Math.Floor(Value * (double)total / 100));

    public static IntOrPercent Read(JsonElement owner, string name, IntOrPercent otherwise)
    {
        var element = owner.Get(name);
        if (element.ValueKind == JsonValueKind.Number) return new((int)owner.Number(name), false);
        var text = element.Text();
        return text.EndsWith('%') && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var percent)
            ? new(percent, true)
            : otherwise;
    }
}

/// <summary>The parts of a Deployment that its controller reads; parsed once per version.</summary>
public sealed class DeploymentView
{
    private DeploymentView(StoredObject source, JsonElement root)
    {
        Source = source;
        var spec = root.Get("spec");
        Replicas = (int)spec.Number("replicas", 1);
        Selector = LabelSelectorJson.Read(spec.Get("selector"));
        MinReadySeconds = (int)spec.Number("minReadySeconds");
        RevisionHistoryLimit = (int)spec.Number("revisionHistoryLimit", 10);
        // The greatest number means that there is no deadline.
        ProgressDeadlineSeconds = spec.Number("progressDeadlineSeconds", 600) is var seconds and not int.MaxValue ? (int)seconds : null;
        Paused = spec.Flag("paused");
        Recreate = spec.Get("strategy").Text("type") == "Recreate";
        var rolling = spec.Get("strategy", "rollingUpdate");
        var quarter = new IntOrPercent(25, true);
        MaxSurge = Recreate ? 0 : IntOrPercent.Read(rolling, "maxSurge", quarter).Of(Replicas, roundUp: true);
        MaxUnavailable = Recreate ? 0 : IntOrPercent.Read(rolling, "maxUnavailable", quarter).Of(Replicas, roundUp: false);
        // Both may round to 0, and then nothing could ever move.
        if (!Recreate && MaxSurge == 0 && MaxUnavailable == 0) MaxUnavailable = 1;
        MaxUnavailable = Math.Min(MaxUnavailable, Replicas);
        TemplateIdentity = PodTemplate.Identity(spec.Get("template"));
        var status = root.Get("status");
        CollisionCount = (int)status.Number("collisionCount");
        StatusReplicas = (int)status.Number("replicas");
        Conditions = Pods.ConditionView.ReadAll(status);
    }

    public StoredObject Source { get; }
    public ObjectKey Key => Source.Key;
    public ObjectMeta Meta => Source.Meta;
    public string Uid => Meta.Uid;
    public int Replicas { get; }
    public LabelSelector Selector { get; }
    public int MinReadySeconds { get; }
    public int RevisionHistoryLimit { get; }
    public int? ProgressDeadlineSeconds { get; }
    public bool Paused { get; }
    public bool Recreate { get; }

    /// <summary>Most pods above <see cref="Replicas"/> during an update (count).</summary>
    public int MaxSurge { get; }

    /// <summary>Most pods below <see cref="Replicas"/> during an update (count).</summary>
    public int MaxUnavailable { get; }

    public string TemplateIdentity { get; }
    public int CollisionCount { get; }
    public int StatusReplicas { get; }
    public ImmutableArray<Pods.ConditionView> Conditions { get; }

    public OwnerIdentity Identity => new("apps/v1", "Deployment", Key.Name, Uid);

    public string TemplateHash => DecidedNames.Hash(CollisionCount == 0 ? TemplateIdentity : $"{TemplateIdentity}#{CollisionCount}");

    public static DeploymentView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new DeploymentView(o, document.RootElement);
    });
}
