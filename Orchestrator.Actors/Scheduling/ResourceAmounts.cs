using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using Orchestrator.Actors.Resources;

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
        var reader = new Utf8JsonReader(JsonMarshal.GetRawUtf8Value(list));
        reader.Read();
        return Read(ref reader, Zero);
    }

    /// <summary>The same from a reader, which stands on the first token of the list and is left on its last.</summary>
    /// <param name="otherwise">The amounts of what the list does not name.</param>
    internal static ResourceAmounts Read(ref Utf8JsonReader reader, ResourceAmounts otherwise)
    {
        if (reader.TokenType != JsonTokenType.StartObject) return otherwise;
        var (cpu, memory, storage, extended) = otherwise;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = RecentStrings.ReadName(ref reader);
            reader.Read();
            var text = reader.TokenType is JsonTokenType.String or JsonTokenType.Number ? RecentStrings.Read(ref reader) : "";
            reader.Skip();
            switch (name)
            {
                case "cpu": cpu = Milli(text); break;
                case "memory": memory = Whole(text); break;
                case "ephemeral-storage": storage = Whole(text); break;
                default: extended = extended.SetItem(name, Whole(text)); break;
            }
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
