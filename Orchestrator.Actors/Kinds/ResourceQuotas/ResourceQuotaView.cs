using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.ResourceQuotas;

/// <summary>One condition on the pods that a quota counts.</summary>
/// <param name="Name">Such as <c>BestEffort</c> or <c>PriorityClass</c>.</param>
/// <param name="Operator">In, NotIn, Exists or DoesNotExist.</param>
public sealed record QuotaScope(string Name, string Operator, ImmutableArray<string> Values);

/// <summary>The parts of a ResourceQuota that admission and the controller read; parsed once per version.</summary>
public sealed class ResourceQuotaView
{
    private static readonly ImmutableSortedDictionary<string, Quantity> Nothing = ImmutableSortedDictionary.Create<string, Quantity>(StringComparer.Ordinal);

    private ResourceQuotaView(StoredObject source, JsonElement root)
    {
        Source = source;
        var spec = root.Get("spec");
        SpecHard = Amounts(spec.Get("hard"));
        Hard = Amounts(root.Get("status", "hard"));
        Used = Amounts(root.Get("status", "used"));
        Scopes =
        [
            .. spec.Items("scopes").Select(static s => new QuotaScope(s.Text(), "Exists", [])),
            .. spec.Get("scopeSelector").Items("matchExpressions").Select(static e => new QuotaScope(
                e.Text("scopeName"), e.Text("operator"), [.. e.Items("values").Select(static v => v.Text())])),
        ];
    }

    public StoredObject Source { get; }

    public ObjectKey Key => Source.Key;

    /// <summary>What is wanted; in force once the controller has counted and taken it over into <see cref="Hard"/>.</summary>
    public ImmutableSortedDictionary<string, Quantity> SpecHard { get; }

    public ImmutableSortedDictionary<string, Quantity> Hard { get; }
    public ImmutableSortedDictionary<string, Quantity> Used { get; }
    public ImmutableArray<QuotaScope> Scopes { get; }

    public static ResourceQuotaView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new ResourceQuotaView(o, document.RootElement);
    });

    private static ImmutableSortedDictionary<string, Quantity> Amounts(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Object) return Nothing;
        var amounts = Nothing.ToBuilder();
        foreach (var entry in list.EnumerateObject())
            if (Quantity.TryParse(entry.Value.Text(), out var amount)) amounts[entry.Name] = amount;
        return amounts.ToImmutable();
    }
}
