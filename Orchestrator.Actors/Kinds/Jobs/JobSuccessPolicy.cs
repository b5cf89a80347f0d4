using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>One case in which an Indexed Job has succeeded before all of its indexes have.</summary>
/// <param name="Indexes">The indexes that count; null for all.</param>
/// <param name="Count">How many of them must have succeeded; null for each.</param>
public sealed record SuccessRule(IndexSet? Indexes, int? Count);

/// <summary>Ends a Job early when enough of it has succeeded.</summary>
/// <remarks>Source: kube-controller-manager, job/success_policy.go; KEP-3998.</remarks>
public static class JobSuccessPolicy
{
    internal static ImmutableArray<SuccessRule> Read(JsonElement spec) => [.. spec.Get("successPolicy").Items("rules").Select(static rule => new SuccessRule(
        rule.Text("succeededIndexes") is { Length: > 0 } text ? IndexSet.Parse(text) : null,
        rule.Get("succeededCount").Exists() ? (int)rule.Number("succeededCount") : null))];

    /// <summary>What the SuccessCriteriaMet condition says, or null while no rule is met.</summary>
    public static string? Match(ImmutableArray<SuccessRule> rules, int completions, IndexSet completed)
    {
        for (var i = 0; i < rules.Length; i++)
        {
            var counting = rules[i].Indexes?.Below(completions);
            var done = counting is null ? completed.Count : counting.Intersect(completed).Count;
            if ((rules[i].Count ?? counting?.Count) is { } wanted && done >= wanted)
                return string.Create(CultureInfo.InvariantCulture, $"Matched rules at index {i}");
        }
        return null;
    }
}
