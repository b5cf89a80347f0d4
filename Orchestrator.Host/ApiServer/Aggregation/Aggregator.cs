using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Kinds.ApiServices;
using Orchestrator.Actors.Kinds.Namespaces;
using Orchestrator.Actors.Registry;

namespace Orchestrator.Host.ApiServer.Aggregation;

/// <summary>Extends the API with what other servers serve, by the objects of apiregistration.k8s.io.</summary>
public sealed class Aggregator : IDisposable
{
    private readonly RemoteApis _remotes = new();
    private readonly BackendClient _backends;
    private readonly AggregationProxy _proxy;
    private readonly ApiServiceController _controller;

    /// <param name="stopping">Ends streams that are handed on.</param>
    public Aggregator(ApiServerOptions options, ResourceStore store, TimeProvider clock, ILoggerFactory logs, CancellationToken stopping)
    {
        _backends = new BackendClient(store.Registries, options.FrontProxyCertificate);
        _proxy = new AggregationProxy(_backends, stopping);
        Content = new RemoteContent(_remotes, _backends);
        _controller = new ApiServiceController(
            store, _remotes, Documents, _backends, new AuthenticationConfigMap(store, options), clock, logs.CreateLogger<ApiServiceController>());
    }

    /// <summary>Discovery and OpenAPI of all servers.</summary>
    public AggregatedDocuments Documents { get; } = new();

    /// <summary>What other servers hold in namespaces.</summary>
    public IRemoteContent Content { get; }

    /// <summary>Whose server answers a request; null when it is this one.</summary>
    public ApiServiceView? Find(RequestInfo request) =>
        _remotes.Find(request) is not { } remote ? null
        : !request.IsResource && request.Path.StartsWith("/openapi/", StringComparison.Ordinal) && Documents.HasV3(remote.Group, remote.Version) ? null
        : remote;

    /// <summary>Hands the request of a user who may make it on to the server of an APIService.</summary>
    public Task HandleAsync(HttpContext context, ApiServiceView api, UserInfo user) => _proxy.HandleAsync(context, api, user);

    /// <summary>Follows the objects and looks after them until it is cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => _controller.RunAsync(cancellationToken);

    public void Dispose() => _backends.Dispose();
}
