using System.Net;
using System.Text.Json;
using Orchestrator.Actors.Kinds.ApiServices;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Discovery;
using Orchestrator.Actors.Schemas.OpenApi;

namespace Orchestrator.Host.ApiServer.Aggregation;

/// <summary>What is known of the server of one APIService: whether it can be asked, and what it says that it serves.</summary>
/// <remarks>Used by one loop; not for several threads at once.</remarks>
internal sealed class BackendProbe(BackendClient backends, IRegistries registries)
{
    /// <summary>How long a server may take. Source: kube-aggregator, the available controller's discovery check.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    private ReadOnlyMemory<byte> _resources = RemoteVersion.NoResources;
    private (string? ETag, ReadOnlyMemory<byte>? Body) _v2, _v3;
    private bool _current;

    /// <summary>Checks the way to the server and the server, and reads its documents anew where they changed.</summary>
    public async Task<ApiServiceCondition> CheckAsync(ApiServiceView api, CancellationToken cancellationToken)
    {
        var condition = await OfServiceAsync(api, cancellationToken).ConfigureAwait(false) ?? await DiscoverAsync(api, cancellationToken).ConfigureAwait(false);
        _current = condition.IsTrue;
        if (!_current) return condition;
        _v2 = await RefreshAsync(api, "/openapi/v2", _v2, cancellationToken).ConfigureAwait(false);
        _v3 = await RefreshAsync(api, "/openapi/v3", _v3, cancellationToken).ConfigureAwait(false);
        return condition;
    }

    public RemoteVersion Version(ApiServiceView api) => new(api.Group, api.Version, api.GroupPriority, api.VersionPriority, _current, _resources);

    public RemoteOpenApi OpenApi(ApiServiceView api) =>
        new(api.Group, api.Version, _v2.Body, _v3.Body is { } index ? RemoteOpenApi.FindV3(index, api.Group, api.Version) : null);

    /// <summary>Changes when the service or its endpoints do.</summary>
    public async ValueTask<int> WayAsync(ApiServiceView api, CancellationToken cancellationToken)
    {
        var (service, slices) = await ObjectsAsync(api, cancellationToken).ConfigureAwait(false);
        var hash = new HashCode();
        hash.Add(service?.Revision);
        foreach (var slice in slices) hash.Add(slice.Revision);
        return hash.ToHashCode();
    }

    private async Task<ApiServiceCondition?> OfServiceAsync(ApiServiceView api, CancellationToken cancellationToken)
    {
        var (service, slices) = await ObjectsAsync(api, cancellationToken).ConfigureAwait(false);
        return ApiServiceCondition.OfService(api, service?.ToTree(), slices.Select(static s => s.ToTree()));
    }

    private async ValueTask<(StoredObject? Service, IEnumerable<StoredObject> Slices)> ObjectsAsync(ApiServiceView api, CancellationToken cancellationToken)
    {
        var service = api.Service!.Value;
        var services = await registries.InformerAsync(ResourceTypes.Services, cancellationToken).ConfigureAwait(false);
        var slices = await registries.InformerAsync(ResourceTypes.EndpointSlices, cancellationToken).ConfigureAwait(false);
        return (services.Get(service), slices.Objects.InNamespace(service.Namespace)
            .Where(s => s.Meta.Labels.GetValueOrDefault("kubernetes.io/service-name") == service.Name));
    }

    private async Task<ApiServiceCondition> DiscoverAsync(ApiServiceView api, CancellationToken cancellationToken)
    {
        var path = api.Group.Length == 0 ? $"/api/{api.Version}" : $"/apis/{api.Group}/{api.Version}";
        var url = $"https://{api.Service!.Value.Name}.{api.Service.Value.Namespace}.svc:{api.Port}{path}";
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        try
        {
            using var response = await backends.RequestAsync(api, HttpMethod.Get, path, null, deadline.Token).ConfigureAwait(false);
            if ((int)response.StatusCode is < 200 or >= 300) return ApiServiceCondition.FailedDiscovery($"failing or missing response from {url}: bad status from {url}: {(int)response.StatusCode}");
            var body = await BackendClient.ReadAsync(response, deadline.Token).ConfigureAwait(false);
            _resources = RemoteVersion.ResourcesOf(body, api.Group, api.Version);
            return ApiServiceCondition.Passed;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ApiServiceCondition.FailedDiscovery($"failing or missing response from {url}: Get \"{url}\": context deadline exceeded");
        }
        catch (JsonException)
        {
            // A server that answers is there, whatever it says; it only tells of nothing. Source: the check looks at the status alone.
            _resources = RemoteVersion.NoResources;
            return ApiServiceCondition.Passed;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidOperationException)
        {
            return ApiServiceCondition.FailedDiscovery($"failing or missing response from {url}: Get \"{url}\": {e.Message}");
        }
    }

    private async Task<(string?, ReadOnlyMemory<byte>?)> RefreshAsync(ApiServiceView api, string path, (string? ETag, ReadOnlyMemory<byte>? Body) known, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        try
        {
            using var response = await backends.RequestAsync(api, HttpMethod.Get, path, known.ETag, deadline.Token).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.NotModified) return known;
            if (response.StatusCode != HttpStatusCode.OK) return (null, null);
            var body = await BackendClient.ReadAsync(response, deadline.Token).ConfigureAwait(false);
            // The same bytes stay the same object, so that nothing is merged anew.
            return known.Body is { } old && old.Span.SequenceEqual(body.Span) ? known : (response.Headers.ETag?.ToString(), body);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return known;
        }
    }
}
