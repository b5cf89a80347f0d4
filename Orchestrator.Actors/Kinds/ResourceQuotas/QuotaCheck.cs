using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ResourceQuotas;

/// <summary>What a request wants of the quotas of its namespace.</summary>
/// <param name="Type">What is written.</param>
/// <param name="Name">Its name, for the refusal.</param>
/// <param name="Item">The object as it is to be.</param>
/// <param name="Delta">What it uses more than before, no zeros; all negative where a charge is given back.</param>
public sealed record QuotaRequest(ResourceType Type, string Name, QuotaItem Item, IReadOnlyDictionary<string, Quantity> Delta)
{
    /// <summary>The request that gives back what this one was charged.</summary>
    public QuotaRequest Reversed() => this with { Delta = Delta.ToDictionary(static d => d.Key, static d => default(Quantity) - d.Value) };

    public static QuotaRequest Of(ResourceType type, string name, QuotaItem now, QuotaItem? before)
    {
        var delta = new SortedDictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var (resource, amount) in now.Usage)
        {
            var more = before is not null && before.Usage.TryGetValue(resource, out var had) ? amount - had : amount;
            if (more.Sign > 0) delta[resource] = more;
        }
        return new QuotaRequest(type, name, now, delta);
    }
}

/// <summary>Decides whether a request fits into a quota. Pure.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/admission/plugin/resourcequota/controller.go, CheckRequest.</remarks>
public static class QuotaCheck
{
    /// <summary>Whether the quota counts anything of objects of the type.</summary>
    public static bool Concerns(ResourceQuotaView quota, ResourceType type)
    {
        foreach (var (resource, _) in quota.Hard)
            if (QuotaItem.Concerns(type, resource)) return true;
        return false;
    }

    /// <summary>What the quota uses with the request on top, null where it does not concern it; or the refusal.</summary>
    /// <param name="used">What it uses before.</param>
    public static (ImmutableSortedDictionary<string, Quantity>? Used, ApiError? Error) Charge(
        ResourceQuotaView quota, ImmutableSortedDictionary<string, Quantity> used, QuotaRequest request)
    {
        if (!request.Item.IsIn(quota)) return (null, null);
        var restricted = quota.Hard.Keys.Where(r => QuotaItem.Concerns(request.Type, r)).ToList();
        if (restricted.Count == 0) return (null, null);
        if (request.Item.Constraint(restricted) is { } missing) return (null, Forbidden(request, $"failed quota: {quota.Key.Name}: {missing}"));
        if (restricted.Where(r => !used.ContainsKey(r)).ToList() is { Count: > 0 } unknown)
            return (null, Forbidden(request, $"status unknown for quota: {quota.Key.Name}, resources: {string.Join(',', unknown)}"));

        var after = used;
        var exceeded = new List<string>();
        foreach (var (resource, amount) in request.Delta)
        {
            if (!quota.Hard.TryGetValue(resource, out var hard)) continue;
            var sum = used[resource] + amount;
            if (amount.Sign > 0 && sum > hard) exceeded.Add(resource);
            // What is given back may have been found missing by a count already.
            if (sum.Sign < 0) sum = default;
            after = after.SetItem(resource, sum);
        }
        if (exceeded.Count > 0)
            return (null, Forbidden(request,
                $"exceeded quota: {quota.Key.Name}, requested: {Print(exceeded, request.Delta)}, used: {Print(exceeded, used)}, limited: {Print(exceeded, quota.Hard)}"));
        return ReferenceEquals(after, used) ? (null, null) : (after, null);
    }

    /// <summary>The status of a quota.</summary>
    public static JsonObject Status(IEnumerable<KeyValuePair<string, Quantity>> hard, IEnumerable<KeyValuePair<string, Quantity>> used) =>
        new() { ["hard"] = List(hard), ["used"] = List(used) };

    private static JsonObject List(IEnumerable<KeyValuePair<string, Quantity>> amounts)
    {
        var list = new JsonObject();
        foreach (var (name, amount) in amounts) list[name] = amount.ToString();
        return list;
    }

    private static string Print(List<string> resources, IReadOnlyDictionary<string, Quantity> amounts) =>
        string.Join(',', resources.Order(StringComparer.Ordinal).Select(r => $"{r}={amounts[r]}"));

    private static ApiError Forbidden(QuotaRequest request, string why) => ApiError.Forbidden(request.Type, request.Name, why);
}
