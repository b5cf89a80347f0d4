using System.IO.Enumeration;
using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Kubelet;

/// <summary>Finds the credential for an image among a pod's pull secrets.</summary>
public static class ImageCredentials
{
    private const string DockerHub = "index.docker.io";

    public static RegistryCredential? Find(PodManifest pod, string image, IConfigSource source)
    {
        var registry = RegistryOf(image);
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        var isNamed = slash >= 0 && Canonical(image[..slash]) == registry;
        var repository = isNamed ? registry + image[slash..] : $"{registry}/{image}";
        foreach (var name in pod.ImagePullSecrets)
        {
            if (source.Find(ResourceTypes.Secrets, new ObjectKey(pod.Meta.Namespace, name)) is not { } secret) continue;
            var data = ConfigData.Read(secret);
            var bytes = data.GetValueOrDefault(".dockerconfigjson") ?? data.GetValueOrDefault(".dockercfg");
            if (bytes is not null && FindIn(bytes, repository) is { } credential) return credential;
        }
        return null;
    }

    /// <summary>The host of the registry that an image's name leads to.</summary>
    public static string RegistryOf(string image)
    {
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return DockerHub;
        var first = image[..slash];
        return first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal) || first == "localhost" ? Canonical(first) : DockerHub;
    }

    /// <summary>The credential whose place says most of the image's.</summary>
    private static RegistryCredential? FindIn(byte[] config, string repository)
    {
        try
        {
            using var document = JsonDocument.Parse(config);
            var auths = document.RootElement.At("auths") is { ValueKind: JsonValueKind.Object } inner ? inner : document.RootElement;
            if (auths.ValueKind != JsonValueKind.Object) return null;
            var best = auths.EnumerateObject().Where(e => Covers(PlaceOf(e.Name), repository)).OrderByDescending(static e => PlaceOf(e.Name).Length).FirstOrDefault();
            return best.Value.ValueKind == JsonValueKind.Undefined ? null : Read(best.Name, best.Value);
        }
        catch (JsonException)
        {
            return null; // a broken secret is as good as none: the pull then says that access is denied
        }
    }

    /// <summary>The host and path that a credential is for; the versions of the registry's API that old clients wrote behind it are none.</summary>
    private static string PlaceOf(string server)
    {
        var start = server.IndexOf("://", StringComparison.Ordinal) is >= 0 and var i ? i + 3 : 0;
        var place = server[start..].TrimEnd('/');
        foreach (var version in (ReadOnlySpan<string>)["/v1", "/v2"])
            if (place.EndsWith(version, StringComparison.Ordinal)) place = place[..^version.Length];
        var slash = place.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? Canonical(place) : Canonical(place[..slash]) + place[slash..];
    }

    /// <summary>Whether a place, whose host may have <c>*</c> for parts of it, is the repository or above it.</summary>
    /// <remarks>Source: kubelet, pkg/credentialprovider: as many parts on both sides, and the path is a prefix.</remarks>
    private static bool Covers(string place, string repository)
    {
        var (host, path) = Cut(place);
        var (wantedHost, wantedPath) = Cut(repository);
        if (!wantedPath.StartsWith(path, StringComparison.Ordinal)) return false;
        var (parts, wanted) = (host.Split('.'), wantedHost.Split('.'));
        return parts.Length == wanted.Length && parts.Zip(wanted).All(static p => FileSystemName.MatchesSimpleExpression(p.First, p.Second, ignoreCase: false));
    }

    private static (string Host, string Path) Cut(string place) =>
        place.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash ? (place[..slash], place[slash..]) : (place, "");

    private static string Canonical(string host) => host is "docker.io" or "registry-1.docker.io" ? DockerHub : host;

    private static RegistryCredential Read(string server, JsonElement entry)
    {
        var (user, password) = (entry.Text("username"), entry.Text("password"));
        var buffer = new byte[entry.Text("auth").Length];
        if (user.Length == 0 && Convert.TryFromBase64String(entry.Text("auth"), buffer, out var length))
        {
            var both = Encoding.UTF8.GetString(buffer, 0, length).Split(':', 2);
            (user, password) = (both[0], both.Length > 1 ? both[1] : "");
        }
        return new RegistryCredential(server, user, password);
    }
}
