using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ApiServices;

/// <summary>Whether a version of the API can be asked for, and why not.</summary>
/// <param name="Status">True, False or Unknown.</param>
/// <remarks>Source: kube-aggregator pkg/controllers/status, local and remote available controller.</remarks>
public sealed record ApiServiceCondition(string Status, string Reason, string Message)
{
    public const string Type = "Available";

    /// <summary>When the status changed last; empty when that is yet to be told.</summary>
    public string Since { get; init; } = "";

    public bool IsTrue => Status == "True";

    public static ApiServiceCondition Local { get; } = new("True", "Local", "Local APIServices are always available");
    public static ApiServiceCondition Passed { get; } = new("True", "Passed", "all checks passed");

    public static ApiServiceCondition FailedDiscovery(string why) => new("False", "FailedDiscoveryCheck", why);

    /// <summary>What the objects of the cluster alone tell about the service of an API: null when its server has to be asked.</summary>
    /// <param name="service">The service that the APIService names; null when there is none.</param>
    /// <param name="slices">The endpoint slices of that service.</param>
    public static ApiServiceCondition? OfService(ApiServiceView view, JsonObject? service, IEnumerable<JsonObject> slices)
    {
        var (ns, name) = (view.Service!.Value.Namespace, view.Service.Value.Name);
        if (service is null) return new ApiServiceCondition("False", "ServiceNotFound", $"service/{name} in \"{ns}\" is not present");
        var spec = JsonTree.Object(service, "spec");
        // Only a service with an address of its own listens on ports; an external name answers for itself.
        if ((JsonTree.String(spec, "type") ?? "ClusterIP") != "ClusterIP") return null;
        var port = JsonTree.Array(spec, "ports")?.OfType<JsonObject>().FirstOrDefault(p => JsonTree.Int64(p, "port") == view.Port);
        if (port is null) return new ApiServiceCondition("False", "ServicePortError", $"service/{name} in \"{ns}\" is not listening on port {view.Port}");
        var all = slices.ToList();
        if (all.Count == 0) return new ApiServiceCondition("False", "EndpointsNotFound", $"cannot find endpoints for service/{name} in \"{ns}\"");
        var portName = JsonTree.String(port, "name") ?? "";
        return all.Any(slice => HasReady(slice, portName))
            ? null
            : new ApiServiceCondition("False", "MissingEndpoints", $"endpoints for service/{name} in \"{ns}\" have no addresses with port name \"{portName}\"");
    }

    /// <summary>The status that says so, or null when the object says it already.</summary>
    public byte[]? StatusFor(JsonObject apiService, ApiServiceCondition? before, DateTimeOffset now)
    {
        if (before is not null && before.Status == Status && before.Reason == Reason && before.Message == Message) return null;
        var status = JsonTree.Object(apiService, "status")?.DeepClone().AsObject() ?? [];
        var conditions = JsonTree.Array(status, "conditions")?.Where(static c => JsonTree.String(c as JsonObject, "type") != Type).Select(static c => c?.DeepClone()) ?? [];
        status["conditions"] = new JsonArray([.. conditions, new JsonObject
        {
            ["type"] = Type,
            ["status"] = Status,
            ["lastTransitionTime"] = before is { Since.Length: > 0 } && before.Status == Status ? before.Since : Rfc3339.Seconds(now),
            ["reason"] = Reason,
            ["message"] = Message,
        }]);
        return JsonTree.ToUtf8(status);
    }

    private static bool HasReady(JsonObject slice, string portName) =>
        JsonTree.Array(slice, "ports")?.OfType<JsonObject>().Any(p => (JsonTree.String(p, "name") ?? "") == portName) == true
        && JsonTree.Array(slice, "endpoints")?.OfType<JsonObject>().Any(static e =>
            JsonTree.Bool(JsonTree.Object(e, "conditions"), "ready") != false && JsonTree.Array(e, "addresses") is { Count: > 0 }) == true;
}
