using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Orchestrator.Actors.Admission.Plugins;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Volumes;

/// <summary>Volumes as directories below <c>ROOT/pods/UID/</c>, laid out as the kubelet of Kubernetes has them.</summary>
public sealed class PodVolumes(string root, TimeProvider clock, PodTokens? podTokens = null) : IPodVolumes
{
    /// <summary>Most bytes of a termination message.</summary>
    public const int TerminationMessageMax = 4096;

    private readonly string _pods = Path.Combine(Path.GetFullPath(root), "pods");

    public Task<ImmutableDictionary<string, string>> PrepareAsync(
        PodManifest pod, IConfigSource source, PodPlace place, CancellationToken cancellationToken) =>
        Task.Run(async () =>
        {
            var tokens = await TokensAsync(pod, place, cancellationToken).ConfigureAwait(false);
            var paths = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
            foreach (var volume in pod.Volumes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                try
                {
                    paths[volume.Name] = Prepare(volume, pod, source, place, tokens);
                }
                catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or RuntimeFailureException)
                {
                    throw new RuntimeFailureException("FailedMount", $"MountVolume.SetUp failed for volume \"{volume.Name}\" : {e.Message}", e);
                }
            }
            return paths.ToImmutable();
        }, cancellationToken);

    private async Task<ImmutableDictionary<(string Audience, long Seconds), string>?> TokensAsync(PodManifest pod, PodPlace place, CancellationToken cancellationToken)
    {
        if (podTokens is null) return null;
        try
        {
            return await podTokens.OfAsync(pod, place, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidDataException or TimeoutException)
        {
            var name = pod.Volumes.First(static v => v.Sources.Any(static s => s.Kind == "serviceAccountToken")).Name;
            throw new RuntimeFailureException("FailedMount", $"MountVolume.SetUp failed for volume \"{name}\" : {e.Message}", e);
        }
    }

    private string Prepare(
        VolumeManifest volume, PodManifest pod, IConfigSource source, PodPlace place, ImmutableDictionary<(string Audience, long Seconds), string>? tokens)
    {
        if (volume.Kind == "persistentVolumeClaim") volume = ClaimedVolume.Find(volume, pod, source);
        if (volume.Kind == "hostPath") return HostPath(volume);
        var path = Path.Combine(_pods, pod.Meta.Uid, "volumes", $"kubernetes.io~{Plugin(volume.Kind)}", volume.Name);
        if (ConfigVolume.Covers(volume))
        {
            AtomicDirectory.Write(path, ConfigVolume.Files(volume, pod, source, place, tokens), clock.GetUtcNow());
            return path;
        }
        if (volume.Kind != "emptyDir") throw new InvalidDataException($"a volume of kind {volume.Kind} is not supported by this node");
        if (Directory.Exists(path)) return path;

        Directory.CreateDirectory(path);
        if (volume.Medium == "Memory") FileSystemCalls.MountTmpfs(path, volume.SizeLimitBytes);
        else if (volume.Medium.Length > 0) throw new InvalidDataException($"unknown storage medium \"{volume.Medium}\"");
        File.SetUnixFileMode(path, (UnixFileMode)0x1FF); // 0777: any user of any container may write
        if (pod.Security.FsGroup is { } group) FileSystemCalls.GiveToGroup(path, group);
        return path;
    }

    private static string Plugin(string kind) => kind switch
    {
        "emptyDir" => "empty-dir",
        "downwardAPI" => "downward-api",
        _ => kind.ToLowerInvariant(),
    };

    private static string HostPath(VolumeManifest volume)
    {
        var path = volume.Path;
        switch (volume.PathType)
        {
            case "DirectoryOrCreate":
                Directory.CreateDirectory(path, (UnixFileMode)0x1ED);
                break;
            case "FileOrCreate":
                if (!File.Exists(path)) File.Create(path).Dispose();
                break;
            case "Directory" when !Directory.Exists(path):
                throw new InvalidDataException($"hostPath type check failed: {path} is not a directory");
            case "File" when !File.Exists(path):
                throw new InvalidDataException($"hostPath type check failed: {path} is not a file");
            case "Socket" or "CharDevice" or "BlockDevice" when FileSystemCalls.KindOf(path) != volume.PathType:
                throw new InvalidDataException($"hostPath type check failed: {path} is not a {Words(volume.PathType)}");
        }
        return path;
    }

    private static string Words(string type) => type switch { "Socket" => "socket file", "CharDevice" => "character device", _ => "block device" };

    public ImmutableArray<ContainerMount> MountsOf(
        PodManifest pod, ContainerManifest container, int attempt, ImmutableDictionary<string, string> volumes, Func<string, string?> variables)
    {
        var mounts = ImmutableArray.CreateBuilder<ContainerMount>();
        foreach (var mount in container.Mounts)
        {
            if (!volumes.TryGetValue(mount.Volume, out var path))
                throw new RuntimeFailureException("CreateContainerConfigError", $"volume \"{mount.Volume}\" of container \"{container.Name}\" is not there");
            var sub = mount.SubPathExpression.Length > 0 ? VariableExpansion.Expand(mount.SubPathExpression, variables) : mount.SubPath;
            if (sub.Length > 0) path = SubPath(path, sub);
            var readOnly = mount.ReadOnly || pod.Volumes.Any(v => v.Name == mount.Volume && (v.ReadOnly || ConfigVolume.Covers(v)));
            mounts.Add(new ContainerMount(path, mount.Path, readOnly) { Propagation = mount.Propagation, IfPossible = mount.Path == ServiceAccountDefault.MountPath });
        }
        if (container.TerminationMessagePath.Length > 0)
        {
            var file = MessageFile(pod.Meta.Uid, container.Name, attempt);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, []);
            File.SetUnixFileMode(file, (UnixFileMode)0x1B6); // 0666: the container may run as any user
            mounts.Add(new ContainerMount(file, container.TerminationMessagePath, ReadOnly: false) { Dispensable = true });
        }
        return mounts.ToImmutable();
    }

    /// <summary>A path inside a volume, made when it is missing with the volume's own mode; one that leads out of the volume through a link is refused.</summary>
    private static string SubPath(string volume, string sub)
    {
        if (Path.IsPathRooted(sub) || sub.Split('/').Contains("..", StringComparer.Ordinal))
            throw new RuntimeFailureException("CreateContainerConfigError", $"invalid subPath \"{sub}\": must stay inside the volume");
        try
        {
            var root = FileSystemCalls.RealPath(volume);
            var (at, mode) = (root, File.GetUnixFileMode(root));
            // A step at a time: nothing is made behind a link before it is known where that leads, for a container may have put it there.
            foreach (var name in sub.Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                var next = Path.Combine(at, name);
                if (!Path.Exists(next))
                {
                    Directory.CreateDirectory(next);
                    File.SetUnixFileMode(next, mode);
                }
                at = FileSystemCalls.RealPath(next);
                if (at != root && !at.StartsWith(root + "/", StringComparison.Ordinal))
                    throw new RuntimeFailureException("CreateContainerConfigError", $"subPath \"{sub}\" leads out of its volume");
            }
            return at;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RuntimeFailureException("CreateContainerConfigError", $"failed to prepare subPath \"{sub}\": {e.Message}", e);
        }
    }

    private string MessageFile(string uid, string container, int attempt) =>
        Path.Combine(_pods, uid, "containers", container, attempt.ToString(CultureInfo.InvariantCulture));

    public string TerminationMessage(string podUid, string container, int attempt)
    {
        try
        {
            using var file = File.OpenRead(MessageFile(podUid, container, attempt));
            var buffer = new byte[TerminationMessageMax];
            if (file.Length > TerminationMessageMax) file.Seek(-TerminationMessageMax, SeekOrigin.End); // the end of what it said is kept
            var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return Encoding.UTF8.GetString(buffer, 0, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    public Task RemoveAsync(string podUid, CancellationToken cancellationToken) =>
        Task.Run(() =>
        {
            podTokens?.Forget(podUid);
            var directory = Path.Combine(_pods, podUid);
            if (!Directory.Exists(directory)) return;
            var volumes = Path.Combine(directory, "volumes", "kubernetes.io~empty-dir");
            if (Directory.Exists(volumes))
                foreach (var volume in Directory.EnumerateDirectories(volumes)) FileSystemCalls.Unmount(volume);
            Directory.Delete(directory, recursive: true);
        }, cancellationToken);

    public ImmutableArray<string> KnownPods() =>
        Directory.Exists(_pods) ? [.. Directory.EnumerateDirectories(_pods).Select(p => Path.GetFileName(p)!)] : [];
}
