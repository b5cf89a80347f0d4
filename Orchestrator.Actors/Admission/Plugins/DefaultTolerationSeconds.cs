using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Lets a pod stay on a node that is not ready or not reachable for five minutes, unless it says otherwise.</summary>
/// <remarks>Source: kube-apiserver, admission plugin DefaultTolerationSeconds.</remarks>
public sealed class DefaultTolerationSeconds : IAdmissionPlugin
{
    public string Name => "DefaultTolerationSeconds";

    /// <summary>How long such a node is tolerated (seconds).</summary>
    private const int Seconds = 300;

    private static readonly (string Taint, JsonObject Toleration)[] Added = [Of("node.kubernetes.io/not-ready"), Of("node.kubernetes.io/unreachable")];

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        // A replacement that leaves them out means the same pod.
        if (request.Operation is AdmissionOperation.Create or AdmissionOperation.Update && request.IsOf(ResourceTypes.Pods)
            && JsonTree.Object(request.Object, "spec") is { } spec)
            AddTo(spec);
        return ValueTask.FromResult<ApiError?>(null);
    }

    private static void AddTo(JsonObject spec)
    {
        var tolerations = JsonTree.Array(spec, "tolerations");
        foreach (var (taint, toleration) in Added)
        {
            if (tolerations is not null && tolerations.Any(t => Tolerates(t, taint))) continue;
            if (tolerations is null) spec["tolerations"] = tolerations = [];
            tolerations.Add(toleration);
        }
    }

    // Every pod has the same ones, and nobody changes them.
    private static (string Taint, JsonObject Toleration) Of(string taint) => (taint, JsonTree.Frozen(new JsonObject
    {
        ["key"] = taint,
        ["operator"] = "Exists",
        ["effect"] = "NoExecute",
        ["tolerationSeconds"] = Seconds,
    }));

    private static bool Tolerates(JsonNode? toleration, string taint) =>
        toleration is JsonObject t
        && (JsonTree.String(t, "key") is not { Length: > 0 } key || key == taint)
        && (JsonTree.String(t, "effect") is not { Length: > 0 } effect || effect == "NoExecute");
}
