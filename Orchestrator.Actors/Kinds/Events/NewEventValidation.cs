using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Events;

/// <summary>Events of events.k8s.io/v1: stricter than those of v1, and only their series goes on.</summary>
/// <remarks>Faults name the fields as v1 does, as in Kubernetes. Source: the strict part of kubernetes pkg/apis/core/validation/events.go.</remarks>
public sealed class NewEventValidation : IKindValidation
{
    private const int RepetitionsMin = 2;

    /// <summary>The fields that stay, and the names that faults call them by.</summary>
    private static readonly (string Field, string Shown)[] Fixed =
    [
        ("regarding", "involvedObject"), ("reason", "reason"), ("note", "message"), ("deprecatedSource", "source"), ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"), ("deprecatedCount", "count"), ("type", "type"), ("eventTime", "eventTime"), ("action", "action"),
        ("related", "related"), ("reportingController", "reportingController"), ("reportingInstance", "reportingInstance"),
    ];

    public void ValidateCreate(JsonObject tree, FaultList faults) => EventValidation.Validate(tree, "regarding", "reportingController", "note", faults);

    public void ValidateNew(JsonObject tree, FaultList faults)
    {
        CheckSeries(tree, faults);
        if (JsonTree.String(tree, "type") is var type && type is not ("Normal" or "Warning")) faults.Invalid(FieldPath.Of("type"), "", $"has invalid value: {type}");
        if (JsonTree.String(tree, "deprecatedFirstTimestamp") is not null) Unset("firstTimestamp", faults);
        if (JsonTree.String(tree, "deprecatedLastTimestamp") is not null) Unset("lastTimestamp", faults);
        if (JsonTree.Int64(tree, "deprecatedCount") is not (null or 0)) Unset("count", faults);
        if (JsonTree.Object(tree, "deprecatedSource") is { } source && source.Any(static p => JsonTree.AsString(p.Value) is { Length: > 0 })) Unset("source", faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (!JsonTree.DeepEquals(tree["series"], stored["series"])) CheckSeries(tree, faults);
        foreach (var (field, shown) in Fixed)
            if (!Same(tree[field], stored[field])) faults.Invalid(FieldPath.Of(shown), tree[field], SelectorValidation.Immutable);
    }

    private static bool Same(JsonNode? value, JsonNode? before) => JsonTree.DeepEquals(value, before) || (IsNothing(value) && IsNothing(before));

    private static bool IsNothing(JsonNode? value) => value is null or JsonObject { Count: 0 } || JsonTree.AsString(value) is "" || JsonTree.AsInt64(value) == 0;

    private static void CheckSeries(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "series") is { } series && JsonTree.Int64(series, "count") is not >= RepetitionsMin)
            faults.Invalid(FieldPath.Of("series.count"), "", $"should be at least {RepetitionsMin}");
    }

    private static void Unset(string field, FaultList faults) => faults.Invalid(FieldPath.Of(field), "", "needs to be unset");
}
