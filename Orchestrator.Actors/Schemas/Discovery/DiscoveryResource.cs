using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Discovery;

/// <summary>One version of a resource with its subresources, in the two forms of discovery.</summary>
internal sealed record DiscoveryResource(ResourceSchema Schema, string StorageVersion)
{
    // A hash of eight bytes tells versions apart; clients only ever compare it.
    private const int HashBytes = 8;

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, Schema.Plural);
        writer.WriteString("singularName"u8, Schema.Singular);
        writer.WriteBoolean("namespaced"u8, Schema.Namespaced);
        writer.WriteString("kind"u8, Schema.Kind);
        WriteStrings(writer, "verbs", Sorted(Schema.Verbs));
        if (!Schema.ShortNames.IsEmpty) WriteStrings(writer, "shortNames", Schema.ShortNames);
        if (!Schema.Categories.IsEmpty) WriteStrings(writer, "categories", Schema.Categories);
        if (!Schema.IsVirtual) writer.WriteString("storageVersionHash"u8, StorageVersionHash());
        writer.WriteEndObject();
        foreach (var subresource in Schema.Subresources) Write(writer, subresource);
    }

    public void WriteAggregated(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("resource"u8, Schema.Plural);
        WriteKind(writer, Schema.Group, Schema.Version, Schema.Kind);
        writer.WriteString("scope"u8, Schema.Namespaced ? "Namespaced"u8 : "Cluster"u8);
        writer.WriteString("singularResource"u8, Schema.Singular);
        WriteStrings(writer, "verbs", Sorted(Schema.Verbs));
        if (!Schema.ShortNames.IsEmpty) WriteStrings(writer, "shortNames", Schema.ShortNames);
        if (!Schema.Categories.IsEmpty) WriteStrings(writer, "categories", Schema.Categories);
        if (!Schema.Subresources.IsEmpty)
        {
            writer.WriteStartArray("subresources"u8);
            foreach (var subresource in Schema.Subresources)
            {
                writer.WriteStartObject();
                writer.WriteString("subresource"u8, subresource.Name);
                WriteKind(writer, subresource.Group, subresource.Version, subresource.Kind);
                WriteStrings(writer, "verbs", Sorted(subresource.Verbs));
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }

    private void Write(Utf8JsonWriter writer, SubresourceSchema subresource)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, $"{Schema.Plural}/{subresource.Name}");
        writer.WriteString("singularName"u8, ""u8);
        writer.WriteBoolean("namespaced"u8, Schema.Namespaced);
        // Only a body of another group or version than the list's is spelled out.
        if (subresource.Group != Schema.Group || subresource.Version != Schema.Version)
        {
            writer.WriteString("group"u8, subresource.Group);
            writer.WriteString("version"u8, subresource.Version);
        }
        writer.WriteString("kind"u8, subresource.Kind);
        WriteStrings(writer, "verbs", Sorted(subresource.Verbs));
        writer.WriteEndObject();
    }

    private string StorageVersionHash() => Convert.ToBase64String(
        SHA256.HashData(Encoding.UTF8.GetBytes($"{Schema.Group}/{StorageVersion}/{Schema.Kind}")).AsSpan(0, HashBytes));

    private static IEnumerable<string> Sorted(ImmutableArray<string> verbs) => verbs.Order(StringComparer.Ordinal);

    private static void WriteKind(Utf8JsonWriter writer, string group, string version, string kind)
    {
        writer.WriteStartObject("responseKind"u8);
        writer.WriteString("group"u8, group);
        writer.WriteString("version"u8, version);
        writer.WriteString("kind"u8, kind);
        writer.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values) writer.WriteStringValue(value);
        writer.WriteEndArray();
    }
}
