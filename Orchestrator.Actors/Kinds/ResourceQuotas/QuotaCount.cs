using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ResourceQuotas;

/// <summary>Counts what the objects of a namespace use of a quota. Pure but for a cache of what single objects use.</summary>
public static class QuotaCount
{
    private static readonly ConditionalWeakTable<StoredObject, QuotaItem> Items = [];

    /// <param name="objects">The objects of the quota's namespace, by type.</param>
    public static ImmutableSortedDictionary<string, Quantity> Count(
        ResourceQuotaView quota, IEnumerable<(ResourceType Type, IEnumerable<StoredObject> Objects)> objects, DateTimeOffset now)
    {
        var sums = quota.SpecHard.Keys.ToDictionary(static n => n, static _ => default(Quantity), StringComparer.Ordinal);
        foreach (var (type, all) in objects)
        {
            var names = quota.SpecHard.Keys.Where(n => QuotaItem.Concerns(type, n)).ToArray();
            if (names.Length == 0) continue;
            foreach (var o in all)
            {
                var item = ItemOf(type, o, now);
                if (!item.IsIn(quota)) continue;
                foreach (var name in names)
                    if (item.Usage.TryGetValue(name, out var amount)) sums[name] += amount;
            }
        }
        return sums.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }

    /// <summary>What the quota is to say that it uses.</summary>
    /// <param name="counted">What there is.</param>
    /// <param name="used">What the quota says now.</param>
    /// <param name="inFlight">What was charged so recently that its objects may not have been counted.</param>
    /// <remarks>Too much is taken back only as far as no charge in flight explains it; too little is put right at once.</remarks>
    public static ImmutableSortedDictionary<string, Quantity> Next(
        ImmutableSortedDictionary<string, Quantity> counted, ImmutableSortedDictionary<string, Quantity> used, IReadOnlyDictionary<string, Quantity> inFlight)
    {
        var next = counted;
        foreach (var (name, amount) in counted)
        {
            if (!used.TryGetValue(name, out var says) || says <= amount) continue;
            var most = amount + inFlight.GetValueOrDefault(name);
            next = next.SetItem(name, says < most ? says : most);
        }
        return next;
    }

    // What a pod that is going away uses depends on the time.
    private static QuotaItem ItemOf(ResourceType type, StoredObject o, DateTimeOffset now) =>
        o.Meta.Deleting ? QuotaItem.Of(type, o.ToTree(), now) : Items.GetValue(o, stored => QuotaItem.Of(type, stored.ToTree(), now));
}
