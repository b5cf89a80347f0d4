using System.Collections.Immutable;

namespace Orchestrator.Actors.Cel.Types;

/// <summary>What kind of type a <see cref="CelType"/> is.</summary>
public enum CelTypeKind : byte
{
    /// <summary>Known only at run time.</summary>
    Dyn,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    List,
    Map,

    /// <summary>Named fields, each with a type of its own.</summary>
    Object,

    /// <summary>The type of types.</summary>
    Type,

    /// <summary>A placeholder in the signature of a generic function.</summary>
    Parameter,
    Optional,

    /// <summary>A type of a library, known by its name alone: a quantity, an IP address.</summary>
    Opaque,

    /// <summary>The type of what did not pass the type check.</summary>
    Error,
}

/// <summary>A type of the Common Expression Language. Immutable.</summary>
public sealed class CelType
{
    private readonly Func<string, CelType?>? _field;

    private CelType(CelTypeKind kind, string name, ImmutableArray<CelType> parameters = default, Func<string, CelType?>? field = null)
    {
        Kind = kind;
        Name = name;
        Parameters = parameters.IsDefault ? [] : parameters;
        _field = field;
    }

    public static CelType Dyn { get; } = new(CelTypeKind.Dyn, "dyn");
    public static CelType Null { get; } = new(CelTypeKind.Null, "null_type");
    public static CelType Bool { get; } = new(CelTypeKind.Bool, "bool");
    public static CelType Int { get; } = new(CelTypeKind.Int, "int");
    public static CelType Uint { get; } = new(CelTypeKind.Uint, "uint");
    public static CelType Double { get; } = new(CelTypeKind.Double, "double");
    public static CelType String { get; } = new(CelTypeKind.String, "string");
    public static CelType Bytes { get; } = new(CelTypeKind.Bytes, "bytes");
    public static CelType Timestamp { get; } = new(CelTypeKind.Timestamp, "google.protobuf.Timestamp");
    public static CelType Duration { get; } = new(CelTypeKind.Duration, "google.protobuf.Duration");
    public static CelType Error { get; } = new(CelTypeKind.Error, "!error!");
    public static CelType AnyType { get; } = new(CelTypeKind.Type, "type");
    public static CelType DynList { get; } = List(Dyn);
    public static CelType DynMap { get; } = Map(Dyn, Dyn);
    public static CelType DynOptional { get; } = Optional(Dyn);

    public CelTypeKind Kind { get; }

    /// <summary>Such as <c>int</c>, <c>list</c> or <c>kubernetes.Quantity</c>.</summary>
    public string Name { get; }

    /// <summary>The element type of a list or optional; the key and value types of a map.</summary>
    public ImmutableArray<CelType> Parameters { get; }

    /// <summary>The most elements (list, map) or bytes (string) that a value can have; -1 when nothing is known.</summary>
    /// <remarks>Serves the estimate of costs only; types that differ in it alone are the same type.</remarks>
    public long MaxElements { get; init; } = -1;

    /// <summary>The fewest bytes of JSON that a value takes.</summary>
    public long MinSerializedSize { get; init; } = 1;

    public CelType Element => Parameters[0];
    public CelType Key => Parameters[0];
    public CelType Value => Parameters[1];
    public bool IsDyn => Kind is CelTypeKind.Dyn or CelTypeKind.Error;

    public static CelType List(CelType element) => new(CelTypeKind.List, "list", [element]);

    public static CelType List(CelType element, long maxElements, long minSize) =>
        new(CelTypeKind.List, "list", [element]) { MaxElements = maxElements, MinSerializedSize = minSize };

    public static CelType Map(CelType key, CelType value) => new(CelTypeKind.Map, "map", [key, value]);

    public static CelType Map(CelType key, CelType value, long maxElements, long minSize) =>
        new(CelTypeKind.Map, "map", [key, value]) { MaxElements = maxElements, MinSerializedSize = minSize };

    public static CelType Optional(CelType element) => new(CelTypeKind.Optional, "optional_type", [element]);

    public static CelType TypeOf(CelType type) => new(CelTypeKind.Type, "type", [type]);

    public static CelType Parameter(string name) => new(CelTypeKind.Parameter, name);

    public static CelType Opaque(string name) => new(CelTypeKind.Opaque, name);

    /// <param name="name">Shown in messages; two object types of one name are the same type.</param>
    /// <param name="field">The type of a field, null when there is none; pure, called from many threads.</param>
    public static CelType Object(string name, Func<string, CelType?> field) => new(CelTypeKind.Object, name, [], field);

    /// <summary>A scalar of which more is known than its kind.</summary>
    public CelType Sized(long maxElements, long minSize) => new(Kind, Name, Parameters, _field) { MaxElements = maxElements, MinSerializedSize = minSize };

    /// <summary>The type of a field of an object; null when it has none of that name.</summary>
    public CelType? Field(string name) => _field?.Invoke(name);

    public CelType With(ImmutableArray<CelType> parameters) =>
        new(Kind, Name, parameters, _field) { MaxElements = MaxElements, MinSerializedSize = MinSerializedSize };

    public bool SameAs(CelType other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (Kind != other.Kind || Name != other.Name || Parameters.Length != other.Parameters.Length) return false;
        for (var i = 0; i < Parameters.Length; i++)
            if (!Parameters[i].SameAs(other.Parameters[i])) return false;
        return true;
    }

    public override string ToString() => Parameters.IsEmpty ? Name : $"{Name}({string.Join(", ", Parameters)})";
}
