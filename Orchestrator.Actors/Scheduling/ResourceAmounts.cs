using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
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
    public static long Milli(string quantity) => Scaled(quantity, 1000);

    /// <summary>A quantity in whole units, rounded up.</summary>
    public static long Whole(string quantity) => Scaled(quantity, 1);

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

    private static long Scaled(string quantity, decimal unit)
    {
        var end = quantity.Length;
        while (end > 0 && char.IsAsciiLetter(quantity[end - 1]) && !IsExponent(quantity, end - 1)) end--;
        if (!decimal.TryParse(quantity.AsSpan(0, end), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return 0;
        try
        {
            return (long)Math.Ceiling(number * Factor(quantity.AsSpan(end)) * unit);
        }
        catch (OverflowException)
        {
            return number < 0 ? long.MinValue / 4 : long.MaxValue / 4;
        }
    }

    // "1e3" and "1E3" are exponents, "1E" is exa.
    private static bool IsExponent(string text, int at) => text[at] is 'e' or 'E' && at + 1 < text.Length;

    private static decimal Factor(ReadOnlySpan<char> suffix) => suffix switch
    {
        "" => 1m,
        "n" => 0.000000001m,
        "u" => 0.000001m,
        "m" => 0.001m,
        "k" => 1e3m,
        "M" => 1e6m,
        "G" => 1e9m,
        "T" => 1e12m,
        "P" => 1e15m,
        "E" => 1e18m,
        "Ki" => 1024m,
        "Mi" => 1048576m,
        "Gi" => 1073741824m,
        "Ti" => 1099511627776m,
        "Pi" => 1125899906842624m,
        "Ei" => 1152921504606846976m,
        _ => 0m,
    };
}
