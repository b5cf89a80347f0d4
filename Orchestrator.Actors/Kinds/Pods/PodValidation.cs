using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>A pod as it is created, and the little of it that may change afterwards.</summary>
/// <remarks>Source: ValidatePodCreate and ValidatePodUpdate of kubernetes pkg/apis/core/validation.</remarks>
public sealed class PodValidation : IKindValidation
{
    private const string ImmutableSpec = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`," +
        "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations)," +
        "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (tree["spec"] is JsonObject spec) PodSpecValidation.Validate(spec, Spec, faults);
        else faults.Required(Spec.Child("containers"));
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (tree["spec"] is not JsonObject spec || stored["spec"] is not JsonObject old) return;
        switch (subresource)
        {
            case "":
                ValidateMutable(spec, old, faults);
                ValidateRest(spec, old, faults);
                break;
            case "ephemeralcontainers":
                ValidateEphemeral(spec, old, faults);
                break;
            default:
                break;
        }
    }

    private static void ValidateMutable(JsonObject spec, JsonObject old, FaultList faults)
    {
        foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"])
            if (spec.CountOf(list) != old.CountOf(list)) faults.Forbidden(Spec.Child(list), "pod updates may not add or remove containers");

        var deadline = JsonTree.Int64(spec, "activeDeadlineSeconds");
        if (JsonTree.Int64(old, "activeDeadlineSeconds") is { } before)
        {
            var path = Spec.Child("activeDeadlineSeconds");
            if (deadline is null) faults.Invalid(path, null, "must not update from a positive integer to nil value");
            else if (deadline > before) faults.Invalid(path, deadline, "must be less than or equal to previous value");
        }

        foreach (var (_, toleration) in old.Entries("tolerations"))
        {
            if (spec.Entries("tolerations").Any(t => SameToleration(t.Item, toleration))) continue;
            faults.Forbidden(Spec.Child("tolerations"), "existing toleration can not be modified except its tolerationSeconds");
            break;
        }

        var gates = old.Entries("schedulingGates").Select(static g => JsonTree.String(g.Item, "name")).ToHashSet(StringComparer.Ordinal);
        foreach (var (index, gate) in spec.Entries("schedulingGates"))
            if (JsonTree.String(gate, "name") is { } name && !gates.Contains(name))
                faults.Forbidden(Spec.Child("schedulingGates").Index(index), $"only deletion is allowed, but found new scheduling gate '{name}'");
    }

    private static bool SameToleration(JsonObject toleration, JsonObject other)
    {
        foreach (var name in (ReadOnlySpan<string>)["key", "operator", "value", "effect"])
            if ((JsonTree.String(toleration, name) ?? "") != (JsonTree.String(other, name) ?? "")) return false;
        return true;
    }

    /// <summary>Everything else must be as it was: what may change is put back first, and then all is compared.</summary>
    private static void ValidateRest(JsonObject spec, JsonObject old, FaultList faults)
    {
        var rest = spec.DeepClone().AsObject();
        foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            // A change of their number was told already and would only be told again.
            if (rest.CountOf(list) != old.CountOf(list)) Restore(rest, old, list);
            else RestoreEach(rest, old, list, "image");
        }
        foreach (var name in (ReadOnlySpan<string>)["activeDeadlineSeconds", "tolerations", "schedulingGates"]) Restore(rest, old, name);
        if (JsonTree.Int64(old, "terminationGracePeriodSeconds") < 0 && JsonTree.Int64(rest, "terminationGracePeriodSeconds") == 1)
            Restore(rest, old, "terminationGracePeriodSeconds");
        if (old.CountOf("schedulingGates") > 0) RestoreGated(rest, old, faults);

        if (!JsonTree.DeepEquals(rest, old)) faults.Forbidden(Spec, $"{ImmutableSpec}\n{GoDifference.Of("core.v1.PodSpec", old, rest)}");
    }

    /// <summary>A pod that waits behind a gate may still be told more about where to run.</summary>
    private static void RestoreGated(JsonObject rest, JsonObject old, FaultList faults)
    {
        if (old["nodeSelector"] is JsonObject before)
        {
            var now = rest["nodeSelector"] as JsonObject;
            if (before.Any(label => JsonTree.AsString(now?[label.Key]) != JsonTree.AsString(label.Value)))
                faults.Invalid(Spec.Child("nodeSelector"), rest["nodeSelector"], "field is immutable");
        }
        Restore(rest, old, "nodeSelector");
        if (JsonTree.At(old, ["affinity", "nodeAffinity"]) is null && rest["affinity"] is JsonObject affinity)
        {
            affinity.Remove("nodeAffinity");
            if (affinity.Count == 0) rest.Remove("affinity");
        }
    }

    private static void ValidateEphemeral(JsonObject spec, JsonObject old, FaultList faults)
    {
        PodSpecValidation.Validate(spec, Spec, faults);

        var byName = spec.Entries("ephemeralContainers").Select(static c => c.Item).GroupBy(static c => JsonTree.String(c, "name") ?? "", StringComparer.Ordinal).ToDictionary(static g => g.Key, static g => g.First());
        foreach (var (_, container) in old.Entries("ephemeralContainers"))
        {
            var name = JsonTree.String(container, "name") ?? "";
            if (!byName.TryGetValue(name, out var same))
                faults.Forbidden(Spec.Child("ephemeralContainers"), $"existing ephemeral containers {GoQuote.Quote(name)} may not be removed\n");
            else if (!JsonTree.DeepEquals(same, container))
                faults.Forbidden(Spec.Child("ephemeralContainers"), $"existing ephemeral containers {GoQuote.Quote(name)} may not be changed\n");
        }
    }

    private static void Restore(JsonObject rest, JsonObject old, string name)
    {
        if (old.TryGetPropertyValue(name, out var value)) rest[name] = value?.DeepClone();
        else rest.Remove(name);
    }

    private static void RestoreEach(JsonObject rest, JsonObject old, string list, string name)
    {
        foreach (var ((_, item), (_, before)) in rest.Entries(list).Zip(old.Entries(list))) Restore(item, before, name);
    }
}
