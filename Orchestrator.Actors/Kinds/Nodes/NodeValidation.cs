using System.Net;
using System.Net.Sockets;
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

    public void ValidateNew(JsonObject tree, FaultList faults)
    {
        var ranges = JsonTree.Object(tree, "spec").Texts("podCIDRs");
        var path = Spec.Child("podCIDRs");
        var families = new List<AddressFamily>();
        for (var i = 0; i < ranges.Length; i++)
        {
            // Names all of them for the sake of one, as upstream does.
            if (IPNetwork.TryParse(ranges[i], out var range)) families.Add(range.BaseAddress.AddressFamily);
            else faults.Invalid(path.Index(i), JsonTree.Object(tree, "spec")!["podCIDRs"], "must be valid CIDR");
        }
        if (ranges.Length < 2) return;
        if (ranges.Length > 2 || families.Distinct().Count() != ranges.Length)
            faults.Invalid(path, JsonTree.Object(tree, "spec")!["podCIDRs"], "may specify no more than one CIDR for each IP family");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < ranges.Length; i++)
            if (!seen.Add(ranges[i])) faults.Duplicate(path.Index(i), JsonValue.Create(ranges[i]));
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
        ValidateRanges(spec.Texts("podCIDRs"), old.Texts("podCIDRs"), faults);
        if (JsonTree.String(old, "providerID") is { Length: > 0 } before && JsonTree.String(spec, "providerID") != before)
            faults.Forbidden(Spec.Child("providerID"), "node updates may not change providerID except from \"\" to valid");
    }

    private static void ValidateRanges(string[] ranges, string[] before, FaultList faults)
    {
        if (before.Length == 0) return;
        // Each range that differs is a fault of its own; another count of them is one.
        var faulty = ranges.Length != before.Length ? 1 : ranges.Zip(before).Count(static p => p.First != p.Second);
        for (var i = 0; i < faulty; i++) faults.Forbidden(Spec.Child("podCIDRs"), "node updates may not change podCIDR except from \"\" to valid");
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
                faults.Duplicate(FieldPath.Of("status").Child("addresses").Index(index), GoSyntax.Struct("core.NodeAddress", address, ("Type", "type"), ("Address", "address")));
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
                    $"Duplicate value: {(GoSyntax.Taint(taint) is ShownValue shown ? shown.Text : JsonTree.ToText(taint))}: taints must be unique by key and effect pair"));
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
