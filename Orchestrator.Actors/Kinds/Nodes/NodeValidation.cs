using System.Text.Json.Nodes;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Nodes;

/// <summary>A node's taints and capacity, and what is fixed once it is known.</summary>
/// <remarks>Source: ValidateNode and ValidateNodeUpdate of kubernetes pkg/apis/core/validation.</remarks>
public sealed class NodeValidation : IKindValidation
{
    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        ValidateTaints(JsonTree.Object(tree, "spec"), faults);
        ValidateAmounts(tree, faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (subresource == "status")
        {
            ValidateAmounts(tree, faults);
            ValidateAddresses(tree, faults);
        }
        var (spec, old) = (JsonTree.Object(tree, "spec"), JsonTree.Object(stored, "spec"));
        ValidateRest(spec, old, faults);
        foreach (var name in (ReadOnlySpan<string>)["providerID", "podCIDR"])
        {
            if (JsonTree.String(old, name) is { Length: > 0 } before && JsonTree.String(spec, name) != before)
                faults.Forbidden(Spec.Child(name == "podCIDR" ? "podCIDRs" : name), $"node updates may not change {name} except from \"\" to valid");
        }
    }

    /// <summary>Only what says how the node takes part may change; the rest was said by whoever registered it.</summary>
    private static void ValidateRest(JsonObject? spec, JsonObject? old, FaultList faults)
    {
        foreach (var name in (spec ?? []).Select(static f => f.Key).Union((old ?? []).Select(static f => f.Key), StringComparer.Ordinal))
        {
            if (name is "taints" or "unschedulable" or "providerID" or "podCIDR" or "podCIDRs" or "configSource" || JsonTree.DeepEquals(spec?[name], old?[name])) continue;
            faults.Forbidden(FieldPath.Nameless, "node updates may only change labels, taints, or capacity (or configSource, if the DynamicKubeletConfig feature gate is enabled)");
            return;
        }
    }

    private static void ValidateAddresses(JsonObject tree, FaultList faults)
    {
        var seen = new HashSet<(string, string)>();
        foreach (var (index, address) in JsonTree.Object(tree, "status").Entries("addresses"))
        {
            if (!seen.Add((JsonTree.String(address, "type") ?? "", JsonTree.String(address, "address") ?? "")))
                faults.Duplicate(FieldPath.Of("status").Child("addresses").Index(index), address);
        }
    }

    private static void ValidateTaints(JsonObject? spec, FaultList faults)
    {
        var seen = new HashSet<(string Key, string Effect)>();
        foreach (var (index, taint) in spec.Entries("taints"))
        {
            var path = Spec.Child("taints").Index(index);
            var (key, effect) = (JsonTree.String(taint, "key") ?? "", JsonTree.String(taint, "effect") ?? "");
            var value = JsonTree.String(taint, "value") ?? "";
            if (ObjectNames.LabelValue(value) is { } valueFault) faults.Invalid(path.Child("value"), value, valueFault);
            if (!seen.Add((key, effect)))
                faults.Add(new ErrorCause("FieldValueDuplicate", path.ToString(),
                    $"Duplicate value: {JsonTree.ToText(taint)}: taints must be unique by key and effect pair"));
        }
    }

    private static void ValidateAmounts(JsonObject tree, FaultList faults)
    {
        var status = JsonTree.Object(tree, "status");
        foreach (var list in (ReadOnlySpan<string>)["capacity", "allocatable"])
            foreach (var (name, value) in JsonTree.Object(status, list) ?? [])
            {
                if (Quantity.TryParse(JsonTree.AsString(value) ?? JsonTree.ToText(value), out var amount) && amount.Sign < 0)
                    faults.Invalid(FieldPath.Of("status").Child(list).Key(name), amount.ToString(), "must be greater than or equal to 0");
            }
    }
}
