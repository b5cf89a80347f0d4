using System.Collections.Immutable;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Discovery;

/// <summary>One API group with its served versions, the preferred one first.</summary>
internal sealed record DiscoveryGroup(string Name, ImmutableArray<DiscoveryVersion> Versions)
{
    public static DiscoveryGroup Create(string name, IEnumerable<ResourceSchema> served, SchemaCatalog catalog) => new(name,
        [.. served.GroupBy(static r => r.Version, StringComparer.Ordinal)
            .OrderBy(static v => v.Key, ApiVersionOrder.Newest)
            .Select(version => new DiscoveryVersion(name, version.Key, [.. version
                .OrderBy(static r => r.Plural, StringComparer.Ordinal)
                .Select(r => new DiscoveryResource(r, catalog.Find(r.Type)?.Version ?? r.Version))]))]);

    /// <summary>Writes the APIGroup; as a document of its own (<paramref name="whole"/>) it names its kind.</summary>
    public void Write(Utf8JsonWriter writer, bool whole)
    {
        writer.WriteStartObject();
        if (whole)
        {
            writer.WriteString("kind"u8, "APIGroup"u8);
            writer.WriteString("apiVersion"u8, "v1"u8);
        }
        writer.WriteString("name"u8, Name);
        writer.WriteStartArray("versions"u8);
        foreach (var version in Versions) version.WriteReference(writer);
        writer.WriteEndArray();
        writer.WritePropertyName("preferredVersion"u8);
        Versions[0].WriteReference(writer);
        writer.WriteEndObject();
    }

    public void WriteAggregated(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("metadata"u8);
        if (Name.Length > 0) writer.WriteString("name"u8, Name);
        writer.WriteNull("creationTimestamp"u8);
        writer.WriteEndObject();
        writer.WriteStartArray("versions"u8);
        foreach (var version in Versions) version.WriteAggregated(writer);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}

/// <summary>One version of a group and its resources in the order of their names.</summary>
internal sealed record DiscoveryVersion(string Group, string Name, ImmutableArray<DiscoveryResource> Resources)
{
    /// <summary>What another server said of the version; null when it is ours.</summary>
    public RemoteVersion? Remote { get; init; }

    private string GroupVersion => Group.Length == 0 ? Name : $"{Group}/{Name}";

    public void WriteReference(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("groupVersion"u8, GroupVersion);
        writer.WriteString("version"u8, Name);
        writer.WriteEndObject();
    }

    public void WriteResourceList(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("kind"u8, "APIResourceList"u8);
        writer.WriteString("apiVersion"u8, "v1"u8);
        writer.WriteString("groupVersion"u8, GroupVersion);
        writer.WriteStartArray("resources"u8);
        foreach (var resource in Resources) resource.Write(writer);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public void WriteAggregated(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("version"u8, Name);
        if (Remote is { } remote)
        {
            writer.WritePropertyName("resources"u8);
            writer.WriteRawValue(remote.Resources.Span);
        }
        else
        {
            writer.WriteStartArray("resources"u8);
            foreach (var resource in Resources) resource.WriteAggregated(writer);
            writer.WriteEndArray();
        }
        writer.WriteString("freshness"u8, Remote is { Current: false } ? "Stale"u8 : "Current"u8);
        writer.WriteEndObject();
    }
}
