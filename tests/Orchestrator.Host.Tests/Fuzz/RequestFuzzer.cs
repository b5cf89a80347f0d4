using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.Tests.Fuzz;

/// <summary>Makes requests that are nearly right: well-formed ones of every kind and verb, with something broken in body, path, query or
/// header. The same seed makes the same requests.</summary>
internal sealed class RequestFuzzer(int seed, Func<SchemaCatalog> catalog)
{
    private static readonly string[] Methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "LOCK"];

    private static readonly string[] ContentTypes =
        ["application/json", "application/yaml", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/json-patch+json",
         "application/apply-patch+yaml", "application/vnd.kubernetes.protobuf", "application/cbor", "text/plain", "application/json; charset=utf-16", "a/b;c=;d", "", "x"];

    private static readonly string[] Accepts =
        ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "application/json;as=Table;v=v1;g=meta.k8s.io", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
         "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", "application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io", "text/html", "*/*;q=0", ";;,", "application/json;as=Nonsense;g=;v="];

    private static readonly string[] Words =
        ["", "0", "1", "-1", "5", "99999999999999999999", "true", "false", "All", "Strict", "Warn", "Ignore", "Exact", "NotOlderThan", "Background", "Foreground", "Orphan",
         "a=b", "a in (b,c)", "!a", "a,b==c", "a in (", "metadata.name=web", "status.phase!=Running", "spec.nodeName=", "=,=", "eyJydiI6MSwic3RhcnQiOiJhIn0", "%", "\u0000", "ä", "'", "\"", "2030-01-01T00:00:00Z", "kubectl", new string('z', 5000)];

    private static readonly string[] Parameters =
        ["labelSelector", "fieldSelector", "limit", "continue", "resourceVersion", "resourceVersionMatch", "timeoutSeconds", "allowWatchBookmarks", "sendInitialEvents", "dryRun",
         "fieldManager", "fieldValidation", "force", "propagationPolicy", "gracePeriodSeconds", "orphanDependents", "pretty", "includeObject", "asOf", "container", "tailLines", "sinceTime", "limitBytes", "nonsense"];

    private readonly Random _random = new(seed);
    private readonly ObjectGenerator _objects = new(new Random(seed));

    /// <summary>Names are few, so that requests meet the objects of earlier ones.</summary>
    private string Name() => _random.Next(12) switch
    {
        0 => "Bad_Name",
        1 => new string('a', 260),
        2 => "..",
        3 => "a%2Fb",
        _ => $"o{_random.Next(25)}",
    };

    public HttpRequestMessage Next()
    {
        var resources = catalog().Resources;
        var schema = resources[_random.Next(resources.Length)];
        // What ends the run's own footing is left alone.
        var name = schema.Plural is "namespaces" && _random.Next(2) == 0 ? "scratch" : Name();
        var verb = _random.Next(10);
        var (method, path) = verb switch
        {
            0 or 1 or 2 => ("POST", Path(schema, null)),
            3 => ("PUT", Path(schema, name)),
            4 or 5 => ("PATCH", Path(schema, name)),
            6 => ("DELETE", Path(schema, name)),
            7 => ("GET", Path(schema, null)),
            8 => ("GET", Path(schema, name)),
            _ => (Methods[_random.Next(Methods.Length)], Path(schema, _random.Next(2) == 0 ? name : null)),
        };
        if (_random.Next(6) == 0 && path.EndsWith(name, StringComparison.Ordinal) && schema.Subresources is { IsEmpty: false } subresources)
            path += "/" + subresources[_random.Next(subresources.Length)].Name;
        if (_random.Next(15) == 0) path = Broken(path);
        var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path + Query(), UriKind.Relative));
        if (method is "POST" or "PUT" or "PATCH" or "DELETE") AddBody(request, schema, name, method);
        AddHeaders(request);
        return request;
    }

    private string Path(ResourceSchema schema, string? name)
    {
        var root = schema.Group.Length == 0 ? $"/api/{schema.Version}" : $"/apis/{schema.Group}/{schema.Version}";
        if (schema.Namespaced && (name is not null || _random.Next(8) > 0)) root += _random.Next(20) == 0 ? "/namespaces/nowhere" : "/namespaces/default";
        root += "/" + schema.Plural;
        return name is null ? root : $"{root}/{name}";
    }

    private string Broken(string path) => _random.Next(6) switch
    {
        0 => path.Replace("/v1", "/v0", StringComparison.Ordinal),
        1 => path + "//",
        2 => path.Replace("apis", "api", StringComparison.Ordinal),
        3 => path + "/nonsense/more",
        4 => path.Replace("default", "%00%ff", StringComparison.Ordinal),
        _ => "/" + string.Join('/', Enumerable.Range(0, _random.Next(30)).Select(_ => "a%20b")),
    };

    private string Query()
    {
        var text = new StringBuilder();
        for (var i = _random.Next(4); i > 0; i--)
        {
            text.Append(text.Length == 0 ? '?' : '&').Append(Parameters[_random.Next(Parameters.Length)]);
            if (_random.Next(8) > 0) text.Append('=').Append(Uri.EscapeDataString(Words[_random.Next(Words.Length)]));
        }
        // A watch ends by itself.
        if (_random.Next(30) == 0) text.Append(text.Length == 0 ? '?' : '&').Append("watch=true&timeoutSeconds=1");
        return text.ToString();
    }

    private void AddBody(HttpRequestMessage request, ResourceSchema schema, string name, string method)
    {
        var bytes = method switch
        {
            "PATCH" when _random.Next(3) == 0 => Encoding.UTF8.GetBytes(JsonPatch()),
            "DELETE" => _random.Next(2) == 0 ? [] : """{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Orphan"}"""u8.ToArray(),
            _ => Encoding.UTF8.GetBytes(Mutated(_objects.Make(schema, name)).ToJsonString()),
        };
        if (_random.Next(10) == 0) bytes = Torn(bytes);
        request.Content = new ByteArrayContent(bytes);
        var type = method == "PATCH" ? ContentTypes[2 + _random.Next(4)] : "application/json";
        if (_random.Next(12) == 0) type = ContentTypes[_random.Next(ContentTypes.Length)];
        if (type.Length > 0) request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
    }

    private void AddHeaders(HttpRequestMessage request)
    {
        if (_random.Next(8) == 0) request.Headers.TryAddWithoutValidation("Accept", Accepts[_random.Next(Accepts.Length)]);
        if (_random.Next(40) == 0) request.Headers.TryAddWithoutValidation("Impersonate-User", Words[_random.Next(10)]);
        if (_random.Next(40) == 0) request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip, br;q=x");
        if (_random.Next(60) == 0) request.Headers.TryAddWithoutValidation("If-None-Match", "\"x");
        if (_random.Next(60) == 0) request.Headers.TryAddWithoutValidation("X-Long", new string('h', 8000));
        if (_random.Next(60) == 0) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "nobody");
        if (_random.Next(60) == 0) request.Headers.TryAddWithoutValidation("X-Stream-Protocol-Version", "v9.channel.k8s.io");
    }

    private string JsonPatch()
    {
        string[] operations = ["add", "remove", "replace", "move", "copy", "test", "nonsense"];
        string[] pointers = ["/spec", "/metadata/labels", "/metadata/labels/a~1b", "", "/", "/spec/containers/0", "/spec/containers/-", "/data/~2", "/metadata/name", "/a/b/c/d", "/status"];
        var patch = new JsonArray();
        for (var i = _random.Next(4); i > 0; i--)
            patch.Add(new JsonObject
            {
                ["op"] = operations[_random.Next(operations.Length)],
                ["path"] = pointers[_random.Next(pointers.Length)],
                ["from"] = pointers[_random.Next(pointers.Length)],
                ["value"] = Odd(),
            });
        return patch.ToJsonString();
    }

    /// <summary>Replaces, removes or adds something at a random place, or nothing.</summary>
    private JsonObject Mutated(JsonObject tree)
    {
        for (var i = _random.Next(3); i > 0; i--)
        {
            JsonNode at = tree;
            for (var depth = _random.Next(6); depth > 0; depth--)
            {
                var inner = at switch
                {
                    JsonObject { Count: > 0 } o => o.ElementAt(_random.Next(o.Count)).Value,
                    JsonArray { Count: > 0 } a => a[_random.Next(a.Count)],
                    _ => null,
                };
                if (inner is not (JsonObject or JsonArray)) break;
                at = inner;
            }
            switch (at)
            {
                case JsonObject o when o.Count > 0 && _random.Next(3) > 0: o[o.ElementAt(_random.Next(o.Count)).Key] = Odd(); break;
                case JsonObject o when o.Count > 0 && _random.Next(2) == 0: o.Remove(o.ElementAt(_random.Next(o.Count)).Key); break;
                case JsonObject o: o[Words[_random.Next(Words.Length)]] = Odd(); break;
                case JsonArray a: a.Add(Odd()); break;
            }
        }
        return tree;
    }

    private JsonNode? Odd() => _random.Next(12) switch
    {
        0 => null,
        1 => new JsonObject(),
        2 => new JsonArray(),
        3 => new JsonArray(null, 1, "x", new JsonObject()),
        4 => JsonValue.Create(true),
        5 => JsonValue.Create(-1),
        6 => JsonValue.Create(1e300),
        7 => JsonValue.Create(long.MinValue),
        8 => new JsonObject { ["$patch"] = "delete", ["$retainKeys"] = new JsonArray("x"), ["name"] = "x" },
        9 => new JsonObject { ["matchLabels"] = new JsonObject { ["a"] = "b" } },
        _ => JsonValue.Create(Words[_random.Next(Words.Length)]),
    };

    private byte[] Torn(byte[] bytes)
    {
        if (bytes.Length == 0) return [0xff, 0xfe];
        var copy = bytes.ToArray();
        switch (_random.Next(4))
        {
            case 0: return copy[..^_random.Next(1, copy.Length + 1)];
            case 1: return [.. copy, .. copy];
            case 2: return [.. Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("[", _random.Next(2000)))), .. copy];
            default:
                for (var i = _random.Next(1, 6); i > 0; i--) copy[_random.Next(copy.Length)] = (byte)_random.Next(256);
                return copy;
        }
    }
}
