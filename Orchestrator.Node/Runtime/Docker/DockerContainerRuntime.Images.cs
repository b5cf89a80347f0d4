using System.Collections.Immutable;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Orchestrator.Node.Runtime.Docker;

public sealed partial class DockerContainerRuntime
{
    public async Task<ImageState?> FindImageAsync(string image, CancellationToken cancellationToken)
    {
        try
        {
            var found = await client.Images.InspectImageAsync(image, cancellationToken).ConfigureAwait(false);
            return new ImageState(found.ID, Names(found.RepoTags, found.RepoDigests), found.Size, found.Config?.User ?? "");
        }
        catch (DockerImageNotFoundException)
        {
            return null;
        }
        catch (DockerApiException e) when ((int)e.StatusCode == 400)
        {
            throw InvalidName(image, e);
        }
    }

    public async Task<ImageState> PullImageAsync(string image, RegistryCredential? credential, CancellationToken cancellationToken)
    {
        var failure = "";
        var progress = new Reported<JSONMessage>(m => failure = m.Error?.Message ?? m.ErrorMessage ?? failure);
        var (name, tag) = Split(image);
        var auth = credential is null ? null
            : new AuthConfig { ServerAddress = credential.Server, Username = credential.Username, Password = credential.Password };
        try
        {
            await client.Images.CreateImageAsync(new ImagesCreateParameters { FromImage = name, Tag = tag }, auth, progress, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (DockerApiException e) when (Message(e).Contains("invalid reference format", StringComparison.Ordinal))
        {
            throw InvalidName(image, e);
        }
        catch (DockerApiException e)
        {
            throw new RuntimeFailureException("ErrImagePull", Message(e), e);
        }
        if (failure.Length > 0) throw new RuntimeFailureException("ErrImagePull", failure);
        return await FindImageAsync(image, cancellationToken).ConfigureAwait(false)
            ?? throw new RuntimeFailureException("ErrImagePull", $"the engine pulled {image} but does not have it");
    }

    public async Task<ImmutableArray<ImageState>> ListImagesAsync(CancellationToken cancellationToken)
    {
        var images = await client.Images.ListImagesAsync(new ImagesListParameters(), cancellationToken).ConfigureAwait(false);
        return [.. images.OrderByDescending(i => i.Size).Select(i => new ImageState(i.ID, Names(i.RepoTags, i.RepoDigests), i.Size))];
    }

    private static ImmutableArray<string> Names(IList<string>? tags, IList<string>? digests) =>
        [.. (digests ?? []).Concat(tags ?? []).Where(n => !n.Contains("<none>", StringComparison.Ordinal))];

    private static RuntimeFailureException InvalidName(string image, Exception cause) => new(
        "InvalidImageName", $"Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": invalid reference format", cause);

    // Without a tag the engine would fetch every tag there is.
    private static (string Name, string? Tag) Split(string image)
    {
        if (image.Contains('@', StringComparison.Ordinal)) return (image, null);
        var colon = image.LastIndexOf(':');
        return colon > image.LastIndexOf('/') ? (image[..colon], image[(colon + 1)..]) : (image, "latest");
    }
}
