using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Kinds.Namespaces;
using Orchestrator.Actors.Registry;
using Orchestrator.Host.ApiServer.Aggregation;
using Orchestrator.Host.ApiServer.Audit;
using Orchestrator.Host.ApiServer.FlowControl;
using Orchestrator.Host.ApiServer.ResourceMetrics;

namespace Orchestrator.Host.ApiServer;

/// <summary>The HTTP API of Kubernetes on Kestrel, over HTTP/1.1 and HTTP/2.</summary>
/// <remarks>There is no routing and no container of services: the path is read once, and everything is wired here.</remarks>
public sealed class ApiServerHost : IAsyncDisposable
{
    /// <summary>How long open requests may go on once the server stops.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a request waits for its turn. Source: k8s.io/apiserver, a quarter of the time that a request may take.</summary>
    private static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(15);

    private readonly WebApplication _application;
    private readonly CancellationTokenSource _stopping;
    private readonly NodeProxy _nodes;
    private readonly AuditLog? _audit;
    private readonly Aggregator _aggregator;
    private readonly RequestDeadlines _deadlines;
    private readonly Task _following;

    private ApiServerHost(WebApplication application, CancellationTokenSource stopping, NodeProxy nodes, AuditLog? audit, Aggregator aggregator, RequestDeadlines deadlines, Task following, Uri url)
    {
        _application = application;
        _stopping = stopping;
        _nodes = nodes;
        _audit = audit;
        _aggregator = aggregator;
        _deadlines = deadlines;
        _following = following;
        Url = url;
    }

    /// <summary>Where it listens, with the port that was picked.</summary>
    public Uri Url { get; }

    /// <summary>What aggregated servers hold in namespaces.</summary>
    public IRemoteContent RemoteContent => _aggregator.Content;

    /// <summary>Discovery and OpenAPI, aggregated servers included.</summary>
    public AggregatedDocuments Documents => _aggregator.Documents;

    /// <summary>Starts listening.</summary>
    /// <param name="options">Where and as whom.</param>
    /// <param name="store">The verbs.</param>
    /// <param name="clock">The time.</param>
    /// <param name="logs">Where failures are written.</param>
    /// <param name="nodes">Reaches the nodes; null makes a client from the options.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<ApiServerHost> StartAsync(
        ApiServerOptions options, ResourceStore store, TimeProvider clock, ILoggerFactory logs, HttpMessageInvoker? nodes = null, CancellationToken cancellationToken = default)
    {
        var authenticator = AuthenticatorOf(options, store, clock);
        var stopping = new CancellationTokenSource();
        nodes ??= NodeProxy.CreateClient(options.NodeClientCertificate, options.ClientAuthorities);
        var proxy = new NodeProxy(store, nodes, stopping.Token);
        var flows = new FlowController(options.RequestsMax, PatienceMax, clock);
        var deadlines = new RequestDeadlines(options.RequestTimeout, clock);
        var audit = options.Audit is { } target ? new AuditLog(target, clock, logs.CreateLogger<AuditLog>()) : null;
        var aggregator = new Aggregator(options, store, clock, logs, stopping.Token);
        var pipeline = Compose(options, store, clock, logs, authenticator, proxy, new NodeSamples(store, nodes, clock), aggregator, flows, deadlines, audit, stopping.Token);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logs);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Configure(kestrel, options));
        builder.WebHost.UseShutdownTimeout(StopTimeout);
        var application = builder.Build();
        application.Run(pipeline.HandleAsync);
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await application.DisposeAsync().ConfigureAwait(false);
            proxy.Dispose();
            aggregator.Dispose();
            deadlines.Dispose();
            if (audit is not null) await audit.DisposeAsync().ConfigureAwait(false);
            stopping.Dispose();
            throw;
        }
        var address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var following = new FlowConfiguration(store, flows, clock, logs.CreateLogger<FlowConfiguration>()).RunAsync(stopping.Token);
        return new ApiServerHost(application, stopping, proxy, audit, aggregator, deadlines, Task.WhenAll(following, aggregator.RunAsync(stopping.Token)), new Uri(address));
    }

    /// <summary>Ends watches and streams, lets other requests finish, and stops listening.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _application.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(false);
        if (_audit is not null) await _audit.DisposeAsync().ConfigureAwait(false);
        _nodes.Dispose();
        _aggregator.Dispose();
        _deadlines.Dispose();
        _stopping.Dispose();
    }

    private static Authenticator AuthenticatorOf(ApiServerOptions options, ResourceStore store, TimeProvider clock)
    {
        var tokens = ImmutableArray.CreateBuilder<ITokenAuthenticator>();
        if (options.StaticTokens is { } known) tokens.Add(known);
        if (options.TokenSigner is { } signer) tokens.Add(new ServiceAccountTokens(signer, store.Admitted, options.TokenIssuance, clock));
        tokens.AddRange(options.TokenAuthenticators);
        var proxy = options.FrontProxyAuthorities.Count == 0 ? null
            : new FrontProxy(new ClientCertificates(options.FrontProxyAuthorities, clock), options.FrontProxyNames);
        return new Authenticator(new ClientCertificates([.. options.ClientAuthorities, .. options.MoreClientAuthorities], clock), tokens.ToImmutable(), options.TokenIssuance.ApiAudiences, proxy, options.Anonymous);
    }

    private static RequestPipeline Compose(
        ApiServerOptions options, ResourceStore store, TimeProvider clock, ILoggerFactory logs, Authenticator authenticator, NodeProxy nodes, NodeSamples samples,
        Aggregator aggregator, FlowController flows, RequestDeadlines deadlines, AuditLog? audit, CancellationToken stopping)
    {
        var metrics = new Metrics(flows, audit, store.Registries, options.MoreMetrics);
        var representations = new Representations(clock, store.Converter);
        var reads = new ConsistentReads(store.Registries, new SnapshotCache(clock));
        return new RequestPipeline(
            store, authenticator,
            new DocumentEndpoint(() => store.Catalog, aggregator.Documents, metrics, options.Checks, new IssuerDocuments(options.TokenSigner, options.TokenIssuance), clock),
            new ListEndpoint(reads, representations),
            new WatchEndpoint(reads, representations, () => store.Catalog, metrics, clock, stopping),
            new ResourceEndpoint(store, reads, representations),
            new SubresourceEndpoint(store, options.Tokens), new ComponentStatusEndpoint(store, representations, options.Components),
            new ResourceMetricsEndpoint(store, representations, samples), nodes,
            new ReviewEndpoint(store, options.Authorizer, authenticator), aggregator, options.Authorizer, flows, audit, metrics, deadlines, logs.CreateLogger<RequestPipeline>());
    }

    private static void Configure(KestrelServerOptions kestrel, ApiServerOptions options)
    {
        kestrel.AddServerHeader = false;
        // Warnings quote names of fields, which are UTF-8 as all of the API is.
        kestrel.RequestHeaderEncodingSelector = static _ => System.Text.Encoding.UTF8;
        kestrel.ResponseHeaderEncodingSelector = static _ => System.Text.Encoding.UTF8;
        // Bodies are bounded where they are read, so that the answer is a Status.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MaxConcurrentConnections = options.ConnectionsMax;
        kestrel.Limits.MaxConcurrentUpgradedConnections = options.ConnectionsMax;
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(10));
        // A watch may be silent for a minute, and its reader slow.
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(32);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(5);
        // Each watch is a stream, and one client holds one connection for all of its watches. Source: kube-apiserver, http2-max-streams-per-connection.
        kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
        // Clients with certificates of several authorities choose by the names that they are told, and Go's show none of others.
        var trust = SslCertificateTrust.CreateForX509Collection(
            [.. options.ClientAuthorities, .. options.MoreClientAuthorities, .. options.FrontProxyAuthorities], sendTrustInHandshake: true);
        var shown = SslStreamCertificateContext.Create(options.ServerCertificate, additionalCertificates: null, offline: true, trust);
        kestrel.Listen(options.Listen, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = options.ServerCertificate,
                SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                ClientCertificateMode = ClientCertificateMode.AllowCertificate,
                // Whom to believe is decided per request: an unknown certificate is 401, not a broken connection.
                ClientCertificateValidation = static (certificate, chain, _) =>
                {
                    ClientCertificates.Remember(certificate, chain);
                    return true;
                },
                OnAuthenticate = (_, tls) => tls.ServerCertificateContext = shown,
                HandshakeTimeout = TimeSpan.FromSeconds(10),
            });
        });
    }
}
