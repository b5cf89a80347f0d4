using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Kubelet;

/// <summary>Computes the environment of a container.</summary>
public static class ContainerEnvironment
{
    /// <summary>The variables in the order in which they were given; a later one of the same name replaces an earlier one.</summary>
    /// <exception cref="RuntimeFailureException">A required object or key is missing: CreateContainerConfigError, in Kubernetes' words.</exception>
    public static ImmutableArray<KeyValuePair<string, string>> Build(PodManifest pod, ContainerManifest container, IConfigSource source, PodPlace place)
    {
        var variables = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in ServiceVariables.For(pod, source)) variables[name] = value;
        foreach (var from in container.EnvFrom) AddAll(variables, pod, from, source);
        foreach (var variable in container.Env)
        {
            var value = variable.From is { } reference
                ? Resolve(reference, pod, container, source, place)
                : VariableExpansion.Expand(variable.Value, name => variables.TryGetValue(name, out var known) ? known : null);
            if (value is not null) variables[variable.Name] = value;
        }
        return [.. variables];
    }

    private static void AddAll(OrderedDictionary<string, string> variables, PodManifest pod, EnvFrom from, IConfigSource source)
    {
        if (FindData(pod, from.Kind, from.Name, from.Optional, source) is not { } data) return;
        foreach (var (key, value) in data) variables[from.Prefix + key] = Encoding.UTF8.GetString(value);
    }

    /// <summary>The value of a reference, or null when an optional one leads nowhere.</summary>
    public static string? Resolve(ValueSource reference, PodManifest pod, ContainerManifest? container, IConfigSource source, PodPlace place)
    {
        switch (reference.Kind)
        {
            case "field":
                return FieldOf(pod, place, reference.Key);
            case "resource":
                var owner = reference.Name.Length > 0 ? pod.Container(reference.Name) : container;
                return owner is null ? null : ResourceOf(owner, reference, place);
            default:
                if (FindData(pod, reference.Kind, reference.Name, reference.Optional, source) is not { } data) return null;
                if (data.TryGetValue(reference.Key, out var value)) return Encoding.UTF8.GetString(value);
                if (reference.Optional) return null;
                var kind = reference.Kind == "secret" ? "Secret" : "ConfigMap";
                throw ConfigError($"couldn't find key {reference.Key} in {kind} {pod.Meta.Namespace}/{reference.Name}");
        }
    }

    private static ImmutableSortedDictionary<string, byte[]>? FindData(PodManifest pod, string kind, string name, bool optional, IConfigSource source)
    {
        var type = kind == "secret" ? ResourceTypes.Secrets : ResourceTypes.ConfigMaps;
        if (source.Find(type, new ObjectKey(pod.Meta.Namespace, name)) is { } found) return ConfigData.Read(found);
        if (optional) return null;
        throw ConfigError($"{(kind == "secret" ? "secret" : "configmap")} \"{name}\" not found");
    }

    private static RuntimeFailureException ConfigError(string message) => new("CreateContainerConfigError", message);

    /// <summary>A field that the downward API offers, as a string; empty when the pod has no such value.</summary>
    public static string FieldOf(PodManifest pod, PodPlace place, string path)
    {
        if (Subscript(path, "metadata.labels") is { } label) return pod.Meta.Labels.GetValueOrDefault(label, "");
        if (Subscript(path, "metadata.annotations") is { } annotation) return pod.Meta.Annotations.GetValueOrDefault(annotation, "");
        return path switch
        {
            "metadata.name" => pod.Meta.Name,
            "metadata.namespace" => pod.Meta.Namespace,
            "metadata.uid" => pod.Meta.Uid,
            "metadata.labels" => Lines(pod.Meta.Labels),
            "metadata.annotations" => Lines(pod.Meta.Annotations),
            "spec.nodeName" => place.NodeName,
            "spec.serviceAccountName" => pod.ServiceAccountName,
            "status.hostIP" or "status.hostIPs" => place.HostIp,
            "status.podIP" or "status.podIPs" => place.PodIp,
            _ => throw ConfigError($"unsupported fieldPath: {path}"),
        };
    }

    private static string? Subscript(string path, string map) =>
        path.StartsWith(map + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal) ? path[(map.Length + 2)..^2] : null;

    // The form of a downward volume's file: key="value", quoted as in Go, one per line, sorted.
    private static string Lines(IReadOnlyDictionary<string, string> map) =>
        string.Join('\n', map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={JsonSerializer.Serialize(p.Value, QuoteOptions)}"));

    private static readonly JsonSerializerOptions QuoteOptions = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string ResourceOf(ContainerManifest container, ValueSource reference, PodPlace place)
    {
        var dot = reference.Key.IndexOf('.', StringComparison.Ordinal);
        var (group, name) = (reference.Key[..Math.Max(dot, 0)], reference.Key[(dot + 1)..]);
        var amounts = group == "limits" ? container.Limits : container.Requests;
        var amount = amounts.TryGetValue(name, out var text) ? Quantity.ParseOrZero(text) : group == "limits" ? Allocatable(name, place) : default;
        var divisor = Quantity.ParseOrZero(reference.Divisor);
        if (divisor.IsZero) divisor = Quantity.FromUnits(1);
        // Source: k8s.io/kubectl, pkg/util/resource: processors are counted in thousandths on both sides, all else in whole units.
        var quotient = name == "cpu" ? (decimal)amount.Milli / divisor.Milli : (decimal)amount.Units / divisor.Units;
        return Math.Ceiling(quotient).ToString("0", CultureInfo.InvariantCulture);
    }

    private static Quantity Allocatable(string name, PodPlace place) => name switch
    {
        "cpu" => Quantity.FromMilli(place.AllocatableCpuMilli),
        "memory" => Quantity.FromUnits(place.AllocatableMemoryBytes),
        "ephemeral-storage" => Quantity.FromUnits(place.AllocatableStorageBytes),
        _ => default,
    };
}
