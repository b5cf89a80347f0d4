using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.ControllerRevisions;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.StatefulSets;

/// <summary>The parts of a StatefulSet that its controller reads; parsed once per version.</summary>
public sealed class StatefulSetView
{
    /// <summary>The label of a revision that names its hash; pods name the whole revision instead, by <see cref="RevisionLabel"/>.</summary>
    private const string HashLabel = "controller.kubernetes.io/hash";

    public const string RevisionLabel = "controller-revision-hash";

    private StatefulSetView(StoredObject source, JsonElement root)
    {
        Source = source;
        var spec = root.Get("spec");
        var status = root.Get("status");
        Replicas = (int)spec.Number("replicas", 1);
        Start = (int)spec.Get("ordinals").Number("start");
        MinReadySeconds = (int)spec.Number("minReadySeconds");
        RevisionHistoryLimit = (int)spec.Number("revisionHistoryLimit", 10);
        Selector = LabelSelectorJson.Read(spec.Get("selector"));
        ServiceName = spec.Text("serviceName");
        Parallel = spec.Text("podManagementPolicy") == "Parallel";
        RollingUpdate = spec.Get("updateStrategy").Text("type") is "" or "RollingUpdate";
        var rolling = spec.Get("updateStrategy", "rollingUpdate");
        Partition = rolling.Exists() ? (int)rolling.Number("partition") : null;
        var retention = spec.Get("persistentVolumeClaimRetentionPolicy");
        DeletesClaimsWithSet = retention.Text("whenDeleted") == "Delete";
        DeletesClaimsWhenScaled = retention.Text("whenScaled") == "Delete";
        Claims = [.. spec.Items("volumeClaimTemplates").Select(static c => c.Get("metadata").Text("name"))];
        TemplateIdentity = PodTemplate.Identity(spec.Get("template"));
        StatusRevision = status.Text("currentRevision");
        StatusCurrentReplicas = (int)status.Number("currentReplicas");
        CollisionCount = (int)status.Number("collisionCount");
    }

    public StoredObject Source { get; }
    public ObjectKey Key => Source.Key;
    public ObjectMeta Meta => Source.Meta;
    public string Uid => Meta.Uid;
    public int Replicas { get; }

    /// <summary>The ordinal of the first replica.</summary>
    public int Start { get; }

    public int MinReadySeconds { get; }
    public int RevisionHistoryLimit { get; }
    public LabelSelector Selector { get; }

    /// <summary>The service that gives the pods their domain; may be empty.</summary>
    public string ServiceName { get; }

    /// <summary>Pods come and go without waiting for each other.</summary>
    public bool Parallel { get; }

    /// <summary>Pods are replaced when the template changes, not only when somebody deletes them.</summary>
    public bool RollingUpdate { get; }

    /// <summary>How many of the first replicas stay at the current revision; null when the strategy does not say.</summary>
    public int? Partition { get; }

    public bool DeletesClaimsWithSet { get; }
    public bool DeletesClaimsWhenScaled { get; }

    /// <summary>The names of the claim templates.</summary>
    public ImmutableArray<string> Claims { get; }

    public string TemplateIdentity { get; }

    /// <summary>The revision of those pods that have not been updated.</summary>
    public string StatusRevision { get; }

    public int StatusCurrentReplicas { get; }
    public int CollisionCount { get; }

    public OwnerIdentity Identity => new("apps/v1", "StatefulSet", Key.Name, Uid);

    public RevisionOwner History => new(Source, Identity, Selector, HashLabel, TemplateIdentity, CollisionCount, RevisionHistoryLimit);

    public bool Includes(int ordinal) => ordinal >= Start && ordinal - Start < Replicas;

    public static StatefulSetView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new StatefulSetView(o, document.RootElement);
    });
}
