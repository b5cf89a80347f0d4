using System.Collections.Immutable;
using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.Node.Volumes;

/// <summary>Computes the files of volumes that come from the API: configMap, secret, downwardAPI, projected.</summary>
public static class ConfigVolume
{
    public static bool Covers(VolumeManifest volume) => volume.Kind is "configMap" or "secret" or "downwardAPI" or "projected";

    /// <summary>The files by relative path.</summary>
    /// <exception cref="InvalidDataException">A required object or key is missing, a path leaves the volume, or a source is not supported.</exception>
    public static ImmutableSortedDictionary<string, ProjectedFile> Files(VolumeManifest volume, PodManifest pod, IConfigSource source, PodPlace place,
        ImmutableDictionary<(string Audience, long Seconds), string>? tokens = null)
    {
        var files = ImmutableSortedDictionary.CreateBuilder<string, ProjectedFile>(StringComparer.Ordinal);
        if (volume.Kind == "projected")
            foreach (var part in volume.Sources) AddSource(files, part, volume.DefaultMode, pod, source, place, tokens);
        else
            AddSource(files, new ProjectedSource(volume.Kind, volume.ObjectName, volume.Optional, volume.Items), volume.DefaultMode, pod, source, place, tokens);
        return files.ToImmutable();
    }

    private static void AddSource(
        ImmutableSortedDictionary<string, ProjectedFile>.Builder files, ProjectedSource part, int defaultMode,
        PodManifest pod, IConfigSource source, PodPlace place, ImmutableDictionary<(string Audience, long Seconds), string>? tokens)
    {
        switch (part.Kind)
        {
            case "configMap":
                AddObject(files, part, ResourceTypes.ConfigMaps, "configmap", defaultMode, pod, source);
                break;
            case "secret":
                AddObject(files, part, ResourceTypes.Secrets, "secret", defaultMode, pod, source);
                break;
            case "downwardAPI":
                foreach (var item in part.Items)
                {
                    var value = item.From is { } from ? ContainerEnvironment.Resolve(from, pod, null, source, place) ?? "" : "";
                    Add(files, item.Path, Encoding.UTF8.GetBytes(value), item.Mode ?? defaultMode);
                }
                break;
            case "serviceAccountToken" when tokens is not null && tokens.TryGetValue((part.Audience, part.ExpirationSeconds), out var token):
                // For the container alone; a pod whose users are in a group of its own reads it by that group.
                Add(files, part.Path, Encoding.UTF8.GetBytes(token), pod.Security.FsGroup is null && !RunsAsOther(pod) ? 0x180 : 0x1A4);
                break;
            default:
                throw new InvalidDataException($"a projected source of kind {part.Kind} is not supported by this node");
        }
    }

    private static bool RunsAsOther(PodManifest pod) => pod.Security.RunAsUser is > 0 || pod.Containers.Any(static c => c.Security.RunAsUser is > 0);

    private static void AddObject(
        ImmutableSortedDictionary<string, ProjectedFile>.Builder files, ProjectedSource part, ResourceType type, string word, int defaultMode,
        PodManifest pod, IConfigSource source)
    {
        if (source.Find(type, new ObjectKey(pod.Meta.Namespace, part.ObjectName)) is not { } found)
        {
            if (part.Optional) return;
            throw new InvalidDataException($"{word} \"{part.ObjectName}\" not found");
        }
        var data = ConfigData.Read(found);
        if (part.Items.IsEmpty)
        {
            foreach (var (key, value) in data) Add(files, key, value, defaultMode);
            return;
        }
        foreach (var item in part.Items)
        {
            if (data.TryGetValue(item.Key, out var value)) Add(files, item.Path, value, item.Mode ?? defaultMode);
            else if (!part.Optional) throw new InvalidDataException($"references non-existent {word} key: {item.Key}");
        }
    }

    private static void Add(ImmutableSortedDictionary<string, ProjectedFile>.Builder files, string path, byte[] content, int mode)
    {
        // The API server has checked this too; a path that leaves the volume would write anywhere on the machine.
        if (path.Length == 0 || path[0] == '/' || path.Split('/').Contains("..", StringComparer.Ordinal) || path.StartsWith("..", StringComparison.Ordinal))
            throw new InvalidDataException($"invalid path {path}: must be relative and stay inside the volume");
        files[path] = new ProjectedFile(content, mode);
    }
}
