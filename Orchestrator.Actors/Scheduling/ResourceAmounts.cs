using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Scheduling;

/// <summary>Amounts of resources: of a pod what it asks for, of a node what it has.</summary>
/// <param name="CpuMilli">Thousandths of a core.</param>
/// <param name="Extended">Every other resource by name, in whole pieces or bytes, in order of name.</param>
public sealed record ResourceAmounts(
    long CpuMilli, long MemoryBytes, long EphemeralStorageBytes, ImmutableSortedDictionary<string, long> Extended)
{
    public static ResourceAmounts Zero { get; } = new(0, 0, 0, ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal));

    public ResourceAmounts Plus(ResourceAmounts other) => Combine(other, static (a, b) => a + b);

    public ResourceAmounts Minus(ResourceAmounts other) => Combine(other, static (a, b) => a - b);

    public ResourceAmounts Max(ResourceAmounts other) => Combine(other, Math.Max);

    /// <summary>Reads a ResourceList; <c>pods</c> is an extended amount here.</summary>
    public static ResourceAmounts Read(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Object) return Zero;
        long cpu = 0, memory = 0, storage = 0;
        var extended = Zero.Extended;
        foreach (var entry in list.EnumerateObject())
        {
            var text = entry.Value.Text();
            if (entry.NameEquals("cpu"u8)) cpu = Milli(text);
            else if (entry.NameEquals("memory"u8)) memory = Whole(text);
            else if (entry.NameEquals("ephemeral-storage"u8)) storage = Whole(text);
            else extended = extended.SetItem(entry.Name, Whole(text));
        }
        return new ResourceAmounts(cpu, memory, storage, extended);
    }

    /// <summary>A quantity in thousandths, rounded up.</summary>
    public static long Milli(string quantity) => Bounded(Quantity.ParseOrZero(quantity).Milli);

    /// <summary>A quantity in whole units, rounded up.</summary>
    public static long Whole(string quantity) => Bounded(Quantity.ParseOrZero(quantity).Units);

    private ResourceAmounts Combine(ResourceAmounts other, Func<long, long, long> combine)
    {
        var extended = Extended;
        foreach (var (name, _) in other.Extended)
            if (!extended.ContainsKey(name)) extended = extended.SetItem(name, 0);
        if (!extended.IsEmpty)
            foreach (var (name, value) in extended) extended = extended.SetItem(name, combine(value, other.Extended.GetValueOrDefault(name)));
        return new ResourceAmounts(combine(CpuMilli, other.CpuMilli), combine(MemoryBytes, other.MemoryBytes),
            combine(EphemeralStorageBytes, other.EphemeralStorageBytes), extended);
    }

    // Sums of a few absurd amounts must not turn negative.
    private static long Bounded(long amount) => Math.Clamp(amount, long.MinValue / 4, long.MaxValue / 4);
}
