using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.ApiServer;

/// <summary>Where the node's answer to a log, exec, attach or port-forward is to be had.</summary>
/// <param name="Uri">At the node's HTTPS endpoint; null when the pod is nowhere yet and a log of it is empty.</param>
/// <param name="Node">The name of the node.</param>
public readonly record struct NodeTarget(Uri? Uri, ApiError? Error, string Node = "")
{
    /// <summary>Finds the node of a pod and words the request as a kubelet expects it.</summary>
    public static async ValueTask<NodeTarget> FindAsync(ResourceStore store, RequestInfo request, IQueryCollection query, CancellationToken cancellationToken)
    {
        var key = new ObjectKey(request.Namespace, request.Name);
        if (await store.GetAsync(ResourceTypes.Pods, key, cancellationToken).ConfigureAwait(false) is not { } stored)
            return new NodeTarget(null, ApiError.NotFound(ResourceTypes.Pods, key.Name));
        var pod = stored.ToTree();
        if (request.Subresource == "log" && (Unreadable(query) ?? LogFaults(key.Name, query)) is { } invalid) return new NodeTarget(null, invalid);
        var container = "";
        if (request.Subresource != "portforward")
        {
            (container, var error) = ContainerOf(pod, key.Name, query["container"].ToString());
            if (error is not null) return new NodeTarget(null, error);
        }
        var node = JsonTree.AsString(JsonTree.At(pod, ["spec", "nodeName"]));
        if (string.IsNullOrEmpty(node))
            return new NodeTarget(null, request.Subresource == "log" ? null : ApiError.BadRequest($"pod {key.Name} does not have a host assigned"));
        var (host, missing) = await EndpointAsync(store, node, cancellationToken).ConfigureAwait(false);
        if (host is null) return new NodeTarget(null, missing);

        var path = request.Subresource switch
        {
            "log" => $"/containerLogs/{key.Namespace}/{key.Name}/{container}",
            "portforward" => $"/portForward/{key.Namespace}/{key.Name}",
            var stream => $"/{stream}/{key.Namespace}/{key.Name}/{container}",
        };
        return new NodeTarget(new Uri($"https://{host}{path}{QueryOf(request.Subresource, query)}"), null, node);
    }

    /// <summary>Host and port of a node's endpoint, or why there is none.</summary>
    public static async ValueTask<(string? Host, ApiError? Error)> EndpointAsync(ResourceStore store, string node, CancellationToken cancellationToken)
    {
        if (await store.GetAsync(ResourceTypes.Nodes, new ObjectKey("", node), cancellationToken).ConfigureAwait(false) is not { } stored)
            return (null, ApiError.NotFound(ResourceTypes.Nodes, node));
        return EndpointOf(stored.ToTree()) is { } host ? (host, null) : (null, new ApiError(503, "ServiceUnavailable", $"node {node} tells no address at which its streams could be reached"));
    }

    /// <summary>The address at which the API server reaches the node: the first of the kinds that Kubernetes prefers; or, where the node is of
    /// a process that keeps to the loopback interface, that.</summary>
    public static string? EndpointOf(JsonObject node)
    {
        var port = JsonTree.AsInt64(JsonTree.At(node, ["status", "daemonEndpoints", "kubeletEndpoint", "Port"]));
        if (port is null or 0) return null;
        if (NodeMembers.LoopbackOf(JsonTree.AsString(JsonTree.At(node, ["metadata", "annotations", NodeMembers.Annotation]))) is { } loopback) return $"{new IPEndPoint(loopback, (int)port)}";
        if (JsonTree.At(node, ["status", "addresses"]) is not JsonArray addresses) return null;
        foreach (var type in (ReadOnlySpan<string>)["InternalIP", "Hostname", "ExternalIP"])
        {
            foreach (var entry in addresses)
                if (entry is JsonObject address && JsonTree.String(address, "type") == type && JsonTree.String(address, "address") is { Length: > 0 } host)
                    return host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
        }
        return null;
    }

    private static (string Container, ApiError? Error) ContainerOf(JsonObject pod, string name, string wanted)
    {
        var main = NamesOf(pod, "containers");
        var init = NamesOf(pod, "initContainers");
        var ephemeral = NamesOf(pod, "ephemeralContainers");
        if (wanted.Length > 0)
            return main.Contains(wanted) || init.Contains(wanted) || ephemeral.Contains(wanted)
                ? (wanted, null)
                : ("", ApiError.BadRequest($"container {wanted} is not valid for pod {name}"));
        if (main.Count == 1) return (main[0], null);
        var message = new StringBuilder($"a container name must be specified for pod {name}, choose one of: [{string.Join(' ', main)}]");
        if (init.Count > 0) message.Append(" or one of the init containers: [").AppendJoin(' ', init).Append(']');
        if (ephemeral.Count > 0) message.Append(" or one of the ephemeral containers: [").AppendJoin(' ', ephemeral).Append(']');
        return ("", ApiError.BadRequest(message.ToString()));
    }

    private static List<string> NamesOf(JsonObject pod, string field) =>
        JsonTree.At(pod, ["spec", field]) is JsonArray containers ? [.. containers.Select(c => JsonTree.String(c as JsonObject, "name") ?? "")] : [];

    /// <summary>The options of a log that contradict each other or make no sense. Source: kube-apiserver, ValidatePodLogOptions.</summary>
    private static ApiError? LogFaults(string pod, IQueryCollection query)
    {
        var faults = new FaultList();
        if (Number(query, "tailLines") is < 0) faults.Invalid(FieldPath.Of("tailLines"), Number(query, "tailLines"), "must be greater than or equal to 0");
        if (Number(query, "limitBytes") is < 1) faults.Invalid(FieldPath.Of("limitBytes"), Number(query, "limitBytes"), "must be greater than 0");
        if (query.ContainsKey("sinceSeconds") && query.ContainsKey("sinceTime")) faults.Forbidden(FieldPath.Root, "at most one of `sinceTime` or `sinceSeconds` may be specified");
        else if (Number(query, "sinceSeconds") is < 1) faults.Invalid(FieldPath.Of("sinceSeconds"), Number(query, "sinceSeconds"), "must be greater than 0");
        // Choosing one of stdout and stderr is behind a gate that is closed in 1.32 (PodLogsQuerySplitStreams).
        if (query.ContainsKey("stream")) faults.Forbidden(FieldPath.Of("stream"), "may not be specified");
        return faults.ToError("", "PodLogOptions", pod);
    }

    /// <summary>An option that is no number or time at all, which fails before anything is looked at.</summary>
    private static ApiError? Unreadable(IQueryCollection query)
    {
        foreach (var name in (ReadOnlySpan<string>)["tailLines", "limitBytes", "sinceSeconds"])
            if (query[name].ToString() is { Length: > 0 } text && Number(query, name) is null)
                return ApiError.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
        var time = query["sinceTime"].ToString();
        return time.Length == 0 || DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _)
            ? null
            : ApiError.BadRequest($"parsing time \"{time}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{time}\" as \"2006\"");
    }

    private static long? Number(IQueryCollection query, string name) => long.TryParse(query[name], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    // Only what the stream knows goes on; exec and attach are worded differently at the node than at the API server.
    private static string QueryOf(string subresource, IQueryCollection query)
    {
        string[] known = subresource switch
        {
            "log" => ["follow", "tailLines", "sinceSeconds", "sinceTime", "previous", "timestamps", "limitBytes"],
            "portforward" => ["ports", "port"],
            _ => ["command", "stdin", "stdout", "stderr", "tty"],
        };
        var text = new StringBuilder();
        foreach (var name in known)
        {
            var sent = (subresource, name) switch { (not "log", "stdin") => "input", (not "log", "stdout") => "output", (not "log", "stderr") => "error", ("portforward", "ports") => "port", _ => name };
            foreach (var value in query[name])
            {
                var flag = IsFlag(sent) ? ListOptions.IsTrue(value) ? subresource == "log" ? "true" : "1" : null : value;
                if (flag is not null) text.Append(text.Length == 0 ? '?' : '&').Append(sent).Append('=').Append(Uri.EscapeDataString(flag));
            }
        }
        return text.ToString();
    }

    // Clients write them as their languages do: Python says True.
    private static bool IsFlag(string name) => name is "input" or "output" or "error" or "tty" or "follow" or "previous" or "timestamps";
}
