using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ApiServices;

/// <summary>What our code reads of an APIService.</summary>
/// <param name="Group">Empty for the core group.</param>
/// <param name="GroupPriority">groupPriorityMinimum: groups with more come first.</param>
/// <param name="VersionPriority">versionPriority: of a group's versions those with more come first.</param>
public sealed record ApiServiceView(string Group, string Version, int GroupPriority, int VersionPriority)
{
    /// <summary>Who keeps the object: <c>onstart</c> and <c>true</c> mean that we do.</summary>
    public const string ManagedLabel = "kube-aggregator.kubernetes.io/automanaged";

    private const int DefaultPort = 443;

    /// <summary>The service behind it; null when this API server serves the version itself.</summary>
    public ObjectKey? Service { get; init; }

    public int Port { get; init; } = DefaultPort;

    /// <summary>PEM, in base64, of the authorities that may have signed the server's certificate; empty for those that the system trusts.</summary>
    public string CaBundle { get; init; } = "";

    public bool Insecure { get; init; }

    /// <summary>Its Available condition; null before the first check.</summary>
    public ApiServiceCondition? Available { get; init; }

    public static ApiServiceView Parse(StoredObject stored)
    {
        var tree = stored.ToTree();
        var spec = JsonTree.Object(tree, "spec") ?? [];
        var service = JsonTree.Object(spec, "service");
        var available = JsonTree.Array(JsonTree.Object(tree, "status"), "conditions")?.OfType<JsonObject>()
            .FirstOrDefault(static c => JsonTree.String(c, "type") == ApiServiceCondition.Type);
        return new ApiServiceView(
            JsonTree.String(spec, "group") ?? "", JsonTree.String(spec, "version") ?? "",
            (int)(JsonTree.Int64(spec, "groupPriorityMinimum") ?? 0), (int)(JsonTree.Int64(spec, "versionPriority") ?? 0))
        {
            Service = service is null ? null : new ObjectKey(JsonTree.String(service, "namespace") ?? "", JsonTree.String(service, "name") ?? ""),
            Port = (int)(JsonTree.Int64(service, "port") ?? DefaultPort),
            CaBundle = JsonTree.String(spec, "caBundle") ?? "",
            Insecure = JsonTree.Bool(spec, "insecureSkipTLSVerify") == true,
            Available = available is null ? null : new ApiServiceCondition(
                JsonTree.String(available, "status") ?? "", JsonTree.String(available, "reason") ?? "", JsonTree.String(available, "message") ?? "")
            { Since = JsonTree.String(available, "lastTransitionTime") ?? "" },
        };
    }
}
