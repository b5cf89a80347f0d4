using System.Globalization;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Endpoint;

/// <summary>The HTTPS endpoint of a node, to which the API server proxies: logs, exec and attach, by the kubelet's own paths.</summary>
/// <remarks>Nobody is let in without a client certificate of the cluster's CA. exec and attach speak WebSocket, with Kubernetes' sub-protocols.</remarks>
public sealed class NodeEndpoint : IAsyncDisposable
{
    private static readonly TimeSpan FindTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(10);

    private readonly WebApplication _app;

    private NodeEndpoint(WebApplication app, int port) => (_app, Port) = (app, port);

    /// <summary>The port it listens on.</summary>
    public int Port { get; }

    /// <param name="kubelet">The kubelet of a node; the one of this process when the name is empty.</param>
    /// <param name="port">0 picks one.</param>
    public static async Task<NodeEndpoint> StartAsync(
        System.Net.IPAddress address, int port, X509Certificate2 certificate, X509Certificate2 authority,
        IContainerRuntime runtime, Func<IActorRef> kubelet, CancellationToken cancellationToken)
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
        app.UseWebSockets();
        var endpoint = new Handlers(runtime, kubelet);
        app.MapGet("/containerLogs/{ns}/{pod}/{container}", endpoint.LogsAsync);
        app.Map("/exec/{ns}/{pod}/{container}", endpoint.ExecAsync);
        app.Map("/attach/{ns}/{pod}/{container}", endpoint.AttachAsync);
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

    private sealed class Handlers(IContainerRuntime runtime, Func<IActorRef> kubelet)
    {
        private async Task<ContainerFound?> FindAsync(HttpContext http, bool previous)
        {
            var values = http.Request.RouteValues;
            var pod = new ObjectKey((string)values["ns"]!, (string)values["pod"]!);
            var found = await kubelet().Ask<ContainerFound>(new FindContainer(pod, (string)values["container"]!, previous), FindTimeout).ConfigureAwait(false);
            if (found.Id is not null) return found;
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await http.Response.WriteAsync(found.Why, http.RequestAborted).ConfigureAwait(false);
            return null;
        }

        public async Task LogsAsync(HttpContext http)
        {
            var query = http.Request.Query;
            if (await FindAsync(http, Flag(query, "previous")).ConfigureAwait(false) is not { Id: { } id }) return;
            http.Response.ContentType = "text/plain";
            try
            {
                await runtime.ReadLogsAsync(id, LogQueryReader.Read(query), http.Response.Body, http.RequestAborted).ConfigureAwait(false);
            }
            catch (RuntimeFailureException e) when (!http.Response.HasStarted)
            {
                http.Response.StatusCode = StatusCodes.Status500InternalServerError;
                await http.Response.WriteAsync(e.Message, http.RequestAborted).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // The reader has left.
            }
        }

        public Task ExecAsync(HttpContext http) => StreamAsync(http, async (id, streams, token) =>
        {
            var command = http.Request.Query["command"];
            return await runtime.ExecAsync(id, new ExecRequest([.. command.OfType<string>()], streams.Tty), streams, token).ConfigureAwait(false);
        });

        public Task AttachAsync(HttpContext http) => StreamAsync(http, async (id, streams, token) =>
        {
            await runtime.AttachAsync(id, streams, token).ConfigureAwait(false);
            return 0;
        });

        private async Task StreamAsync(HttpContext http, Func<string, ExecStreams, CancellationToken, Task<int>> work)
        {
            var protocol = ChannelSocket.Choose(http.WebSockets.WebSocketRequestedProtocols);
            if (!http.WebSockets.IsWebSocketRequest || protocol is null)
            {
                http.Response.StatusCode = StatusCodes.Status400BadRequest;
                await http.Response.WriteAsync("a WebSocket with v5.channel.k8s.io or v4.channel.k8s.io is needed", http.RequestAborted).ConfigureAwait(false);
                return;
            }
            if (await FindAsync(http, previous: false).ConfigureAwait(false) is not { Id: { } id } found) return;
            var query = http.Request.Query;
            using var socket = await http.WebSockets.AcceptWebSocketAsync(protocol).ConfigureAwait(false);
            await using var channels = new ChannelSocket(socket);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
            var tty = Flag(query, "tty") || found.Tty && http.Request.Path.StartsWithSegments("/attach");
            var streams = channels.Streams(
                Flag(query, "stdin") || Flag(query, "input"), Flag(query, "stdout") || Flag(query, "output"),
                Flag(query, "stderr") || Flag(query, "error"), tty);
            var reading = channels.ReadAsync(ended);
            await channels.FinishAsync(() => work(id, streams, ended.Token)).ConfigureAwait(false);
            // A client that has not answered our close yet may still be reading; cutting it off would lose what it has not read.
            await Task.WhenAny(reading, Task.Delay(CloseTimeout, http.RequestAborted)).ConfigureAwait(false);
            await ended.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        internal static bool Flag(IQueryCollection query, string name) => (string?)query[name] is "true" or "1";
    }
}

/// <summary>Reads the query of a log request, whose fields are those of PodLogOptions.</summary>
public static class LogQueryReader
{
    public static LogQuery Read(IQueryCollection query)
    {
        DateTimeOffset? since = DateTimeOffset.TryParse(query["sinceTime"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
        if (Number(query, "sinceSeconds") is { } seconds) since = TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(seconds);
        return new LogQuery
        {
            Follow = (string?)query["follow"] is "true" or "1",
            Timestamps = (string?)query["timestamps"] is "true" or "1",
            TailLines = Number(query, "tailLines"),
            LimitBytes = Number(query, "limitBytes"),
            Since = since,
        };
    }

    private static long? Number(IQueryCollection query, string name) =>
        long.TryParse(query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
