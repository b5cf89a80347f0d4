using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Protobuf;

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

    private static readonly string[] SelectorParts =
        ["a", "b/c", "metadata.name", "metadata.namespace", "spec.nodeName", "status.phase", "spec.a", "in", "notin", "(", ")", ",", "!", "=", "==", "!=", ">", "<", " ", "web", "\\", "ä", "1", ""];

    private readonly Random _random = new(seed);
    private readonly ObjectGenerator _objects = new(new Random(seed));
    private readonly PatchGenerator _patches = new(new Random(seed));
    private readonly DefinitionGenerator _definitions = new(new Random(seed));

    /// <summary>Names are few, so that requests meet the objects of earlier ones.</summary>
    private string Name() => _random.Next(12) switch
    {
        0 => "Bad_Name",
        1 => new string('a', 260),
        2 => "..",
        3 => "a%2Fb",
        _ => $"o{_random.Next(10)}",
    };

    public HttpRequestMessage Next()
    {
        if (_random.Next(8) == 0) return Custom();
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
        var subresource = "";
        if (_random.Next(5) == 0 && path.EndsWith(name, StringComparison.Ordinal) && schema.Subresources is { IsEmpty: false } subresources)
        {
            subresource = subresources[_random.Next(subresources.Length)].Name;
            path += "/" + subresource;
            // Streams are met by other means.
            if (method == "DELETE" && _random.Next(3) > 0) method = "POST";
        }
        if (_random.Next(15) == 0) path = Broken(path);
        var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path + Query(), UriKind.Relative));
        if (method is "POST" or "PUT" or "PATCH" or "DELETE") AddBody(request, schema, name, method, subresource);
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
        for (var i = _random.Next(2) == 0 ? 0 : _random.Next(4); i > 0; i--)
        {
            text.Append(text.Length == 0 ? '?' : '&').Append(Parameters[_random.Next(Parameters.Length)]);
            if (_random.Next(12) == 0) text.Append("=%zz%").Append((char)_random.Next(33, 127));
            else if (_random.Next(5) == 0) text.Append('=').Append(Uri.EscapeDataString(Selector()));
            else if (_random.Next(8) > 0) text.Append('=').Append(Uri.EscapeDataString(Words[_random.Next(Words.Length)]));
        }
        // A watch ends by itself.
        if (_random.Next(30) == 0) text.Append(text.Length == 0 ? '?' : '&').Append("watch=true&timeoutSeconds=1");
        return text.ToString();
    }

    /// <summary>Definitions, their objects and policies: kinds whose rules the server learns while it runs.</summary>
    private HttpRequestMessage Custom()
    {
        var number = _random.Next(5);
        const string Admission = "/apis/admissionregistration.k8s.io/v1";
        var custom = $"/apis/{DefinitionGenerator.Group}/v{_random.Next(1, 3)}/{(_random.Next(8) > 0 ? "namespaces/default/" : "")}{DefinitionGenerator.Plural(number)}";
        var (method, path, tree) = _random.Next(12) switch
        {
            0 => ("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", _definitions.Definition(number)),
            1 => ("PUT", $"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{DefinitionGenerator.Plural(number)}.{DefinitionGenerator.Group}", _definitions.Definition(number)),
            2 when _random.Next(6) == 0 => ("DELETE", $"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{DefinitionGenerator.Plural(number)}.{DefinitionGenerator.Group}", null),
            3 => ("POST", $"{Admission}/validatingadmissionpolicies", _definitions.Policy($"p{number}")),
            4 => ("POST", $"{Admission}/validatingadmissionpolicybindings", _definitions.Binding($"p{number}")),
            5 => ("DELETE", $"{Admission}/validatingadmissionpolicies/p{number}", null),
            6 => ("GET", custom + $"?labelSelector={Uri.EscapeDataString(Selector())}&fieldSelector={Uri.EscapeDataString(Selector())}", null),
            7 => ("PATCH", $"{custom}/{Name()}{(_random.Next(4) == 0 ? "/status" : _random.Next(4) == 0 ? "/scale" : "")}", _definitions.Instance(number, "o1")),
            8 => ("PUT", $"{custom}/{Name()}", _definitions.Instance(number, "o1")),
            _ => ("POST", custom, _definitions.Instance(number, $"o{_random.Next(25)}")),
        };
        var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path + (path.Contains('?', StringComparison.Ordinal) ? "" : Query()), UriKind.Relative));
        if (tree is not null)
        {
            var type = method == "PATCH" ? ContentTypes[2 + _random.Next(4)] : "application/json";
            request.Content = new ByteArrayContent(type == "application/json-patch+json" ? _patches.Json(Odd) : Encoding.UTF8.GetBytes((_random.Next(3) == 0 ? Mutated(tree) : tree).ToJsonString()));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }
        AddHeaders(request);
        return request;
    }

    private string Selector() => string.Concat(Enumerable.Range(0, _random.Next(12)).Select(_ => SelectorParts[_random.Next(SelectorParts.Length)]));

    private void AddBody(HttpRequestMessage request, ResourceSchema schema, string name, string method, string subresource)
    {
        var type = method == "PATCH" ? ContentTypes[2 + _random.Next(4)] : "application/json";
        if (method == "DELETE" && _random.Next(2) == 0) return;
        var made = _objects.Make(BodyOf(schema, subresource), name);
        if (_random.Next(2) == 0) made = Mutated(made);
        var bytes = (method, type) switch
        {
            ("DELETE", _) => Encoding.UTF8.GetBytes(DeleteOptions().ToJsonString()),
            ("PATCH", "application/json-patch+json") => _patches.Json(Odd),
            ("PATCH", "application/strategic-merge-patch+json") => _patches.Strategic(made, Odd),
            ("PATCH", "application/apply-patch+yaml") => _patches.Applied(made, Odd),
            _ => Encoding.UTF8.GetBytes(made.ToJsonString()),
        };
        if (method is "POST" or "PUT" && _random.Next(6) == 0) (bytes, type) = (Protobuf(schema, made), "application/vnd.kubernetes.protobuf");
        if (_random.Next(10) == 0) bytes = Torn(bytes);
        request.Content = new ByteArrayContent(bytes);
        if (_random.Next(12) == 0) type = ContentTypes[_random.Next(ContentTypes.Length)];
        if (type.Length > 0) request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
    }

    /// <summary>What a subresource takes, where that is another kind.</summary>
    private ResourceSchema BodyOf(ResourceSchema schema, string subresource)
    {
        var (group, kind) = subresource switch
        {
            "scale" => ("autoscaling", "Scale"),
            "eviction" => ("policy", "Eviction"),
            "binding" => ("", "Binding"),
            "token" => ("authentication.k8s.io", "TokenRequest"),
            _ => ("", ""),
        };
        return kind.Length > 0 && _random.Next(6) > 0 && catalog().FindKind(group, "v1", kind) is { } other ? other : schema;
    }

    private JsonObject DeleteOptions()
    {
        var options = new JsonObject { ["kind"] = "DeleteOptions", ["apiVersion"] = _random.Next(3) == 0 ? "meta.k8s.io/v1" : "v1" };
        if (_random.Next(2) == 0) options["propagationPolicy"] = _random.Next(5) switch { 0 => "Foreground", 1 => "Background", 2 => Odd(), _ => "Orphan" };
        if (_random.Next(3) == 0) options["gracePeriodSeconds"] = _random.Next(3) == 0 ? Odd() : _random.Next(-2, 3);
        if (_random.Next(4) == 0) options["preconditions"] = _random.Next(2) == 0 ? Odd() : new JsonObject { ["uid"] = "u", ["resourceVersion"] = "1" };
        if (_random.Next(6) == 0) options["dryRun"] = new JsonArray("All");
        return options;
    }

    /// <summary>The object as protobuf, with bytes changed, cut or repeated at times; the envelope alone when it cannot be written so.</summary>
    private byte[] Protobuf(ResourceSchema schema, JsonObject tree)
    {
        var output = new ArrayBufferWriter<byte>();
        try
        {
            ProtobufTranscoder.Encode(output, schema.Root, schema.ApiVersion, schema.Kind, Encoding.UTF8.GetBytes(tree.ToJsonString()));
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or JsonException or OverflowException or ArgumentException or KeyNotFoundException)
        {
            output = new ArrayBufferWriter<byte>();
            ProtobufTranscoder.Wrap(output, schema.ApiVersion, schema.Kind, [0x0a, 0x02, 0x0a, 0x00]);
        }
        var bytes = output.WrittenSpan.ToArray();
        if (_random.Next(3) > 0)
            for (var i = _random.Next(1, 8); i > 0; i--) bytes[_random.Next(4, bytes.Length)] = (byte)_random.Next(256);
        return bytes;
    }

    private void AddHeaders(HttpRequestMessage request)
    {
        if (_random.Next(8) == 0) request.Headers.TryAddWithoutValidation("Accept", Accepts[_random.Next(Accepts.Length)]);
        if (_random.Next(40) == 0) request.Headers.TryAddWithoutValidation("Impersonate-User", Words[_random.Next(10)]);
        if (_random.Next(40) == 0) request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip, br;q=x");
        if (_random.Next(60) == 0) request.Headers.TryAddWithoutValidation("Impersonate-Group", Words[_random.Next(10)]);
        if (_random.Next(60) == 0) request.Headers.TryAddWithoutValidation("Impersonate-Extra-" + Uri.EscapeDataString(Words[_random.Next(10)]), "x");
        if (_random.Next(60) == 0) request.Headers.TryAddWithoutValidation("Audit-ID", Words[_random.Next(10)]);
        if (_random.Next(60) == 0) request.Headers.TryAddWithoutValidation("Accept", string.Join(',', Enumerable.Repeat("application/json;as=Table;v=v1;g=meta.k8s.io;q=0.1", _random.Next(1, 80))));
        if (_random.Next(60) == 0) request.Headers.TryAddWithoutValidation("Authorization", "Basic " + Words[_random.Next(10)]);
        if (_random.Next(60) == 0) request.Headers.TryAddWithoutValidation("If-None-Match", "\"x");
        if (_random.Next(60) == 0) request.Headers.TryAddWithoutValidation("X-Long", new string('h', 8000));
        if (_random.Next(60) == 0) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "nobody");
        if (_random.Next(60) == 0) request.Headers.TryAddWithoutValidation("X-Stream-Protocol-Version", "v9.channel.k8s.io");
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
