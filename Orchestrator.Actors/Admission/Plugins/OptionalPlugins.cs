using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Every object of a namespace needs the namespace to exist, even those that are stored nowhere.</summary>
/// <remarks>Source: kube-apiserver, admission plugin NamespaceExists. Off by default: NamespaceLifecycle covers creation.</remarks>
public sealed class NamespaceExists : IAdmissionPlugin
{
    public string Name => "NamespaceExists";

    public async ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (!request.Schema.Namespaced || request.Key.Namespace.Length == 0) return null;
        var namespaces = await registries.ConsistentAsync(ResourceTypes.Namespaces, cancellationToken).ConfigureAwait(false);
        return namespaces.Get(new ObjectKey("", request.Key.Namespace)) is null ? ApiError.NotFound(ResourceTypes.Namespaces, request.Key.Namespace) : null;
    }
}

/// <summary>Hard anti-affinity between pods may span nodes only, since it shuts others out of whole zones.</summary>
/// <remarks>Source: kube-apiserver, admission plugin LimitPodHardAntiAffinityTopology. Off by default.</remarks>
public sealed class LimitPodHardAntiAffinityTopology : IAdmissionPlugin
{
    public string Name => "LimitPodHardAntiAffinityTopology";

    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (!request.IsOf(ResourceTypes.Pods) || request.Object is null) return ValueTask.FromResult<ApiError?>(null);
        foreach (var term in JsonTree.At(request.Object, ["spec", "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"]) as JsonArray ?? [])
            if (JsonTree.String(term as JsonObject, "topologyKey") is var key && key != "kubernetes.io/hostname")
                return ValueTask.FromResult<ApiError?>(ApiError.Forbidden(ResourceTypes.Pods, request.Key.Name,
                    $"affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey {key} but only key kubernetes.io/hostname is allowed"));
        return ValueTask.FromResult<ApiError?>(null);
    }
}

/// <summary>No Service takes external addresses, beyond those that it has already.</summary>
/// <remarks>Source: kube-apiserver, admission plugin DenyServiceExternalIPs. Off by default.</remarks>
public sealed class DenyServiceExternalIPs : IAdmissionPlugin
{
    public string Name => "DenyServiceExternalIPs";

    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (!request.IsOf(ResourceTypes.Services) || request.Object is null) return ValueTask.FromResult<ApiError?>(null);
        var before = request.Stored is null ? [] : Addresses(request.Stored.ToTree());
        return ValueTask.FromResult<ApiError?>(Addresses(request.Object).Except(before).Any()
            ? ApiError.Forbidden(ResourceTypes.Services, request.Key.Name, "Use of external IPs is denied by admission control.")
            : null);
    }

    private static HashSet<string> Addresses(JsonObject service) =>
        [.. (JsonTree.At(service, ["spec", "externalIPs"]) as JsonArray ?? []).Select(static a => JsonTree.AsString(a) ?? "")];
}

/// <summary>A pod that asks for an extended resource tolerates the taint of that name, by which nodes with the resource keep others away.</summary>
/// <remarks>Source: kube-apiserver, admission plugin ExtendedResourceToleration. Off by default.</remarks>
public sealed class ExtendedResourceToleration : IAdmissionPlugin
{
    public string Name => "ExtendedResourceToleration";

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (request.Operation != AdmissionOperation.Create || !request.IsOf(ResourceTypes.Pods)) return ValueTask.FromResult<ApiError?>(null);
        var spec = JsonTree.Ensure(request.Object!, "spec");
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"])
            foreach (var container in PodResources.Containers(spec, list))
                foreach (var (name, _) in PodResources.Read(JsonTree.At(container, ["resources", "requests"]) as JsonObject))
                    if (name.Contains('/', StringComparison.Ordinal) && !name.StartsWith("kubernetes.io/", StringComparison.Ordinal)) names.Add(name);
        foreach (var name in names) TolerationList.Add(spec, new JsonObject { ["key"] = name, ["operator"] = "Exists" });
        return ValueTask.FromResult<ApiError?>(null);
    }
}

/// <summary>The pods of a namespace go to nodes with the labels that an annotation of the namespace names.</summary>
/// <remarks>Source: kube-apiserver, admission plugin PodNodeSelector, without its configuration file. Off by default.</remarks>
public sealed class PodNodeSelector : IAdmissionPlugin
{
    private const string Annotation = "scheduler.alpha.kubernetes.io/node-selector";

    public string Name => "PodNodeSelector";

    public async ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (request.Operation != AdmissionOperation.Create || !request.IsOf(ResourceTypes.Pods)) return null;
        var namespaces = await registries.InformerAsync(ResourceTypes.Namespaces, cancellationToken).ConfigureAwait(false);
        if (namespaces.Get(new ObjectKey("", request.Key.Namespace))?.Meta.Annotations.GetValueOrDefault(Annotation) is not { } text) return null;
        var selector = JsonTree.Ensure(JsonTree.Ensure(request.Object!, "spec"), "nodeSelector");
        foreach (var term in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = term.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) return ApiError.Forbidden(ResourceTypes.Pods, request.Key.Name, $"invalid selector: [{term}]");
            var (key, value) = (term[..equals].Trim(), term[(equals + 1)..].Trim());
            if (JsonTree.String(selector, key) is { } other && other != value)
                return ApiError.Forbidden(ResourceTypes.Pods, request.Key.Name, "pod node label selector conflicts with its namespace node label selector");
            selector[key] = value;
        }
        return null;
    }
}

/// <summary>The pods of a namespace get the tolerations of an annotation of it, and no others than those that another one lists.</summary>
/// <remarks>Source: kube-apiserver, admission plugin PodTolerationRestriction. Off by default.</remarks>
public sealed class PodTolerationRestriction : IAdmissionPlugin
{
    private const string Defaults = "scheduler.alpha.kubernetes.io/defaultTolerations";
    private const string Allowed = "scheduler.alpha.kubernetes.io/tolerationsWhitelist";

    public string Name => "PodTolerationRestriction";

    public async ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (request.Operation != AdmissionOperation.Create || !request.IsOf(ResourceTypes.Pods)) return null;
        foreach (var toleration in await ReadAsync(request, Defaults, registries, cancellationToken).ConfigureAwait(false) ?? [])
            if (toleration is JsonObject t) TolerationList.Add(JsonTree.Ensure(request.Object!, "spec"), t.DeepClone().AsObject());
        return null;
    }

    public async ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (request.Operation is not (AdmissionOperation.Create or AdmissionOperation.Update) || !request.IsOf(ResourceTypes.Pods)) return null;
        if (await ReadAsync(request, Allowed, registries, cancellationToken).ConfigureAwait(false) is not { Count: > 0 } allowed) return null;
        var refused = (JsonTree.At(request.Object, ["spec", "tolerations"]) as JsonArray ?? []).Any(t => !allowed.Any(a => TolerationList.Covers(a, t)));
        return refused ? ApiError.Forbidden(ResourceTypes.Pods, request.Key.Name, $"pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist") : null;
    }

    private static async ValueTask<JsonArray?> ReadAsync(AdmissionRequest request, string annotation, IRegistries registries, CancellationToken cancellationToken)
    {
        var namespaces = await registries.InformerAsync(ResourceTypes.Namespaces, cancellationToken).ConfigureAwait(false);
        return namespaces.Get(new ObjectKey("", request.Key.Namespace))?.Meta.Annotations.GetValueOrDefault(annotation) is { } text
            ? ObjectJson.Parse(System.Text.Encoding.UTF8.GetBytes(text)).Tree as JsonArray
            : null;
    }
}

/// <summary>Tolerations of a pod's spec as a list that is added to.</summary>
internal static class TolerationList
{
    public static void Add(JsonObject spec, JsonObject toleration)
    {
        if (spec["tolerations"] is not JsonArray tolerations) spec["tolerations"] = tolerations = [];
        if (!tolerations.Any(t => Covers(t, toleration))) tolerations.Add(toleration);
    }

    /// <summary>Whether all that <paramref name="b"/> tolerates, <paramref name="a"/> does too.</summary>
    public static bool Covers(JsonNode? a, JsonNode? b)
    {
        if (a is not JsonObject wide || b is not JsonObject narrow) return false;
        if (Text(wide, "key") is { Length: > 0 } key && key != Text(narrow, "key")) return false;
        if (Text(wide, "effect") is { Length: > 0 } effect && effect != Text(narrow, "effect")) return false;
        if (Text(wide, "operator") != "Exists" && (Text(narrow, "operator") == "Exists" || Text(wide, "value") != Text(narrow, "value"))) return false;
        return JsonTree.Int64(wide, "tolerationSeconds") is not { } seconds || (JsonTree.Int64(narrow, "tolerationSeconds") is { } least && least <= seconds);
    }

    private static string Text(JsonObject toleration, string field) => JsonTree.String(toleration, field) ?? "";
}
