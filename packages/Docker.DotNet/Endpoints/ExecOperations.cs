using System.Net.Http.Json;
using Docker.DotNet.Models;

namespace Docker.DotNet;

/// <summary>Commands run inside containers.</summary>
public interface IExecOperations
{
    Task<ContainerExecCreateResponse> ExecCreateContainerAsync(string id, ContainerExecCreateParameters parameters, CancellationToken cancellationToken = default);

    Task<MultiplexedStream> StartAndAttachContainerExecAsync(string id, bool tty, CancellationToken cancellationToken = default);

    Task<ContainerExecInspectResponse> InspectContainerExecAsync(string id, CancellationToken cancellationToken = default);

    Task ResizeContainerExecTtyAsync(string id, ContainerResizeParameters parameters, CancellationToken cancellationToken = default);
}

internal sealed class ExecOperations(DockerClient client) : IExecOperations
{
    public async Task<ContainerExecCreateResponse> ExecCreateContainerAsync(
        string id, ContainerExecCreateParameters parameters, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        using var response = await client
            .SendAsync(HttpMethod.Post, $"containers/{Uri.EscapeDataString(id)}/exec", parameters, DockerClient.NoContainer, cancellationToken)
            .ConfigureAwait(false);
        return await response.Content.ReadFromJsonAsync<ContainerExecCreateResponse>(DockerClient.Json, cancellationToken).ConfigureAwait(false);
    }

    public async Task<MultiplexedStream> StartAndAttachContainerExecAsync(string id, bool tty, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        var body = new ContainerExecStartParameters { Tty = tty };
        var stream = await client.HijackAsync($"exec/{Uri.EscapeDataString(id)}/start", body, null, cancellationToken).ConfigureAwait(false);
        return new MultiplexedStream(stream, !tty);
    }

    public Task<ContainerExecInspectResponse> InspectContainerExecAsync(string id, CancellationToken cancellationToken = default) =>
        client.GetAsync<ContainerExecInspectResponse>($"exec/{Uri.EscapeDataString(id)}/json", null, cancellationToken);

    public async Task ResizeContainerExecTtyAsync(string id, ContainerResizeParameters parameters, CancellationToken cancellationToken = default)
    {
        var query = new Query().Add("h", parameters.Height).Add("w", parameters.Width);
        using var response = await client.SendAsync(HttpMethod.Post, $"exec/{Uri.EscapeDataString(id)}/resize{query}", null, null, cancellationToken)
            .ConfigureAwait(false);
    }
}
