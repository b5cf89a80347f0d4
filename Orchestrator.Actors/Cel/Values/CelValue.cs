using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Cel.Values;

/// <summary>A value of the Common Expression Language. Immutable; an error is a value too.</summary>
public abstract class CelValue
{
    /// <summary>The type at run time; of lists and maps without their parameters.</summary>
    public abstract CelType Type { get; }

    /// <summary>Equality of the language: numbers by their value whatever their type, all else only within a type.</summary>
    public abstract bool SameAs(CelValue other);

    /// <summary>The value as JSON; null stands for null and for what JSON cannot say.</summary>
    public virtual JsonNode? ToJson() => null;

    /// <summary>What counts as the size of the value in costs: characters, bytes, elements, or 1.</summary>
    public virtual long CostSize => 1;
}

/// <summary>What went wrong; it travels up until a logical operator absorbs it.</summary>
public sealed class CelError(string message) : CelValue
{
    public static CelError NoSuchOverload { get; } = new("no such overload");
    public static CelError DivideByZero { get; } = new("division by zero");
    public static CelError ModulusByZero { get; } = new("modulus by zero");
    public static CelError IntOverflow { get; } = new("integer overflow");
    public static CelError UintOverflow { get; } = new("unsigned integer overflow");
    public static CelError TimestampOverflow { get; } = new("timestamp overflow");
    public static CelError DurationOverflow { get; } = new("duration overflow");
    public static CelError CostExceeded { get; } = new("operation cancelled: actual cost limit exceeded");

    public string Message { get; } = message;

    public override CelType Type => CelType.Error;

    public static CelError NoSuchKey(CelValue key) => new($"no such key: {CelText.Show(key)}");

    public static CelError NoSuchOverloadOf(string function) => new($"no such overload: {function}");

    public override bool SameAs(CelValue other) => ReferenceEquals(this, other);

    public override string ToString() => Message;
}

public sealed class CelNull : CelValue
{
    public static CelNull Instance { get; } = new();

    public override CelType Type => CelType.Null;

    public override bool SameAs(CelValue other) => other is CelNull;
}

public sealed class CelBool : CelValue
{
    private CelBool(bool value) => Value = value;

    public static CelBool True { get; } = new(true);
    public static CelBool False { get; } = new(false);

    public bool Value { get; }

    public override CelType Type => CelType.Bool;

    public static CelBool Of(bool value) => value ? True : False;

    public override bool SameAs(CelValue other) => other is CelBool b && b.Value == Value;

    public override JsonNode? ToJson() => Value;
}

public sealed class CelString(string value) : CelValue
{
    public static CelString Empty { get; } = new("");

    public string Value { get; } = value;

    public override CelType Type => CelType.String;

    public override long CostSize => CelText.Length(Value);

    public override bool SameAs(CelValue other) => other is CelString s && string.Equals(s.Value, Value, StringComparison.Ordinal);

    public override JsonNode? ToJson() => Value;

    public override string ToString() => Value;
}

public sealed class CelBytes(byte[] value) : CelValue
{
    public ReadOnlyMemory<byte> Value { get; } = value;

    public override CelType Type => CelType.Bytes;

    public override long CostSize => Value.Length;

    public override bool SameAs(CelValue other) => other is CelBytes b && b.Value.Span.SequenceEqual(Value.Span);

    public override JsonNode? ToJson() => Convert.ToBase64String(Value.Span);
}

/// <summary>A type as a value: what <c>type(x)</c> gives.</summary>
public sealed class CelTypeValue(CelType value) : CelValue
{
    public CelType Value { get; } = value;

    public override CelType Type => CelType.AnyType;

    public override bool SameAs(CelValue other) => other is CelTypeValue t && t.Value.Kind == Value.Kind && t.Value.Name == Value.Name;
}

/// <summary>A value that may be absent.</summary>
public sealed class CelOptional(CelValue? value) : CelValue
{
    public static CelOptional None { get; } = new(null);

    public CelValue? Value { get; } = value;

    public override CelType Type => CelType.DynOptional;

    public override bool SameAs(CelValue other) =>
        other is CelOptional o && (Value is null ? o.Value is null : o.Value is not null && Value.SameAs(o.Value));

    public override JsonNode? ToJson() => Value?.ToJson();
}
