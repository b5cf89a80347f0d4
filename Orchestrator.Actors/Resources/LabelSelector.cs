using System.Collections.Immutable;
using System.Globalization;

namespace Orchestrator.Actors.Resources;

/// <summary>What a requirement asks of the value of one label.</summary>
public enum LabelOperator : byte
{
    In,
    NotIn,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

/// <summary>One condition of a label selector, or of a term that selects nodes.</summary>
/// <remarks>Source: metav1.LabelSelectorRequirement and core NodeSelectorRequirement. NotIn also holds where the label is absent.</remarks>
public sealed record LabelRequirement(string Key, LabelOperator Operator, ImmutableArray<string> Values)
{
    public bool Matches(IReadOnlyDictionary<string, string> labels) =>
        labels.TryGetValue(Key, out var value) ? MatchesValue(value) : Operator is LabelOperator.NotIn or LabelOperator.DoesNotExist;

    /// <summary>Whether a value that is there satisfies the requirement.</summary>
    public bool MatchesValue(string value) => Operator switch
    {
        LabelOperator.In => Contains(value),
        LabelOperator.NotIn => !Contains(value),
        LabelOperator.Exists => true,
        LabelOperator.DoesNotExist => false,
        _ => Compare(value),
    };

    private bool Contains(string value)
    {
        foreach (var wanted in Values)
            if (string.Equals(wanted, value, StringComparison.Ordinal)) return true;
        return false;
    }

    private bool Compare(string value)
    {
        if (Values.Length != 1 || !long.TryParse(Values[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var bound)) return false;
        if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return false;
        return Operator == LabelOperator.GreaterThan ? number > bound : number < bound;
    }

    public override string ToString() => Operator switch
    {
        LabelOperator.In when Values.Length == 1 => $"{Key}={Values[0]}",
        LabelOperator.In => $"{Key} in ({string.Join(',', Values.Order(StringComparer.Ordinal))})",
        LabelOperator.NotIn when Values.Length == 1 => $"{Key}!={Values[0]}",
        LabelOperator.NotIn => $"{Key} notin ({string.Join(',', Values.Order(StringComparer.Ordinal))})",
        LabelOperator.Exists => Key,
        LabelOperator.DoesNotExist => $"!{Key}",
        LabelOperator.GreaterThan => $"{Key}>{Values[0]}",
        _ => $"{Key}<{Values[0]}",
    };
}

/// <summary>A conjunction of requirements on labels.</summary>
/// <remarks>An absent selector and an empty one differ by place: in most specs an absent one matches nothing
/// (<see cref="Nothing"/>), an empty one everything. See <see cref="LabelSelectorJson"/> for the object form.</remarks>
public sealed class LabelSelector(ImmutableArray<LabelRequirement> requirements, bool nothing = false)
{
    public static readonly LabelSelector Everything = new([]);
    public static readonly LabelSelector Nothing = new([], nothing: true);

    public ImmutableArray<LabelRequirement> Requirements { get; } = requirements;

    public bool IsEverything => !nothing && Requirements.IsEmpty;

    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        if (nothing) return false;
        foreach (var requirement in Requirements)
            if (!requirement.Matches(labels)) return false;
        return true;
    }

    /// <summary>Requires each of <paramref name="labels"/>, as the plain map selector of a Service does. Empty matches nothing.</summary>
    public static LabelSelector FromMap(IReadOnlyDictionary<string, string> labels) =>
        labels.Count == 0 ? Nothing : new LabelSelector([.. labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => new LabelRequirement(l.Key, LabelOperator.In, [l.Value]))]);

    /// <summary>Reads the <c>labelSelector</c> parameter. The fault is what upstream answers with 400.</summary>
    public static LabelSelector? Parse(string text, out string? fault) => LabelSelectorParser.Parse(text, out fault);

    /// <summary>The text form, by key, as Scale shows it.</summary>
    public override string ToString() => string.Join(',', Requirements.OrderBy(r => r.Key, StringComparer.Ordinal));
}
