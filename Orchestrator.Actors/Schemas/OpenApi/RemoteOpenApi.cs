using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Discovery;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>What another server's OpenAPI says about one version that it serves.</summary>
/// <param name="V2">Its whole document of version 2; null when it has none.</param>
/// <param name="V3">Where its document of version 3 is, a path with the hash of the document as query; null when it has none.</param>
public sealed record RemoteOpenApi(string Group, string Version, ReadOnlyMemory<byte>? V2, string? V3)
{
    private const string Definitions = "#/definitions/";

    private string Prefix => $"/apis/{Group}/{Version}";

    /// <summary>Our document of version 2 with the paths of other servers and the definitions that these refer to.</summary>
    /// <remarks>A definition of theirs that is not what we call so gets another name. Source: kube-openapi, pkg/aggregator.</remarks>
    public static OpenApiV2 MergeV2(OpenApiV2 local, IEnumerable<RemoteOpenApi> remotes)
    {
        var paths = new Dictionary<string, OpenApiPart>(StringComparer.Ordinal);
        var definitions = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        foreach (var remote in remotes)
            if (remote.Swagger() is { } theirs) remote.AddTo(paths, definitions, local, theirs);
        return local.With(paths, [.. definitions.Select(static d => OpenApiPart.Definition(d.Key, JsonTree.ToUtf8(d.Value)))]);
    }

    /// <summary>A document of version 3 in protobuf, under the same ETag.</summary>
    public static DiscoveryDocument ToProtobufV3(DiscoveryDocument v3)
    {
        using var document = JsonDocument.Parse(v3.Body);
        return new DiscoveryDocument(OpenApiV3Protobuf.Encode(document.RootElement), v3.ETag);
    }

    /// <summary>The document of version 3 of a server that has only one of version 2, by group and version.</summary>
    public static IReadOnlyDictionary<(string Group, string Version), DiscoveryDocument> ConvertedV3(IEnumerable<RemoteOpenApi> remotes)
    {
        var documents = new Dictionary<(string, string), DiscoveryDocument>();
        foreach (var remote in remotes)
            if (remote.V3 is null && remote.Swagger() is { } theirs && OpenApiV3Conversion.Convert(theirs, remote.Prefix) is { } document)
                documents[(remote.Group, remote.Version)] = DiscoveryDocument.Of(JsonTree.ToUtf8(document));
        return documents;
    }

    /// <summary>The index of version 3 with the documents of other servers.</summary>
    /// <param name="local">Ours.</param>
    /// <param name="remotes">The other servers.</param>
    /// <param name="converted">Of those that have none of their own.</param>
    public static DiscoveryDocument MergeV3Index(
        DiscoveryDocument local, IEnumerable<RemoteOpenApi> remotes, IReadOnlyDictionary<(string Group, string Version), DiscoveryDocument> converted)
    {
        var document = JsonNode.Parse(local.Body.Span)!.AsObject();
        var paths = JsonTree.Ensure(document, "paths");
        foreach (var remote in remotes)
        {
            paths.Remove(remote.Prefix[1..]);
            var own = converted.TryGetValue((remote.Group, remote.Version), out var made) ? $"/openapi/v3{remote.Prefix}?hash={made.ETag.Trim('"')}" : null;
            if ((remote.V3 ?? own) is { } url) paths[remote.Prefix[1..]] = new JsonObject { ["serverRelativeURL"] = url };
        }
        return DiscoveryDocument.Of(JsonTree.ToUtf8(document));
    }

    /// <summary>Where a server's index says that the document of a version is; null when it does not say so.</summary>
    public static string? FindV3(ReadOnlyMemory<byte> index, string group, string version)
    {
        var url = JsonTree.AsString(JsonTree.At(Parse(index), ["paths", $"apis/{group}/{version}", "serverRelativeURL"]));
        // Clients ask us, so it can only be the path that we hand on.
        return url is not null && (url == $"/openapi/v3/apis/{group}/{version}" || url.StartsWith($"/openapi/v3/apis/{group}/{version}?", StringComparison.Ordinal)) ? url : null;
    }

    /// <summary>The document of version 2, where operations say themselves what they share at its top: only paths and definitions are handed on.</summary>
    private JsonObject? Swagger()
    {
        if (V2 is not { } body || Parse(body) is not { } document) return null;
        foreach (var (_, item) in JsonTree.Object(document, "paths") ?? [])
        {
            if (item is not JsonObject path) continue;
            Inline(path, "parameters", document);
            foreach (var (_, operation) in path) Inline(operation as JsonObject, "parameters", document);
        }
        return document;
    }

    private static void Inline(JsonObject? owner, string name, JsonObject document)
    {
        if (JsonTree.Array(owner, name) is not { } list) return;
        var prefix = $"#/{name}/";
        owner![name] = new JsonArray([.. list.Select(one => JsonTree.String(one as JsonObject, "$ref") is { } reference && reference.StartsWith(prefix, StringComparison.Ordinal)
            ? JsonTree.At(document, [name, reference[prefix.Length..]]) ?? one
            : one)]);
    }

    private void AddTo(Dictionary<string, OpenApiPart> paths, Dictionary<string, JsonNode> definitions, OpenApiV2 local, JsonObject theirs)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var own = JsonTree.Object(theirs, "definitions") ?? [];
        var taken = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        var copies = new List<(string Path, JsonNode Item)>();
        var wanted = new Queue<JsonNode>();
        foreach (var (path, item) in JsonTree.Object(theirs, "paths") ?? [])
        {
            if (item is null || (path != Prefix && !path.StartsWith(Prefix + "/", StringComparison.Ordinal))) continue;
            copies.Add((path, item.DeepClone()));
            wanted.Enqueue(copies[^1].Item);
        }
        while (wanted.TryDequeue(out var node))
            foreach (var owner in References(node))
            {
                var name = JsonTree.String(owner, "$ref")![Definitions.Length..];
                if (!names.TryGetValue(name, out var renamed))
                {
                    var definition = own[name]?.DeepClone() ?? new JsonObject { ["type"] = "object" };
                    names[name] = renamed = NameFor(name, definition, n => definitions.GetValueOrDefault(n) ?? Known(n));
                    if (!definitions.ContainsKey(renamed) && Known(renamed) is null)
                    {
                        taken[renamed] = definition;
                        wanted.Enqueue(definition);
                    }
                }
                owner["$ref"] = Definitions + renamed;
            }
        foreach (var (path, item) in copies) paths[path] = OpenApiPart.Path(path, JsonTree.ToUtf8(item));
        foreach (var (name, definition) in taken) definitions[name] = definition;

        JsonNode? Known(string name) => local.Definition(name) is { } part ? JsonNode.Parse(part.Json) : null;
    }

    private static string NameFor(string name, JsonNode definition, Func<string, JsonNode?> known)
    {
        var candidate = name;
        for (var number = 2; known(candidate) is { } other && !JsonTree.DeepEquals(other, definition); number++) candidate = $"{name}_v{number}";
        return candidate;
    }

    private static IEnumerable<JsonObject> References(JsonNode? node)
    {
        var open = new Stack<JsonNode?>([node]);
        while (open.TryPop(out var next))
        {
            if (next is JsonArray array) foreach (var item in array) open.Push(item);
            if (next is not JsonObject owner) continue;
            if (JsonTree.String(owner, "$ref")?.StartsWith(Definitions, StringComparison.Ordinal) == true) yield return owner;
            foreach (var (_, value) in owner) open.Push(value);
        }
    }

    private static JsonObject? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonNode.Parse(body.Span) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
