using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Registry;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Endpoint;

/// <summary>The HTTPS endpoint of a node, to which the API server proxies: logs, exec, attach and port-forward, by the kubelet's own paths.</summary>
/// <remarks>Nobody is let in but with a certificate of the cluster's CA for <c>system:masters</c>, as API servers have. Streams speak WebSocket or SPDY/3.1, with Kubernetes' protocols.</remarks>
public sealed class NodeEndpoint : IAsyncDisposable
{
    private const string Organization = "2.5.4.10";

    private readonly WebApplication _app;

    private NodeEndpoint(WebApplication app, int port) => (_app, Port) = (app, port);

    /// <summary>The port it listens on.</summary>
    public int Port { get; }

    /// <param name="kubelets">The region of kubelets; null until this process has joined it.</param>
    /// <param name="nodes">The nodes behind the endpoint.</param>
    /// <param name="port">0 picks one.</param>
    /// <param name="logs">The directory that <c>/logs/</c> serves.</param>
    public static async Task<NodeEndpoint> StartAsync(
        System.Net.IPAddress address, int port, X509Certificate2 certificate, X509Certificate2 authority,
        IContainerRuntime runtime, IRegistries registries, Func<IActorRef?> kubelets, ServedNodes nodes, string logs, CancellationToken cancellationToken)
    {
        // An empty builder: the others read settings from the working directory, and watch all that is written beneath it.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRouting();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(address, port, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = certificate;
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            https.ClientCertificateValidation = (client, _, _) => IsMaster(client) && IsIssuedBy(client, authority);
        })));
        var app = builder.Build();
        app.MapGet("/healthz", () => "ok");
        MapStreams(app, new PodStreams(runtime, kubelets, nodes, TimeProvider.System));
        MapDocuments(app, new NodeDocuments(runtime, registries, nodes, TimeProvider.System), new NodeLogs(logs));
        await app.StartAsync(cancellationToken).ConfigureAwait(false);
        return new NodeEndpoint(app, new Uri(app.Urls.First()).Port);
    }

    private static void MapStreams(WebApplication app, PodStreams endpoint)
    {
        app.MapGet("/containerLogs/{ns}/{pod}/{container}", endpoint.LogsAsync);
        app.Map("/exec/{ns}/{pod}/{container}", endpoint.ExecAsync);
        app.Map("/attach/{ns}/{pod}/{container}", endpoint.AttachAsync);
        app.Map("/portForward/{ns}/{pod}", endpoint.PortForwardAsync);
        app.MapGet("/podConnection/{ns}/{pod}", endpoint.ConnectAsync);
        app.MapPost("/run/{ns}/{pod}/{container}", endpoint.RunAsync);
    }

    private static void MapDocuments(WebApplication app, NodeDocuments documents, NodeLogs logs)
    {
        app.MapGet("/pods", documents.PodsAsync);
        app.MapGet("/runningpods/", documents.RunningPodsAsync);
        app.MapGet("/stats/summary", documents.SummaryAsync);
        app.MapGet("/metrics", documents.MetricsAsync);
        app.MapGet("/metrics/resource", documents.ResourceMetricsAsync);
        app.MapGet("/configz", documents.ConfigurationAsync);
        app.MapGet("/logs/{**path}", logs.ServeAsync);
    }

    // Who is given a certificate of the cluster may still not do what he likes on its nodes: an API server decides that, and
    // no one else is let in. The group is one that no signing request can name.
    private static bool IsMaster(X509Certificate2 client)
    {
        foreach (var part in client.SubjectName.EnumerateRelativeDistinguishedNames())
            if (!part.HasMultipleElements && part.GetSingleElementType().Value == Organization && part.GetSingleElementValue() == UserInfo.Masters) return true;
        return false;
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
