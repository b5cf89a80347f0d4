using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Host.ApiServer.Proxy;

namespace Orchestrator.Host.ApiServer;

/// <summary>What a connection asks for, as the object that admission looks at: PodExecOptions, PodPortForwardOptions, NodeProxyOptions and so on.</summary>
/// <remarks>Source: k8s.io/api, core/v1. A stream that the query does not name is off: a client opens what it asked for and nothing else,
/// and a node that waits for more waits in vain.</remarks>
internal static class ConnectOptions
{
    public static JsonObject Of(ResourceSchema schema, RequestInfo request, HttpRequest http)
    {
        var query = http.Query;
        var options = new JsonObject { ["kind"] = $"{schema.Kind}{Suffix(request.Subresource)}Options", ["apiVersion"] = "v1" };
        switch (request.Subresource)
        {
            case "proxy":
                if (ProxyPath.Of(http, request).Rest is { Length: > 0 } path) options["path"] = path;
                return options;
            case "portforward":
                var ports = new JsonArray();
                foreach (var text in query["ports"].SelectMany(static v => (v ?? "").Split(',')))
                    if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)) ports.Add(port);
                if (ports.Count > 0) options["ports"] = ports;
                return options;
        }
        foreach (var name in (ReadOnlySpan<string>)["stdin", "stdout", "stderr", "tty"])
            if (ListOptions.Flag(query, name) == true) options[name] = true;
        if (query["container"].ToString() is { Length: > 0 } container) options["container"] = container;
        if (request.Subresource == "exec" && query["command"] is { Count: > 0 } command) options["command"] = new JsonArray([.. command.Select(static c => (JsonNode?)(c ?? ""))]);
        return options;
    }

    /// <summary>The streams and the command of an exec, an attach or a port-forward in the form in which they are asked for.</summary>
    /// <param name="options">As admission has left them.</param>
    public static IQueryCollection ToQuery(JsonObject options)
    {
        var values = new Dictionary<string, StringValues>(StringComparer.Ordinal);
        foreach (var (name, value) in options)
        {
            if (name is "kind" or "apiVersion") continue;
            values[name] = value switch
            {
                JsonArray list => new StringValues([.. list.Select(TextOf)]),
                _ => TextOf(value),
            };
        }
        return new QueryCollection(values);
    }

    private static string TextOf(JsonNode? value) => JsonTree.AsString(value) ?? JsonTree.ToText(value);

    private static string Suffix(string subresource) => subresource switch
    {
        "exec" => "Exec",
        "attach" => "Attach",
        "portforward" => "PortForward",
        _ => "Proxy",
    };
}
