using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.StorageClasses;

/// <summary>The parts of a StorageClass that binding reads; parsed once per version.</summary>
public sealed class StorageClassView
{
    /// <summary>The provisioner of classes whose volumes somebody makes by hand.</summary>
    public const string NoProvisioner = "kubernetes.io/no-provisioner";

    private StorageClassView(StoredObject source, JsonElement root)
    {
        Source = source;
        Provisioner = root.Text("provisioner");
        WaitsForConsumer = root.Text("volumeBindingMode") == "WaitForFirstConsumer";
        AllowedTopologies = [.. root.Items("allowedTopologies").Select(static t => t.Items("matchLabelExpressions")
            .Select(static e => (e.Text("key"), e.Items("values").Select(static v => v.Text()).ToImmutableArray())).ToImmutableArray())];
    }

    public StoredObject Source { get; }
    public string Name => Source.Key.Name;
    public string Provisioner { get; }

    /// <summary>A claim waits for the pod that uses it, so that the volume is where the pod can run.</summary>
    public bool WaitsForConsumer { get; }

    private ImmutableArray<ImmutableArray<(string Key, ImmutableArray<string> Values)>> AllowedTopologies { get; }

    public bool IsDefault =>
        Source.Meta.Annotations.GetValueOrDefault("storageclass.kubernetes.io/is-default-class") == "true"
        || Source.Meta.Annotations.GetValueOrDefault("storageclass.beta.kubernetes.io/is-default-class") == "true";

    /// <summary>Whether a volume of this class may be made for a node with these labels.</summary>
    public bool Provisions(IReadOnlyDictionary<string, string> nodeLabels) =>
        Provisioner is not ("" or NoProvisioner)
        && (AllowedTopologies.IsEmpty || AllowedTopologies.Any(t => t.All(e => nodeLabels.TryGetValue(e.Key, out var value) && e.Values.Contains(value, StringComparer.Ordinal))));

    public static StorageClassView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new StorageClassView(o, document.RootElement);
    });
}
