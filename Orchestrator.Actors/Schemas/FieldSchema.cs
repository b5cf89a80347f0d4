using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>One named field of an object type.</summary>
public sealed class FieldSchema
{
    public required string Name { get; init; }
    public required TypeSchema Type { get; init; }
    public string Description { get; init; } = "";
    public bool Required { get; init; }

    /// <summary>False for a name that is only required: it is no field of a custom resource that could be kept.</summary>
    public bool IsDescribed { get; init; } = true;

    /// <summary>The rules of its kind say what is wrong with a value or with its absence, in words of their own.</summary>
    public bool ToldByRules { get; init; }

    /// <summary>What an absent field gets; clone before use. Null when there is no default.</summary>
    public JsonNode? Default { get; init; }

    /// <summary>The default also replaces 0, which upstream cannot tell from absent.</summary>
    public bool DefaultReplacesZero { get; init; }

    public PatchStrategies Patch { get; init; }

    /// <summary>The field that tells the entries apart in a strategic merge; empty for lists of scalars and others.</summary>
    public string PatchMergeKey { get; init; } = "";

    /// <summary>The protobuf field numbers from the enclosing message: one, or more when it lies in messages embedded
    /// inline (<c>2.19</c>); empty for apiVersion and kind of a whole object, which the envelope carries.</summary>
    public ImmutableArray<int> ProtobufPath { get; init; } = [];

    public override string ToString() => $"{Name} {Type}";
}
