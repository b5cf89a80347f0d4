namespace Orchestrator.Host.ApiServer;

/// <summary>What the path and the method of a request ask for, as Kubernetes reads them.</summary>
/// <remarks>Source: k8s.io/apiserver, endpoints/request RequestInfoFactory.</remarks>
public sealed record RequestInfo
{
    /// <summary>Longer paths are read each time (characters).</summary>
    private const int RecentPathMax = 128;

    private static readonly RecentInfo?[] Recent = new RecentInfo?[256];

    /// <summary>The path names a resource, and not a document such as discovery.</summary>
    public bool IsResource { get; init; }

    /// <summary>get, list, watch, create, update, patch, delete or deletecollection; of other paths the method in lower case.</summary>
    public required string Verb { get; init; }

    public required string Path { get; init; }
    public string Group { get; init; } = "";
    public string Version { get; init; } = "";
    public string Namespace { get; init; } = "";
    public string Resource { get; init; } = "";
    public string Name { get; init; } = "";
    public string Subresource { get; init; } = "";

    /// <summary>What follows the subresource, for proxies; without a leading slash.</summary>
    public string Rest { get; init; } = "";

    /// <summary>The request goes on for as long as its client likes, so it is neither timed nor holds a seat.</summary>
    public bool IsLongRunning => Verb == "watch" || Subresource is "log" or "exec" or "attach" or "portforward" or "proxy";

    /// <param name="method">Of HTTP.</param>
    /// <param name="path">Without the query.</param>
    /// <param name="watch">The query says <c>watch=true</c>.</param>
    public static RequestInfo Parse(string method, string path, bool watch)
    {
        // Collections are asked for again and again: what was read lately stands in a table of fixed size.
        if (path.Length > RecentPathMax) return Read(method, path, watch);
        ref var slot = ref Recent[(uint)path.GetHashCode(StringComparison.Ordinal) % (uint)Recent.Length];
        var known = slot;
        if (known is not null && known.Watch == watch && known.Info.Path == path && known.Method == method) return known.Info;
        var info = Read(method, path, watch);
        slot = new RecentInfo(method, watch, info);
        return info;
    }

    private static RequestInfo Read(string method, string path, bool watch)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var other = new RequestInfo { Verb = method.ToLowerInvariant(), Path = path };
        if (parts.Length < 3 || parts[0] is not ("api" or "apis")) return other;
        var at = parts[0] == "api" ? 1 : 2;
        if (parts.Length <= at + 1) return other;
        var info = other with { IsResource = true, Group = parts[0] == "api" ? "" : parts[1], Version = parts[at] };
        at++;

        // The old form of a watch: /api/v1/watch/pods.
        if (parts[at] == "watch" && parts.Length > at + 1)
        {
            watch = true;
            at++;
        }
        info = Locate(info, parts.AsSpan(at));
        // What is asked of a subresource is its own affair: a proxied site may have a parameter of that name.
        return info with { Verb = VerbOf(method, info.Name.Length > 0, watch && info.Subresource.Length == 0) };
    }

    private static RequestInfo Locate(RequestInfo info, ReadOnlySpan<string> parts)
    {
        if (parts[0] == "namespaces" && parts.Length > 1)
        {
            info = info with { Namespace = parts[1] };
            // status and finalize belong to the namespace itself; any other third part is a resource in it.
            if (parts.Length > 2 && parts[2] is not ("status" or "finalize")) parts = parts[2..];
        }
        var name = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "";
        return info with
        {
            Resource = parts[0],
            Name = name,
            Subresource = parts.Length > 2 ? parts[2] : "",
            Rest = parts.Length > 3 ? string.Join('/', parts[3..]!) : "",
        };
    }

    private static string VerbOf(string method, bool named, bool watch) => method switch
    {
        "GET" or "HEAD" => watch ? "watch" : named ? "get" : "list",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => named ? "delete" : "deletecollection",
        _ => "",
    };

    private sealed record RecentInfo(string Method, bool Watch, RequestInfo Info);
}
