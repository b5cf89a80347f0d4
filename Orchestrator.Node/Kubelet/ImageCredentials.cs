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
        foreach (var name in pod.ImagePullSecrets)
        {
            if (source.Find(ResourceTypes.Secrets, new ObjectKey(pod.Meta.Namespace, name)) is not { } secret) continue;
            var data = ConfigData.Read(secret);
            var bytes = data.GetValueOrDefault(".dockerconfigjson") ?? data.GetValueOrDefault(".dockercfg");
            if (bytes is not null && FindIn(bytes, registry) is { } credential) return credential;
        }
        return null;
    }

    /// <summary>The host of the registry that an image's name leads to.</summary>
    public static string RegistryOf(string image)
    {
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return DockerHub;
        var first = image[..slash];
        return first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal) || first == "localhost" ? first : DockerHub;
    }

    private static RegistryCredential? FindIn(byte[] config, string registry)
    {
        try
        {
            using var document = JsonDocument.Parse(config);
            var auths = document.RootElement.At("auths") is { ValueKind: JsonValueKind.Object } inner ? inner : document.RootElement;
            if (auths.ValueKind != JsonValueKind.Object) return null;
            foreach (var entry in auths.EnumerateObject())
                if (HostOf(entry.Name) == registry) return Read(entry.Name, entry.Value);
            return null;
        }
        catch (JsonException)
        {
            return null; // a broken secret is as good as none: the pull then says that access is denied
        }
    }

    private static string HostOf(string server)
    {
        var start = server.IndexOf("://", StringComparison.Ordinal) is >= 0 and var i ? i + 3 : 0;
        var host = server[start..].Split('/')[0];
        return host is "docker.io" or "registry-1.docker.io" ? DockerHub : host;
    }

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
