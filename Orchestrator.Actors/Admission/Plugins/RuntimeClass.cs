using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Puts into a pod what its runtime class says: what the runtime itself takes, and where it is to be found.</summary>
/// <remarks>Source: kube-apiserver, admission plugin RuntimeClass.</remarks>
public sealed class RuntimeClass : IAdmissionPlugin
{
    public string Name => "RuntimeClass";

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        Concerns(request) && NameOf(request) is { Length: > 0 } name ? AdmitAsync(request, name, registries, cancellationToken) : ValueTask.FromResult<ApiError?>(null);

    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        Concerns(request) && JsonTree.At(request.Object, ["spec", "overhead"]) is JsonObject { Count: > 0 }
            ? ValidateOverheadAsync(request, registries, cancellationToken)
            : ValueTask.FromResult<ApiError?>(null);

    private static bool Concerns(AdmissionRequest request) => request.Operation == AdmissionOperation.Create && request.IsOf(ResourceTypes.Pods);

    private static string? NameOf(AdmissionRequest request) => JsonTree.AsString(JsonTree.At(request.Object, ["spec", "runtimeClassName"]));

    private static async ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, string name, IRegistries registries, CancellationToken cancellationToken)
    {
        if (await FindAsync(name, registries, cancellationToken).ConfigureAwait(false) is not { } found)
            return Forbidden(request, $"pod rejected: RuntimeClass \"{name}\" not found");
        var spec = JsonTree.Ensure(request.Object!, "spec");
        if (JsonTree.At(found, ["overhead", "podFixed"]) is JsonObject overhead)
        {
            if (spec["overhead"] is JsonObject given && !SameAmounts(given, overhead))
                return Forbidden(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
            spec["overhead"] = overhead.DeepClone();
        }
        if (JsonTree.Object(found, "scheduling") is not { } scheduling) return null;
        foreach (var (key, value) in JsonTree.Object(scheduling, "nodeSelector") ?? [])
        {
            var selector = JsonTree.Ensure(spec, "nodeSelector");
            if (JsonTree.String(selector, key) is { } other && other != JsonTree.AsString(value))
                return Forbidden(request, $"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {JsonTree.AsString(value)}; pod.spec.nodeSelector[{key}] = {other}");
            selector[key] = value?.DeepClone();
        }
        foreach (var toleration in JsonTree.Array(scheduling, "tolerations") ?? [])
        {
            if (spec["tolerations"] is not JsonArray tolerations) spec["tolerations"] = tolerations = [];
            if (!tolerations.Any(t => JsonTree.DeepEquals(t, toleration))) tolerations.Add(toleration?.DeepClone());
        }
        return null;
    }

    private static async ValueTask<ApiError?> ValidateOverheadAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        var found = NameOf(request) is { Length: > 0 } name ? await FindAsync(name, registries, cancellationToken).ConfigureAwait(false) : null;
        if (JsonTree.At(found, ["overhead", "podFixed"]) is not JsonObject overhead)
            return Forbidden(request, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
        return SameAmounts((JsonObject)JsonTree.At(request.Object, ["spec", "overhead"])!, overhead)
            ? null
            : Forbidden(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    }

    private static async ValueTask<JsonObject?> FindAsync(string name, IRegistries registries, CancellationToken cancellationToken)
    {
        var key = new ObjectKey("", name);
        var informer = await registries.InformerAsync(ResourceTypes.RuntimeClasses, cancellationToken).ConfigureAwait(false);
        if (informer.Get(key) is null) informer = await registries.ConsistentAsync(ResourceTypes.RuntimeClasses, cancellationToken).ConfigureAwait(false);
        return informer.Get(key)?.ToTree();
    }

    private static bool SameAmounts(JsonObject a, JsonObject b)
    {
        var (left, right) = (PodResources.Read(a), PodResources.Read(b));
        return left.Count == right.Count && left.All(l => right.TryGetValue(l.Key, out var amount) && amount == l.Value);
    }

    private static ApiError Forbidden(AdmissionRequest request, string why) => ApiError.Forbidden(ResourceTypes.Pods, request.Key.Name, why);
}
