using System.Collections.Immutable;

namespace Orchestrator.Actors.Authorization;

/// <summary>Whether rules contain others: nobody grants what he does not hold. Pure.</summary>
/// <remarks>Source: k8s.io/component-helpers, auth/rbac/validation, Covers.</remarks>
public static class RuleCover
{
    /// <summary>Those of <paramref name="wanted"/>, in their smallest parts, that <paramref name="held"/> does not contain.</summary>
    public static ImmutableArray<PolicyRule> Uncovered(ImmutableArray<PolicyRule> held, ImmutableArray<PolicyRule> wanted) =>
        [.. wanted.SelectMany(Parts).Where(part => !held.Any(h => Covers(h, part)))];

    /// <summary>Puts parts that differ in their verbs alone together again, in a fixed order, as refusals list them.</summary>
    public static ImmutableArray<PolicyRule> Compact(ImmutableArray<PolicyRule> parts)
    {
        var simple = new Dictionary<(string, string, string?), List<string>>();
        var rest = new List<PolicyRule>();
        foreach (var part in parts)
        {
            if (part is { ApiGroups.Length: 1, Resources.Length: 1, ResourceNames.Length: <= 1, NonResourceUrls.IsEmpty: true })
            {
                var key = (part.ApiGroups[0], part.Resources[0], part.ResourceNames.FirstOrDefault());
                if (!simple.TryGetValue(key, out var verbs)) simple[key] = verbs = [];
                verbs.AddRange(part.Verbs.Except(verbs, StringComparer.Ordinal));
            }
            else rest.Add(part);
        }
        return [.. simple.Select(s => new PolicyRule
        {
            ApiGroups = [s.Key.Item1],
            Resources = [s.Key.Item2],
            ResourceNames = s.Key.Item3 is { } name ? [name] : [],
            Verbs = [.. s.Value],
        }).Concat(rest).OrderBy(static r => r.ToString(), StringComparer.Ordinal)];
    }

    /// <summary>Every combination of one verb, group, resource and name.</summary>
    private static IEnumerable<PolicyRule> Parts(PolicyRule rule)
    {
        foreach (var group in rule.ApiGroups)
            foreach (var resource in rule.Resources)
                foreach (var verb in rule.Verbs)
                {
                    var part = new PolicyRule { ApiGroups = [group], Resources = [resource], Verbs = [verb] };
                    if (rule.ResourceNames.IsEmpty) yield return part;
                    else foreach (var name in rule.ResourceNames) yield return part with { ResourceNames = [name] };
                }
        foreach (var url in rule.NonResourceUrls)
            foreach (var verb in rule.Verbs)
                yield return new PolicyRule { NonResourceUrls = [url], Verbs = [verb] };
    }

    private static bool Covers(PolicyRule held, PolicyRule part)
    {
        if (!HasAll(held.Verbs, part.Verbs)) return false;
        if (!part.NonResourceUrls.IsEmpty) return part.NonResourceUrls.All(url => held.NonResourceUrls.Any(h => CoversPath(h, url)));
        if (!HasAll(held.ApiGroups, part.ApiGroups) || !CoversResource(held.Resources, part.Resources[0])) return false;
        return held.ResourceNames.IsEmpty || (!part.ResourceNames.IsEmpty && part.ResourceNames.All(n => held.ResourceNames.Contains(n)));
    }

    private static bool HasAll(ImmutableArray<string> held, ImmutableArray<string> wanted) =>
        held.Contains("*") || wanted.All(w => held.Contains(w));

    private static bool CoversResource(ImmutableArray<string> held, string wanted)
    {
        if (held.Contains("*") || held.Contains(wanted)) return true;
        var slash = wanted.IndexOf('/', StringComparison.Ordinal);
        return slash >= 0 && held.Contains($"*/{wanted[(slash + 1)..]}");
    }

    private static bool CoversPath(string held, string wanted) =>
        held == wanted || (held.EndsWith('*') && wanted.StartsWith(held.TrimEnd('*'), StringComparison.Ordinal));
}
