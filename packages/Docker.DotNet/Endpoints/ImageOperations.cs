using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Docker.DotNet.Models;

namespace Docker.DotNet;

/// <summary>What can be done with images. A missing one is a <see cref="DockerImageNotFoundException"/>.</summary>
public interface IImageOperations
{
    Task<IList<ImagesListResponse>> ListImagesAsync(ImagesListParameters parameters, CancellationToken cancellationToken = default);

    Task<ImageInspectResponse> InspectImageAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Pulls an image. A failure midway is reported as a message with an error, not thrown.</summary>
    Task CreateImageAsync(
        ImagesCreateParameters parameters, AuthConfig authConfig, IProgress<JSONMessage> progress, CancellationToken cancellationToken = default);

    /// <summary>Imports the tar archive of a file system as an image.</summary>
    Task CreateImageAsync(
        ImagesCreateParameters parameters, Stream imageStream, AuthConfig authConfig, IProgress<JSONMessage> progress,
        CancellationToken cancellationToken = default);

    Task<IList<IDictionary<string, string>>> DeleteImageAsync(string name, ImageDeleteParameters parameters, CancellationToken cancellationToken = default);
}

internal sealed class ImageOperations(DockerClient client) : IImageOperations
{
    public async Task<IList<ImagesListResponse>> ListImagesAsync(ImagesListParameters parameters, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var query = new Query().Add("all", parameters.All).Filters(parameters.Filters);
        return await client.GetAsync<List<ImagesListResponse>>($"images/json{query}", null, cancellationToken).ConfigureAwait(false);
    }

    public Task<ImageInspectResponse> InspectImageAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return client.GetAsync<ImageInspectResponse>($"images/{name}/json", DockerClient.NoImage, cancellationToken);
    }

    public Task CreateImageAsync(
        ImagesCreateParameters parameters, AuthConfig authConfig, IProgress<JSONMessage> progress, CancellationToken cancellationToken = default) =>
        CreateImageAsync(parameters, null, authConfig, progress, cancellationToken);

    public async Task CreateImageAsync(
        ImagesCreateParameters parameters, Stream imageStream, AuthConfig authConfig, IProgress<JSONMessage> progress,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        StreamContent content = null;
        if (imageStream is not null)
        {
            parameters.FromSrc ??= "-";
            content = new StreamContent(imageStream);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
        }
        var query = new Query()
            .Add("fromImage", parameters.FromImage).Add("fromSrc", parameters.FromSrc).Add("repo", parameters.Repo).Add("tag", parameters.Tag)
            .Add("message", parameters.Message).Add("changes", parameters.Changes).Add("platform", parameters.Platform);
        using var response = await client
            .StreamAsync(HttpMethod.Post, $"images/create{query}", content, AuthHeader(authConfig), DockerClient.NoImage, cancellationToken)
            .ConfigureAwait(false);
        await JsonLines.ReadAsync(response, progress, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IList<IDictionary<string, string>>> DeleteImageAsync(
        string name, ImageDeleteParameters parameters, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var query = new Query().Add("force", parameters?.Force).Add("noprune", parameters?.NoPrune);
        using var response = await client.SendAsync(HttpMethod.Delete, $"images/{name}{query}", null, DockerClient.NoImage, cancellationToken)
            .ConfigureAwait(false);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        return [.. JsonSerializer.Deserialize<List<Dictionary<string, string>>>(body, DockerClient.Json)];
    }

    private static IEnumerable<KeyValuePair<string, string>> AuthHeader(AuthConfig auth)
    {
        if (auth is null) yield break;
        var json = JsonSerializer.Serialize(auth, DockerClient.Json);
        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(json)).Replace('/', '_').Replace('+', '-');
        yield return KeyValuePair.Create("X-Registry-Auth", encoded);
    }
}

/// <summary>Reads an answer that is one JSON object per line, until it ends.</summary>
internal static class JsonLines
{
    public static async Task ReadAsync<T>(HttpResponseMessage response, IProgress<T> progress, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
            if (line.Length > 0) progress?.Report(JsonSerializer.Deserialize<T>(line, DockerClient.Json));
    }
}
