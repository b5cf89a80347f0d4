using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Admission.LimitRanges;

/// <summary>One entry of <c>spec.limits</c>. Amounts are by name of the resource, in its order.</summary>
/// <param name="Type">Container, Pod or PersistentVolumeClaim.</param>
public sealed record LimitRangeItem(
    string Type, ImmutableSortedDictionary<string, Quantity> Min, ImmutableSortedDictionary<string, Quantity> Max,
    ImmutableSortedDictionary<string, Quantity> Default, ImmutableSortedDictionary<string, Quantity> DefaultRequest,
    ImmutableSortedDictionary<string, Quantity> MaxLimitRequestRatio)
{
    public static ImmutableArray<LimitRangeItem> ReadAll(StoredObject limitRange)
    {
        using var document = JsonDocument.Parse(limitRange.Json);
        return [.. document.RootElement.Get("spec").Items("limits").Select(Read)];
    }

    private static LimitRangeItem Read(JsonElement item)
    {
        var (type, min, max) = (item.Text("type"), Amounts(item, "min"), Amounts(item, "max"));
        var (limits, requests) = (Amounts(item, "default"), Amounts(item, "defaultRequest"));
        if (type == "Container")
        {
            // Source: kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_LimitRangeItem.
            limits = Fill(limits, max);
            requests = Fill(Fill(requests, limits), min);
        }
        return new LimitRangeItem(type, min, max, limits, requests, Amounts(item, "maxLimitRequestRatio"));
    }

    private static ImmutableSortedDictionary<string, Quantity> Fill(ImmutableSortedDictionary<string, Quantity> amounts, ImmutableSortedDictionary<string, Quantity> from)
    {
        foreach (var (name, amount) in from)
            if (!amounts.ContainsKey(name)) amounts = amounts.Add(name, amount);
        return amounts;
    }

    private static ImmutableSortedDictionary<string, Quantity> Amounts(JsonElement item, string field)
    {
        var amounts = ImmutableSortedDictionary.CreateBuilder<string, Quantity>(StringComparer.Ordinal);
        foreach (var entry in item.Entries(field))
            if (Quantity.TryParse(entry.Value.Text(), out var amount)) amounts[entry.Name] = amount;
        return amounts.ToImmutable();
    }
}
