using System.Globalization;
using System.Net;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer.Proxy;

/// <summary>Where a proxied request goes.</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
/// <param name="Authority">Unlike for every pod that ever was, since connections are kept by it.</param>
/// <param name="Address">The address and port that a user knows it by; what links to itself name.</param>
/// <param name="Dial">Where a node makes the connection into its pod; null when it is a machine's port, or the node itself.</param>
/// <param name="Node">Whose endpoint is spoken to.</param>
/// <param name="IsNode">The node's own endpoint, which is spoken to with our certificate.</param>
public sealed record ProxyTarget(string Scheme, string Authority, string Address, Uri? Dial, string Node = "", bool IsNode = false);

/// <summary>Finds what <c>[scheme:]name[:port]</c> means.</summary>
/// <remarks>
/// Source: pkg/registry/core/{pod,service,node} ResourceLocation. A pod is reached through its node, at the address that the node
/// itself gave it: what somebody wrote into a status directs us nowhere.
/// </remarks>
public sealed class ProxyTargets(ResourceStore store)
{
    /// <summary>Upstream's words for an address that no user may be directed to.</summary>
    public const string NotAllowed = "address not allowed";

    public ValueTask<(ProxyTarget? Target, ApiError? Error)> FindAsync(RequestInfo request, CancellationToken cancellationToken)
    {
        var parts = request.Name.Split(':');
        var (scheme, name, port) = parts.Length switch
        {
            1 => ("", parts[0], ""),
            2 => ("", parts[0], parts[1]),
            3 => (parts[0], parts[1], parts[2]),
            _ => ("?", "", ""),
        };
        if (name.Length == 0 || scheme is not ("" or "http" or "https"))
            return Result(ApiError.BadRequest($"invalid {request.Resource.TrimEnd('s')} request \"{request.Name}\""));
        scheme = scheme.Length == 0 ? "http" : scheme;
        var key = new ObjectKey(request.Namespace, name);
        return request.Resource switch
        {
            "pods" => PodAsync(scheme, key, port, cancellationToken),
            "services" => ServiceAsync(scheme, key, port, request.Name, cancellationToken),
            _ => NodeAsync(scheme, name, port, cancellationToken),
        };
    }

    private async ValueTask<(ProxyTarget?, ApiError?)> PodAsync(string scheme, ObjectKey key, string port, CancellationToken cancellationToken)
    {
        if (await store.GetAsync(ResourceTypes.Pods, key, cancellationToken).ConfigureAwait(false) is not { } stored)
            return (null, ApiError.NotFound(ResourceTypes.Pods, key.Name));
        var pod = stored.ToTree();
        var declared = DeclaredPorts(pod);
        if (port.Length == 0) port = (declared.Count > 0 ? declared[0] : scheme == "https" ? 443 : 80).ToString(CultureInfo.InvariantCulture);
        if (!ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
            return (null, ApiErrors.Unreachable($"dial tcp: unknown port {port}"));
        return await ThroughNodeAsync(scheme, pod, declared, number, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<(ProxyTarget?, ApiError?)> ThroughNodeAsync(string scheme, JsonObject pod, List<int> declared, int port, CancellationToken cancellationToken)
    {
        var ip = JsonTree.AsString(JsonTree.At(pod, ["status", "podIP"]));
        if (!IPAddress.TryParse(ip, out var address)) return (null, ApiError.BadRequest(NotAllowed));
        // Where a whole cluster lives on the loopback of one machine, so do its pods without a network of their own. What
        // such a pod declares is its own; any other port there is somebody else's.
        if (!IsPublic(address) && !(IPAddress.IsLoopback(address) && declared.Contains(port))) return (null, ApiError.BadRequest(NotAllowed));
        var node = JsonTree.AsString(JsonTree.At(pod, ["spec", "nodeName"])) ?? "";
        var (host, error) = await NodeTarget.EndpointAsync(store, node, cancellationToken).ConfigureAwait(false);
        if (host is null) return (null, error);
        var meta = JsonTree.Object(pod, "metadata")!;
        var uid = JsonTree.String(meta, "uid");
        var dial = new Uri($"https://{host}/podConnection/{JsonTree.String(meta, "namespace")}/{JsonTree.String(meta, "name")}?port={port}&uid={uid}");
        return (new ProxyTarget(scheme, $"{uid}.pod:{port}", new IPEndPoint(address, port).ToString(), dial, node), null);
    }

    private async ValueTask<(ProxyTarget?, ApiError?)> ServiceAsync(string scheme, ObjectKey key, string port, string id, CancellationToken cancellationToken)
    {
        if (await store.GetAsync(ResourceTypes.Services, key, cancellationToken).ConfigureAwait(false) is not { } service)
            return (null, ApiError.NotFound(ResourceTypes.Services, key.Name));
        if (long.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            var ports = JsonTree.At(service.ToTree(), ["spec", "ports"]) as JsonArray ?? [];
            if (ports.OfType<JsonObject>().FirstOrDefault(p => JsonTree.Int64(p, "port") == number) is not { } found)
                return (null, ApiErrors.Unavailable($"no service port {number} found for service \"{key.Name}\""));
            port = JsonTree.String(found, "name") ?? "";
        }
        var none = ApiErrors.Unavailable($"no endpoints available for service \"{id}\"");
        if (await store.GetAsync(ResourceTypes.Endpoints, key, cancellationToken).ConfigureAwait(false) is not { } endpoints) return (null, none);
        JsonObject[] subsets = [.. (JsonTree.Array(endpoints.ToTree(), "subsets") ?? []).OfType<JsonObject>()];
        Random.Shared.Shuffle(subsets);
        foreach (var subset in subsets)
        {
            var match = (JsonTree.Array(subset, "ports") ?? []).OfType<JsonObject>().FirstOrDefault(p => (JsonTree.String(p, "name") ?? "") == port);
            if (match is null || JsonTree.Int64(match, "port") is not ({ } target and > 0 and <= ushort.MaxValue)) continue;
            JsonObject[] addresses = [.. (JsonTree.Array(subset, "addresses") ?? []).OfType<JsonObject>()];
            Random.Shared.Shuffle(addresses);
            foreach (var address in addresses)
                if (await PodOfAsync(address, key.Namespace, cancellationToken).ConfigureAwait(false) is { } pod)
                    return await ThroughNodeAsync(scheme, pod, DeclaredPorts(pod), (int)target, cancellationToken).ConfigureAwait(false);
        }
        return (null, none);
    }

    /// <summary>The pod behind an endpoint, or null when it is none of this namespace or has another address: anybody may write endpoints.</summary>
    private async ValueTask<JsonObject?> PodOfAsync(JsonObject address, string ns, CancellationToken cancellationToken)
    {
        var target = JsonTree.Object(address, "targetRef");
        if (JsonTree.String(target, "kind") != "Pod" || JsonTree.String(target, "namespace") != ns || JsonTree.String(target, "name") is not { } name) return null;
        if (await store.GetAsync(ResourceTypes.Pods, new ObjectKey(ns, name), cancellationToken).ConfigureAwait(false) is not { } stored) return null;
        var pod = stored.ToTree();
        var ip = JsonTree.String(address, "ip");
        var own = JsonTree.AsString(JsonTree.At(pod, ["status", "podIP"])) == ip
            || (JsonTree.At(pod, ["status", "podIPs"]) as JsonArray ?? []).OfType<JsonObject>().Any(p => JsonTree.String(p, "ip") == ip);
        return own ? pod : null;
    }

    private async ValueTask<(ProxyTarget?, ApiError?)> NodeAsync(string scheme, string name, string port, CancellationToken cancellationToken)
    {
        var (endpoint, error) = await NodeTarget.EndpointAsync(store, name, cancellationToken).ConfigureAwait(false);
        if (endpoint is null) return (null, error);
        var host = endpoint[..endpoint.LastIndexOf(':')];
        if (port.Length == 0 || endpoint == $"{host}:{port}") return (new ProxyTarget("https", endpoint, endpoint, null, name, IsNode: true), null);
        return ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? (new ProxyTarget(scheme, $"{host}:{number}", $"{host}:{number}", null), null)
            : (null, ApiErrors.Unreachable($"dial tcp: unknown port {port}"));
    }

    private static List<int> DeclaredPorts(JsonObject pod) =>
        [.. (JsonTree.At(pod, ["spec", "containers"]) as JsonArray ?? []).OfType<JsonObject>()
            .SelectMany(c => (JsonTree.Array(c, "ports") ?? []).OfType<JsonObject>())
            .Select(p => (int)(JsonTree.Int64(p, "containerPort") ?? 0)).Where(p => p > 0)];

    /// <summary>Whether a user may be directed to the address: no loopback, link-local, multicast or unspecified one.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        return !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal && !address.IsIPv6Multicast
            && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
            && !(bytes.Length == 4 && (bytes[0] is 0 or >= 224 || bytes[0] == 169 && bytes[1] == 254));
    }

    private static ValueTask<(ProxyTarget?, ApiError?)> Result(ApiError error) => ValueTask.FromResult<(ProxyTarget?, ApiError?)>((null, error));

    /// <summary>The refusals of a proxy.</summary>
    internal static class ApiErrors
    {
        public static ApiError Unavailable(string message) => new(503, "ServiceUnavailable", message);

        public static ApiError Unreachable(string why) => Unavailable($"error trying to reach service: {why}");
    }
}
