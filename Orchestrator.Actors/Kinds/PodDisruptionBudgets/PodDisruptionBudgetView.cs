using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Kinds.Deployments;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.PodDisruptionBudgets;

/// <summary>The parts of a PodDisruptionBudget that evictions and the controller read; parsed once per version.</summary>
public sealed class PodDisruptionBudgetView
{
    private PodDisruptionBudgetView(StoredObject source, JsonElement root)
    {
        Source = source;
        var spec = root.Get("spec");
        var status = root.Get("status");
        Selector = LabelSelectorJson.Read(spec.Get("selector"));
        MinAvailable = spec.Get("minAvailable").Exists() ? IntOrPercent.Read(spec, "minAvailable", default) : null;
        MaxUnavailable = spec.Get("maxUnavailable").Exists() ? IntOrPercent.Read(spec, "maxUnavailable", default) : null;
        AlwaysAllowUnhealthy = spec.Text("unhealthyPodEvictionPolicy") == "AlwaysAllow";
        ObservedGeneration = status.Number("observedGeneration");
        DisruptionsAllowed = status.Number("disruptionsAllowed");
        CurrentHealthy = status.Number("currentHealthy");
        DesiredHealthy = status.Number("desiredHealthy");
        DisruptedPods = status.Entries("disruptedPods").Select(static e => KeyValuePair.Create(e.Name, KindTime.Read(JsonValue.Create(e.Value.Text())) ?? default))
            .ToImmutableSortedDictionary(StringComparer.Ordinal);
        foreach (var condition in ConditionView.ReadAll(status))
            if (condition is { Type: PodDisruptionBudgetReconciler.DisruptionAllowed, Reason: PodDisruptionBudgetReconciler.SyncFailed }) SyncFailure = condition.Message;
    }

    public StoredObject Source { get; }

    public ObjectKey Key => Source.Key;

    /// <summary>An absent selector selects nothing, an empty one all pods of the namespace.</summary>
    public LabelSelector Selector { get; }

    public IntOrPercent? MinAvailable { get; }
    public IntOrPercent? MaxUnavailable { get; }

    /// <summary>A pod that is not ready may go however few others are healthy.</summary>
    public bool AlwaysAllowUnhealthy { get; }

    public long ObservedGeneration { get; }
    public long DisruptionsAllowed { get; }
    public long CurrentHealthy { get; }
    public long DesiredHealthy { get; }

    /// <summary>Pods whose eviction was allowed but whose deletion the controller has not seen yet, and since when.</summary>
    public ImmutableSortedDictionary<string, DateTimeOffset> DisruptedPods { get; }

    /// <summary>Why the controller could not say what is allowed; null when it could.</summary>
    public string? SyncFailure { get; }

    public static PodDisruptionBudgetView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new PodDisruptionBudgetView(o, document.RootElement);
    });
}
