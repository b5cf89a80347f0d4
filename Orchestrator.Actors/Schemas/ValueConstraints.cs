using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>Limits on a value beside its type. Bounds on built-in fields use the same words as those of a CRD's schema.</summary>
public sealed class ValueConstraints
{
    /// <summary>The allowed strings, in the order in which messages list them; empty allows all.</summary>
    public ImmutableArray<string> Enum { get; init; } = [];

    /// <summary>The allowed values of a custom resource's field; empty allows all.</summary>
    public ImmutableArray<JsonNode?> EnumValues { get; init; } = [];

    public double? Minimum { get; init; }
    public double? Maximum { get; init; }
    public bool ExclusiveMinimum { get; init; }
    public bool ExclusiveMaximum { get; init; }
    public double? MultipleOf { get; init; }

    /// <summary>Lengths of a string in characters (Unicode code points).</summary>
    public long? MinLength { get; init; }
    public long? MaxLength { get; init; }

    public long? MinItems { get; init; }
    public long? MaxItems { get; init; }
    public bool UniqueItems { get; init; }
    public long? MinProperties { get; init; }
    public long? MaxProperties { get; init; }
    public Regex? Pattern { get; init; }
    public string PatternText { get; init; } = "";

    /// <summary>A format of OpenAPI that is checked, such as <c>date-time</c> or <c>ipv4</c>; empty for none.</summary>
    public string Format { get; init; } = "";

    /// <summary>Logical junctors over plain value validation, each a schema that is only validated against.</summary>
    public ImmutableArray<TypeSchema> AllOf { get; init; } = [];
    public ImmutableArray<TypeSchema> AnyOf { get; init; } = [];
    public ImmutableArray<TypeSchema> OneOf { get; init; } = [];
    public TypeSchema? Not { get; init; }
}
