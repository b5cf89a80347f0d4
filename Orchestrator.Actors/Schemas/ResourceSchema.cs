using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>Everything that the API server knows of one version of one type of resource.</summary>
public sealed record ResourceSchema
{
    /// <summary>The type under its served name. Versions of a type share it.</summary>
    public required ResourceType Type { get; init; }

    /// <summary>The type whose registry holds the objects: <see cref="Type"/> but for events.k8s.io, which shows core's events.</summary>
    public ResourceType StoredAs { get => field == default ? Type : field; init; }

    public required string Version { get; init; }
    public required string Kind { get; init; }
    public required string ListKind { get; init; }
    public required string Singular { get; init; }
    public required bool Namespaced { get; init; }
    public required TypeSchema Root { get; init; }
    public ImmutableArray<string> ShortNames { get; init; } = [];
    public ImmutableArray<string> Categories { get; init; } = [];
    public ImmutableArray<string> Verbs { get; init; } = [];
    public ImmutableArray<SubresourceSchema> Subresources { get; init; } = [];
    public ImmutableArray<ColumnSchema> Columns { get; init; } = [];

    /// <summary>The fields beyond metadata.name and metadata.namespace that a field selector may name.</summary>
    public ImmutableArray<SelectableField> SelectableFields { get; init; } = [];

    public string Description { get; init; } = "";

    /// <summary>Comes from a CustomResourceDefinition.</summary>
    public bool IsCustom { get; init; }

    /// <summary>Clients may reach it. Built-in kinds that have no behaviour yet are described but not served.</summary>
    public bool Served { get; init; } = true;

    /// <summary>Objects are stored in this version.</summary>
    public bool Storage { get; init; } = true;

    /// <summary>Nothing is stored: a create is an action (bindings).</summary>
    public bool IsVirtual { get; init; }

    public GenerationRule Generation { get; init; }

    /// <summary>An update must name the version that it replaces.</summary>
    public bool UpdateNeedsVersion { get; init; }

    /// <summary>An update of an object that is not there makes it.</summary>
    public bool UpdateMayCreate { get; init; }

    /// <summary>A deletion answers with what the object was; of all other kinds it answers with a Status.</summary>
    /// <remarks>Source: the registries of kube-apiserver that set ReturnDeletedObject.</remarks>
    public bool TellsDeleted { get; init; }

    public NameRule NameRule { get; init; }

    /// <summary>Sent with every answer when the version is deprecated; empty otherwise.</summary>
    public string DeprecationWarning { get; init; } = "";

    /// <summary>The rules of a custom resource; null when it has none.</summary>
    public Rules.CustomRules? Rules { get; init; }

    /// <summary>What the definition of a custom resource says of this version, for those who publish it; null for built-in kinds.</summary>
    /// <remarks>Read anew each time, since it is seldom asked for: what requests need of it is in <see cref="Root"/>.</remarks>
    public Func<JsonObject?>? Published { get; init; }

    /// <summary>All versions of a custom resource, this one included; null for built-in kinds.</summary>
    public CustomVersions? Versions { get; init; }

    /// <summary>What is stored may have been written in another version or under another schema, so it is pruned and defaulted when it is read.</summary>
    public bool StoredOtherwise { get; init; }

    /// <summary>The webhook that converts between the versions; null when they differ in their names alone.</summary>
    public Kinds.CustomResources.CustomConversion? Conversion { get; init; }

    public string Group => Type.Group;
    public string Plural => Type.Plural;

    /// <summary><c>v1</c> or <c>apps/v1</c>.</summary>
    public string ApiVersion { get => field ??= Type.Group.Length == 0 ? Version : $"{Type.Group}/{Version}"; private init; }

    public SubresourceSchema? Subresource(string name)
    {
        foreach (var sub in Subresources)
            if (sub.Name == name) return sub;
        return null;
    }

    public bool HasStatus => Subresource("status") is not null;
}

/// <summary>A path below an object.</summary>
/// <param name="Name">Such as <c>status</c>.</param>
/// <param name="Verbs">Of get, patch, update, create.</param>
/// <param name="Kind">The kind of its body; for scale and eviction it is of another group.</param>
public sealed record SubresourceSchema(string Name, ImmutableArray<string> Verbs, string Group, string Version, string Kind)
{
    /// <summary>For scale: where replicas are in spec and status and the selector in status (dotted paths); empty for none.</summary>
    public string SpecReplicasPath { get; init; } = "";
    public string StatusReplicasPath { get; init; } = "";
    public string SelectorPath { get; init; } = "";
}

/// <summary>A column of a Table.</summary>
/// <param name="Name">The heading.</param>
/// <param name="Type">string, integer, number, boolean or date.</param>
/// <param name="Priority">0 is always shown, 1 only when wide.</param>
/// <param name="JsonPath">Where a custom resource keeps the value; empty for built-in columns, which are computed.</param>
public sealed record ColumnSchema(string Name, string Type, int Priority, string JsonPath = "", string Format = "", string Description = "");

/// <summary>A field that a field selector may name, and where it is in the object.</summary>
/// <param name="Default">What an absent field counts as: empty, or <c>false</c> for booleans.</param>
public sealed record SelectableField(string Name, ImmutableArray<string> Path, string Default = "")
{
    /// <summary>Where its value is when there is none at <see cref="Path"/>; empty when it is nowhere else.</summary>
    public ImmutableArray<string> Otherwise { get; init; } = [];
}
