using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds;

/// <summary>How a <see cref="SelectorTerm"/> compares a label.</summary>
public enum SelectorOperator
{
    In,
    NotIn,
    Exists,
    DoesNotExist,
    Gt,
    Lt,
}

/// <summary>One requirement of a label selector or of a node selector term.</summary>
/// <remarks>Source: metav1.LabelSelectorRequirement and core NodeSelectorRequirement. NotIn also holds where the label is absent.</remarks>
public sealed record SelectorTerm(string Key, SelectorOperator Operator, ImmutableArray<string> Values)
{
    public bool Matches(IReadOnlyDictionary<string, string> labels) =>
        labels.TryGetValue(Key, out var value) ? MatchesValue(value) : Operator is SelectorOperator.NotIn or SelectorOperator.DoesNotExist;

    /// <summary>Whether a present <paramref name="value"/> satisfies the requirement.</summary>
    public bool MatchesValue(string value) => Operator switch
    {
        SelectorOperator.In => Values.Contains(value, StringComparer.Ordinal),
        SelectorOperator.NotIn => !Values.Contains(value, StringComparer.Ordinal),
        SelectorOperator.Exists => true,
        SelectorOperator.DoesNotExist => false,
        _ => MatchesNumber(value),
    };

    private bool MatchesNumber(string value) =>
        Values.Length == 1
        && long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var left)
        && long.TryParse(Values[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var right)
        && (Operator == SelectorOperator.Gt ? left > right : left < right);

    /// <summary>The requirements of <c>matchExpressions</c> or <c>matchFields</c>.</summary>
    public static ImmutableArray<SelectorTerm> ReadAll(JsonElement owner, string name) =>
        owner.Map(name, static e => new SelectorTerm(
            e.Text("key"),
            Enum.TryParse<SelectorOperator>(e.Text("operator"), out var op) ? op : SelectorOperator.In,
            e.Map("values", static v => v.Text())));
}

/// <summary>A label selector as controllers and the scheduler use it: every term must hold.</summary>
public sealed record LabelQuery(ImmutableArray<SelectorTerm> Terms)
{
    public static LabelQuery Everything { get; } = new([]);

    /// <summary>An absent selector, which selects nothing.</summary>
    public static LabelQuery Nothing { get; } = new([new SelectorTerm("", SelectorOperator.In, [])]);

    public bool IsEmpty => Terms.IsEmpty;

    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        foreach (var term in Terms)
            if (!term.Matches(labels)) return false;
        return true;
    }

    /// <summary>Reads a LabelSelector; absent is <see cref="Nothing"/>, empty is <see cref="Everything"/>.</summary>
    public static LabelQuery Read(JsonElement selector) => selector.Exists()
        ? new([.. FromMap(selector, "matchLabels"), .. SelectorTerm.ReadAll(selector, "matchExpressions")])
        : Nothing;

    /// <summary>Reads a plain map of labels, such as a Service's selector.</summary>
    public static LabelQuery ReadMap(JsonElement owner, string name) => new([.. FromMap(owner, name)]);

    private static IEnumerable<SelectorTerm> FromMap(JsonElement owner, string name) =>
        owner.Entries(name).Select(static e => new SelectorTerm(e.Name, SelectorOperator.In, [e.Value.Text()]));
}
