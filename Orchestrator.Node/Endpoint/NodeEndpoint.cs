using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Endpoint;

/// <summary>The HTTPS endpoint of a node, to which the API server proxies: logs, exec, attach and port-forward, by the kubelet's own paths.</summary>
/// <remarks>Nobody is let in without a client certificate of the cluster's CA. Streams speak WebSocket or SPDY/3.1, with Kubernetes' protocols.</remarks>
public sealed class NodeEndpoint : IAsyncDisposable
{
    private readonly WebApplication _app;

    private NodeEndpoint(WebApplication app, int port) => (_app, Port) = (app, port);

    /// <summary>The port it listens on.</summary>
    public int Port { get; }

    /// <param name="kubelets">The region of kubelets; null until this process has joined it.</param>
    /// <param name="kubelet">The kubelet of this node.</param>
    /// <param name="port">0 picks one.</param>
    public static async Task<NodeEndpoint> StartAsync(
        System.Net.IPAddress address, int port, X509Certificate2 certificate, X509Certificate2 authority,
        IContainerRuntime runtime, Func<IActorRef?> kubelets, KubeletId kubelet, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(address, port, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = certificate;
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            https.ClientCertificateValidation = (client, _, _) => IsIssuedBy(client, authority);
        })));
        var app = builder.Build();
        var endpoint = new PodStreams(runtime, kubelets, kubelet, address, TimeProvider.System);
        app.MapGet("/containerLogs/{ns}/{pod}/{container}", endpoint.LogsAsync);
        app.Map("/exec/{ns}/{pod}/{container}", endpoint.ExecAsync);
        app.Map("/attach/{ns}/{pod}/{container}", endpoint.AttachAsync);
        app.Map("/portForward/{ns}/{pod}", endpoint.PortForwardAsync);
        app.MapGet("/podConnection/{ns}/{pod}", endpoint.ConnectAsync);
        app.MapGet("/healthz", () => "ok");
        await app.StartAsync(cancellationToken).ConfigureAwait(false);
        return new NodeEndpoint(app, new Uri(app.Urls.First()).Port);
    }

    private static bool IsIssuedBy(X509Certificate2 client, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(client);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
    }
}
