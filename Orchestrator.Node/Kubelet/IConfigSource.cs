using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Node.Kubelet;

/// <summary>The configMaps, secrets and services that the control plane has, as far as this node has heard.</summary>
public interface IConfigSource
{
    /// <summary>The object, or null when there is none. Any thread may ask.</summary>
    StoredObject? Find(ResourceType type, ObjectKey key);

    /// <summary>The services of a namespace, for the variables that pods get of them.</summary>
    ImmutableArray<StoredObject> Services(string @namespace);
}

/// <summary>The keys and values of a configMap or a secret.</summary>
public static class ConfigData
{
    public static ImmutableSortedDictionary<string, byte[]> Read(StoredObject o)
    {
        using var document = JsonDocument.Parse(o.Json);
        var isSecret = document.RootElement.Text("kind") == "Secret";
        var data = ImmutableSortedDictionary.CreateBuilder<string, byte[]>(StringComparer.Ordinal);
        foreach (var (key, value) in document.RootElement.Map("data"))
            data[key] = isSecret ? FromBase64(value) : Encoding.UTF8.GetBytes(value);
        foreach (var (key, value) in document.RootElement.Map("binaryData")) data[key] = FromBase64(value);
        return data.ToImmutable();
    }

    private static byte[] FromBase64(string text)
    {
        var buffer = new byte[text.Length];
        return Convert.TryFromBase64String(text, buffer, out var length) ? buffer[..length] : [];
    }
}
