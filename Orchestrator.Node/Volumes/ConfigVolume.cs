using System.Collections.Immutable;
using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.Node.Volumes;

/// <summary>Computes the files of volumes that come from the API: configMap, secret, downwardAPI, projected.</summary>
public static class ConfigVolume
{
    private const int OwnerOnly = 0x180, ReadByOwnerAndGroup = 0x120; // 0600, 0440

    public static bool Covers(VolumeManifest volume) => volume.Kind is "configMap" or "secret" or "downwardAPI" or "projected";

    /// <summary>Whether something of a volume comes from this object; of a service account's token the object is the pod.</summary>
    public static bool Reads(VolumeManifest volume, PodManifest pod, ResourceType type, ObjectKey key)
    {
        if (type == ResourceTypes.ServiceAccounts) return pod.Key == key && volume.Sources.Any(static s => s.Kind == "serviceAccountToken");
        var kind = type == ResourceTypes.Secrets ? "secret" : type == ResourceTypes.ConfigMaps ? "configMap" : null;
        return kind is not null && pod.Meta.Namespace == key.Namespace
            && (volume.Kind == kind && volume.ObjectName == key.Name || volume.Sources.Any(s => s.Kind == kind && s.ObjectName == key.Name));
    }

    /// <summary>Whether something of a volume comes from the labels or annotations of its pod.</summary>
    public static bool ReadsMetadata(VolumeManifest volume) =>
        volume.Kind == "downwardAPI" || volume.Sources.Any(static s => s.Kind == "downwardAPI");

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
        return pod.Security.FsGroup is { } group ? OfGroup(files, group) : files.ToImmutable();
    }

    /// <summary>The files as the pod's group may read them. Source: kubelet, SetVolumeOwnership of a volume that is read only.</summary>
    private static ImmutableSortedDictionary<string, ProjectedFile> OfGroup(ImmutableSortedDictionary<string, ProjectedFile>.Builder files, long group)
    {
        foreach (var (path, file) in files.ToArray()) files[path] = file with { Mode = file.Mode | ReadByOwnerAndGroup, Group = group };
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
                // For the user of the pod's containers alone where it is known, or for the pod's group; an image may name any user.
                // Source: kubelet, projected volume plugin, and FsUserFrom.
                var user = UserOf(pod);
                Add(files, part.Path, Encoding.UTF8.GetBytes(token), pod.Security.FsGroup is null && user is null ? defaultMode : OwnerOnly);
                files[part.Path] = files[part.Path] with { User = user };
                break;
            default:
                throw new InvalidDataException($"a projected source of kind {part.Kind} is not supported by this node");
        }
    }

    /// <summary>The user that all containers run as; null when they are told none, or several.</summary>
    private static long? UserOf(PodManifest pod)
    {
        var users = pod.AllContainers.Select(static c => c.Security.RunAsUser).Distinct().Take(2).ToArray();
        return users is [{ } user] ? user : null;
    }

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
