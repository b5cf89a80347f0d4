using System.Net;
using System.Net.Http.Json;
using Docker.DotNet.Models;

namespace Docker.DotNet;

internal sealed class ContainerOperations(DockerClient client) : IContainerOperations
{
    private static readonly Func<HttpStatusCode, string, Exception> NoContainer = DockerClient.NoContainer;

    public async Task<IList<ContainerListResponse>> ListContainersAsync(ContainersListParameters parameters, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var query = new Query().Add("size", parameters.Size).Add("all", parameters.All).Add("limit", parameters.Limit).Filters(parameters.Filters);
        return await client.GetAsync<List<ContainerListResponse>>($"containers/json{query}", null, cancellationToken).ConfigureAwait(false);
    }

    public async Task<CreateContainerResponse> CreateContainerAsync(CreateContainerParameters parameters, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var query = new Query().Add("name", parameters.Name).Add("platform", parameters.Platform);
        // The engine says 404 here when the image is missing.
        using var response = await client.SendAsync(HttpMethod.Post, $"containers/create{query}", parameters, DockerClient.NoImage, cancellationToken)
            .ConfigureAwait(false);
        return await response.Content.ReadFromJsonAsync<CreateContainerResponse>(DockerClient.Json, cancellationToken).ConfigureAwait(false);
    }

    public Task<ContainerInspectResponse> InspectContainerAsync(string id, CancellationToken cancellationToken = default) =>
        client.GetAsync<ContainerInspectResponse>($"containers/{Name(id)}/json", NoContainer, cancellationToken);

    public async Task<MultiplexedStream> GetContainerLogsAsync(
        string id, bool tty, ContainerLogsParameters parameters, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var query = new Query()
            .Add("stdout", parameters.ShowStdout).Add("stderr", parameters.ShowStderr).Add("since", parameters.Since).Add("until", parameters.Until)
            .Add("timestamps", parameters.Timestamps).Add("follow", parameters.Follow).Add("tail", parameters.Tail);
        var response = await client.StreamAsync(HttpMethod.Get, $"containers/{Name(id)}/logs{query}", null, null, NoContainer, cancellationToken)
            .ConfigureAwait(false);
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return new MultiplexedStream(new WriteClosableStreamOverSocket(stream, null, response), !tty);
    }

    public async Task GetContainerStatsAsync(
        string id, ContainerStatsParameters parameters, IProgress<ContainerStatsResponse> progress, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(progress);
        var query = new Query().Add("stream", parameters.Stream).Add("one-shot", parameters.OneShot);
        using var response = await client.StreamAsync(HttpMethod.Get, $"containers/{Name(id)}/stats{query}", null, null, NoContainer, cancellationToken)
            .ConfigureAwait(false);
        await JsonLines.ReadAsync(response, progress, cancellationToken).ConfigureAwait(false);
    }

    public Task ResizeContainerTtyAsync(string id, ContainerResizeParameters parameters, CancellationToken cancellationToken = default)
    {
        var query = new Query().Add("h", parameters.Height).Add("w", parameters.Width);
        return PostAsync($"containers/{Name(id)}/resize{query}", cancellationToken);
    }

    public async Task<bool> StartContainerAsync(string id, ContainerStartParameters parameters, CancellationToken cancellationToken = default) =>
        await PostAsync($"containers/{Name(id)}/start{new Query().Add("detachKeys", parameters?.DetachKeys)}", cancellationToken).ConfigureAwait(false)
            != HttpStatusCode.NotModified;

    public async Task<bool> StopContainerAsync(string id, ContainerStopParameters parameters, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var query = new Query().Add("t", parameters.WaitBeforeKillSeconds);
        // Stopping takes as long as the container is allowed to take, so only the caller's token bounds it.
        using var response = await client.StreamAsync(HttpMethod.Post, $"containers/{Name(id)}/stop{query}", null, null, NoContainer, cancellationToken)
            .ConfigureAwait(false);
        return response.StatusCode != HttpStatusCode.NotModified;
    }

    public Task KillContainerAsync(string id, ContainerKillParameters parameters, CancellationToken cancellationToken = default) =>
        PostAsync($"containers/{Name(id)}/kill{new Query().Add("signal", parameters?.Signal)}", cancellationToken);

    public async Task<MultiplexedStream> AttachContainerAsync(
        string id, bool tty, ContainerAttachParameters parameters, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var query = new Query()
            .Add("stream", parameters.Stream).Add("stdin", parameters.Stdin).Add("stdout", parameters.Stdout)
            .Add("stderr", parameters.Stderr).Add("detachKeys", parameters.DetachKeys);
        var stream = await client.HijackAsync($"containers/{Name(id)}/attach{query}", null, NoContainer, cancellationToken).ConfigureAwait(false);
        return new MultiplexedStream(stream, !tty);
    }

    public async Task<ContainerWaitResponse> WaitContainerAsync(string id, CancellationToken cancellationToken = default)
    {
        using var response = await client.StreamAsync(HttpMethod.Post, $"containers/{Name(id)}/wait", null, null, NoContainer, cancellationToken)
            .ConfigureAwait(false);
        return await response.Content.ReadFromJsonAsync<ContainerWaitResponse>(DockerClient.Json, cancellationToken).ConfigureAwait(false);
    }

    public async Task RemoveContainerAsync(string id, ContainerRemoveParameters parameters, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var query = new Query().Add("v", parameters.RemoveVolumes).Add("link", parameters.RemoveLinks).Add("force", parameters.Force);
        using var response = await client.SendAsync(HttpMethod.Delete, $"containers/{Name(id)}{query}", null, NoContainer, cancellationToken)
            .ConfigureAwait(false);
    }

    private async Task<HttpStatusCode> PostAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await client.SendAsync(HttpMethod.Post, path, null, NoContainer, cancellationToken).ConfigureAwait(false);
        return response.StatusCode;
    }

    private static string Name(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return Uri.EscapeDataString(id);
    }
}
