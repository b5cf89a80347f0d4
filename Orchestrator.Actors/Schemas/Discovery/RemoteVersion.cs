using System.Collections.Immutable;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Discovery;

/// <summary>A version of a group that another server serves, as discovery tells of it.</summary>
/// <param name="GroupPriority">Groups with more come first.</param>
/// <param name="VersionPriority">Of the versions of a group those with more come first.</param>
/// <param name="Current">Whether the server said so lately; otherwise it is told as stale.</param>
/// <param name="Resources">The resources in the aggregated form, a JSON array.</param>
public sealed record RemoteVersion(string Group, string Version, int GroupPriority, int VersionPriority, bool Current, ReadOnlyMemory<byte> Resources)
{
    /// <summary>What is told of a server that was never reached.</summary>
    public static readonly ReadOnlyMemory<byte> NoResources = "[]"u8.ToArray();

    public bool SameAs(RemoteVersion other) =>
        Group == other.Group && Version == other.Version && GroupPriority == other.GroupPriority && VersionPriority == other.VersionPriority
        && Current == other.Current && Resources.Span.SequenceEqual(other.Resources.Span);

    /// <summary>Turns an APIResourceList, which every server has, into the resources of the aggregated form.</summary>
    /// <exception cref="JsonException">It is no such list.</exception>
    public static ReadOnlyMemory<byte> ResourcesOf(ReadOnlyMemory<byte> list, string group, string version)
    {
        using var document = JsonDocument.Parse(list);
        if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("resources", out var resources) || resources.ValueKind != JsonValueKind.Array)
            throw new JsonException("no list of resources");
        var all = resources.EnumerateArray().Where(static r => r.ValueKind == JsonValueKind.Object).ToList();
        var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartArray();
            foreach (var resource in all.Where(static r => !Text(r, "name").Contains('/', StringComparison.Ordinal)))
                Write(writer, resource, [.. all.Where(r => Text(r, "name").StartsWith(Text(resource, "name") + "/", StringComparison.Ordinal))], group, version);
            writer.WriteEndArray();
        }
        return stream.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, JsonElement resource, ImmutableArray<JsonElement> subresources, string group, string version)
    {
        writer.WriteStartObject();
        writer.WriteString("resource"u8, Text(resource, "name"));
        WriteKind(writer, resource, group, version);
        writer.WriteString("scope"u8, resource.TryGetProperty("namespaced", out var namespaced) && namespaced.ValueKind == JsonValueKind.True ? "Namespaced"u8 : "Cluster"u8);
        writer.WriteString("singularResource"u8, Text(resource, "singularName"));
        Copy(writer, resource, "verbs", always: true);
        Copy(writer, resource, "shortNames", always: false);
        Copy(writer, resource, "categories", always: false);
        if (!subresources.IsEmpty)
        {
            writer.WriteStartArray("subresources"u8);
            foreach (var subresource in subresources)
            {
                writer.WriteStartObject();
                writer.WriteString("subresource"u8, Text(subresource, "name")[(Text(resource, "name").Length + 1)..]);
                WriteKind(writer, subresource, group, version);
                Copy(writer, subresource, "verbs", always: true);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }

    private static void WriteKind(Utf8JsonWriter writer, JsonElement resource, string group, string version)
    {
        writer.WriteStartObject("responseKind"u8);
        writer.WriteString("group"u8, Text(resource, "group") is { Length: > 0 } other ? other : Text(resource, "version").Length > 0 ? "" : group);
        writer.WriteString("version"u8, Text(resource, "version") is { Length: > 0 } its ? its : version);
        writer.WriteString("kind"u8, Text(resource, "kind"));
        writer.WriteEndObject();
    }

    private static void Copy(Utf8JsonWriter writer, JsonElement resource, string name, bool always)
    {
        if (resource.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array)
        {
            writer.WritePropertyName(name);
            list.WriteTo(writer);
        }
        else if (always)
        {
            writer.WriteStartArray(name);
            writer.WriteEndArray();
        }
    }

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
