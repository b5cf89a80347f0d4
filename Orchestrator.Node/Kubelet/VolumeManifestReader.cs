using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Node.Kubelet;

/// <summary>Reads one entry of a pod's volumes.</summary>
internal static class VolumeManifestReader
{
    public static VolumeManifest Read(JsonElement e)
    {
        var (kind, source) = SourceOf(e);
        var volume = new VolumeManifest(e.Text("name"), kind) { DefaultMode = source.Number("defaultMode", 0x1A4), Optional = source.Flag("optional") };
        return kind switch
        {
            "configMap" => volume with { ObjectName = source.Text("name"), Items = Items(source) },
            "secret" => volume with { ObjectName = source.Text("secretName"), Items = Items(source) },
            "downwardAPI" => volume with { Items = Items(source) },
            "projected" => volume with { Sources = source.Items("sources").Select(ReadProjected).ToImmutableArray() },
            "hostPath" => volume with { Path = source.Text("path"), PathType = source.Text("type") },
            "emptyDir" => volume with { Medium = source.Text("medium"), SizeLimitBytes = Quantity.ParseOrZero(source.Text("sizeLimit")).Units },
            "persistentVolumeClaim" => volume with { ObjectName = source.Text("claimName"), ReadOnly = source.Flag("readOnly") },
            _ => volume,
        };
    }

    private static (string Kind, JsonElement Source) SourceOf(JsonElement e)
    {
        foreach (var property in e.EnumerateObject())
            if (property.Name != "name" && property.Value.ValueKind == JsonValueKind.Object) return (property.Name, property.Value);
        return ("emptyDir", default); // as the API's defaulting has it
    }

    private static ProjectedSource ReadProjected(JsonElement e)
    {
        var (kind, source) = SourceOf(e);
        return new ProjectedSource(kind, source.Text("name"), source.Flag("optional"), Items(source))
        {
            Path = source.Text("path"),
            Audience = source.Text("audience"),
            ExpirationSeconds = source.NumberOrNull("expirationSeconds") ?? 3600,
        };
    }

    private static ImmutableArray<VolumeItem> Items(JsonElement e) =>
        e.Items("items")
            .Select(i => new VolumeItem(i.Text("key"), i.Text("path"), (int?)i.NumberOrNull("mode"), PodManifestReader.ReadSource(i)))
            .ToImmutableArray();
}
