using Docker.DotNet.Models;

namespace Docker.DotNet;

/// <summary>The engine itself.</summary>
public interface ISystemOperations
{
    Task<VersionResponse> GetVersionAsync(CancellationToken cancellationToken = default);

    Task PingAsync(CancellationToken cancellationToken = default);

    Task<SystemInfoResponse> GetSystemInfoAsync(CancellationToken cancellationToken = default);

    /// <summary>Reports events until cancelled or the engine goes away.</summary>
    Task MonitorEventsAsync(ContainerEventsParameters parameters, IProgress<Message> progress, CancellationToken cancellationToken = default);
}

internal sealed class SystemOperations(DockerClient client) : ISystemOperations
{
    public Task<VersionResponse> GetVersionAsync(CancellationToken cancellationToken = default) =>
        client.GetAsync<VersionResponse>("version", null, cancellationToken);

    public async Task PingAsync(CancellationToken cancellationToken = default)
    {
        using var response = await client.SendAsync(HttpMethod.Get, "_ping", null, null, cancellationToken).ConfigureAwait(false);
    }

    public Task<SystemInfoResponse> GetSystemInfoAsync(CancellationToken cancellationToken = default) =>
        client.GetAsync<SystemInfoResponse>("info", null, cancellationToken);

    public async Task MonitorEventsAsync(
        ContainerEventsParameters parameters, IProgress<Message> progress, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(progress);
        var query = new Query().Add("since", parameters.Since).Add("until", parameters.Until).Filters(parameters.Filters);
        using var response = await client.StreamAsync(HttpMethod.Get, $"events{query}", null, null, null, cancellationToken).ConfigureAwait(false);
        await JsonLines.ReadAsync(response, progress, cancellationToken).ConfigureAwait(false);
    }
}
