namespace Orchestrator.Actors.Schemas;

/// <summary>What a value is in JSON and in protobuf.</summary>
public enum SchemaKind : byte
{
    /// <summary>An object with named fields.</summary>
    Object,

    /// <summary>An object whose keys are data; <see cref="TypeSchema.Items"/> describes the values.</summary>
    Map,
    List,
    String,
    Int32,
    Int64,
    Double,
    Bool,

    /// <summary>Any JSON value, kept as it is (apiextensions JSON, JSONSchemaPropsOrBool and their like).</summary>
    Any,

    /// <summary>Any JSON object, kept as it is (runtime.RawExtension, FieldsV1).</summary>
    RawObject,
    IntOrString,
    Quantity,

    /// <summary>RFC 3339 with whole seconds.</summary>
    Time,

    /// <summary>RFC 3339 with microseconds.</summary>
    MicroTime,

    /// <summary>A length of time as Go writes it, such as <c>1m30s</c>.</summary>
    Duration,

    /// <summary>Base64 of bytes.</summary>
    Bytes,
}

/// <summary>How entries of a list are told apart when two lists are merged.</summary>
public enum ListMergeType : byte
{
    /// <summary>Not said: as atomic.</summary>
    Unspecified,
    Atomic,
    Set,
    Map,
}

/// <summary>What a strategic merge patch does to a field.</summary>
[Flags]
public enum PatchStrategies : byte
{
    None = 0,
    Merge = 1,
    Replace = 2,
    RetainKeys = 4,
}

/// <summary>Which change of an object raises <c>metadata.generation</c>.</summary>
public enum GenerationRule : byte
{
    /// <summary>The kind has no generation.</summary>
    None,

    /// <summary>A change of <c>spec</c>.</summary>
    Spec,

    /// <summary>A change of anything but metadata and status, as for custom resources.</summary>
    Everything,
}

/// <summary>What <c>metadata.name</c> must look like.</summary>
public enum NameRule : byte
{
    DnsSubdomain,
    DnsLabel,

    /// <summary>RFC 1035: also starts with a letter (services).</summary>
    Dns1035Label,

    /// <summary>Anything that can be one segment of a path (RBAC).</summary>
    PathSegment,
}
