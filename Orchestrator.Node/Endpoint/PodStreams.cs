using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Akka.Actor;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Endpoint.PortForward;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Endpoint;

/// <summary>What a node serves of its pods: logs, exec, attach, port-forward, and connections for the API server's proxy.</summary>
internal sealed class PodStreams(IContainerRuntime runtime, Func<IActorRef?> kubelets, ServedNodes nodes, TimeProvider clock)
{
    private static readonly TimeSpan FindTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan TunnelCloseTimeout = TimeSpan.FromSeconds(5);

    public async Task LogsAsync(HttpContext http)
    {
        var query = http.Request.Query;
        if (await FindAsync(http, Container(http), query["previous"] == "true").ConfigureAwait(false) is not { Id: { } id }) return;
        http.Response.ContentType = "text/plain";
        try
        {
            await runtime.ReadLogsAsync(id, LogQueryReader.Read(query), http.Response.Body, http.RequestAborted).ConfigureAwait(false);
        }
        catch (RuntimeFailureException e) when (!http.Response.HasStarted)
        {
            await StreamNegotiation.RefuseAsync(http, StatusCodes.Status500InternalServerError, e.Message).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The reader has left.
        }
    }

    public async Task ExecAsync(HttpContext http)
    {
        string[] command = [.. http.Request.Query["command"].OfType<string>()];
        if (command.Length == 0)
        {
            await StreamNegotiation.RefuseAsync(http, StatusCodes.Status400BadRequest, "you must specify at least 1 command for the container").ConfigureAwait(false);
            return;
        }
        await CommandAsync(http, "error executing command in container", attach: false,
            (id, streams, token) => runtime.ExecAsync(id, new ExecRequest([.. command], streams.Tty), streams, token)).ConfigureAwait(false);
    }

    /// <summary>POST /run: a command without streams; what it wrote is the answer.</summary>
    public async Task RunAsync(HttpContext http)
    {
        var command = ((string?)http.Request.Query["cmd"] ?? "").Split(' ');
        if (command is [""])
        {
            await StreamNegotiation.RefuseAsync(http, StatusCodes.Status400BadRequest, "you must specify at least 1 command for the container").ConfigureAwait(false);
            return;
        }
        if (await FindAsync(http, Container(http), previous: false).ConfigureAwait(false) is not { Id: { } id }) return;
        using var output = new MemoryStream();
        var both = Stream.Synchronized(output);
        try
        {
            var code = await runtime.ExecAsync(id, new ExecRequest([.. command], Tty: false), new ExecStreams { Stdout = both, Stderr = both }, http.RequestAborted).ConfigureAwait(false);
            http.Response.StatusCode = code == 0 ? StatusCodes.Status200OK : StatusCodes.Status500InternalServerError;
            http.Response.ContentType = "text/plain";
            if (code != 0) await http.Response.WriteAsync($"command '{string.Join(' ', command)}' exited with {code}: ", http.RequestAborted).ConfigureAwait(false);
            await http.Response.Body.WriteAsync(output.ToArray(), http.RequestAborted).ConfigureAwait(false);
        }
        catch (RuntimeFailureException e) when (!http.Response.HasStarted)
        {
            await StreamNegotiation.RefuseAsync(http, StatusCodes.Status500InternalServerError, e.Message).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The caller has left.
        }
    }

    public Task AttachAsync(HttpContext http) => CommandAsync(http, "error attaching to container", attach: true, async (id, streams, token) =>
    {
        await runtime.AttachAsync(id, streams, token).ConfigureAwait(false);
        return 0;
    });

    private async Task CommandAsync(HttpContext http, string doing, bool attach, Func<string, ExecStreams, CancellationToken, Task<int>> work)
    {
        if (await FindAsync(http, Container(http), previous: false).ConfigureAwait(false) is not { Id: { } id } found) return;
        if (CommandStreams.Read(http.Request.Query, terminal: attach && found.Tty) is not { } wanted)
        {
            await StreamNegotiation.RefuseAsync(http, StatusCodes.Status400BadRequest, "you must specify at least 1 of stdin, stdout, stderr").ConfigureAwait(false);
            return;
        }
        if (await StreamNegotiation.CommandAsync(http).ConfigureAwait(false) is not { } agreed) return;
        await new RemoteCommand(wanted, doing, (streams, token) => work(id, streams, token)).ServeAsync(http, agreed).ConfigureAwait(false);
    }

    public async Task PortForwardAsync(HttpContext http)
    {
        if (await FindSandboxAsync(http).ConfigureAwait(false) is not { } sandbox) return;
        if (await StreamNegotiation.PortForwardAsync(http).ConfigureAwait(false) is not { } agreed) return;
        var forwarding = new PortForwarding($"{sandbox.Pod.Name}_{sandbox.Pod.Namespace}", sandbox.Pod.Uid, (port, token) => runtime.ConnectAsync(sandbox, port, token));
        if (agreed.Transport is StreamTransport.Spdy)
        {
            var transport = await StreamNegotiation.UpgradeToSpdyAsync(http, agreed.Protocol).ConfigureAwait(false);
            await new SpdyPortForward(forwarding, clock).ServeAsync(transport, http.RequestAborted).ConfigureAwait(false);
            return;
        }
        if (agreed.Transport is StreamTransport.TunneledSpdy)
        {
            var tunnel = await WebSocketHandshake.AcceptAsync(http, agreed.Protocol).ConfigureAwait(false);
            await using var stream = WebSocketStream.Create(tunnel, WebSocketMessageType.Binary, TunnelCloseTimeout);
            await new SpdyPortForward(forwarding, clock).ServeAsync(stream, http.RequestAborted).ConfigureAwait(false);
            return;
        }
        var (ports, fault) = WebSocketPortForward.ReadPorts(http.Request.Query["port"]);
        if (fault is not null)
        {
            await StreamNegotiation.RefuseAsync(http, StatusCodes.Status400BadRequest, fault).ConfigureAwait(false);
            return;
        }
        using var socket = await WebSocketHandshake.AcceptAsync(http, agreed.Protocol).ConfigureAwait(false);
        await WebSocketPortForward.ServeAsync(socket, agreed.Transport == StreamTransport.Base64Channels, ports, forwarding, http.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>A bare connection to a port of the pod's address, for the API server's proxy.</summary>
    /// <remarks>
    /// The address is what this node gave the pod and not what anybody wrote into an object, so that no user can direct it
    /// elsewhere. Unlike port-forward it does not reach what listens on the pod's loopback.
    /// </remarks>
    public async Task ConnectAsync(HttpContext http)
    {
        if (await FindSandboxAsync(http).ConfigureAwait(false) is not { } sandbox) return;
        if (http.Request.Query["uid"] is { Count: > 0 } uid && uid != sandbox.Pod.Uid
            || !ushort.TryParse(http.Request.Query["port"], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0
            || http.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade)
        {
            await StreamNegotiation.RefuseAsync(http, StatusCodes.Status400BadRequest, "the pod is another one, or its port or the upgrade is missing").ConfigureAwait(false);
            return;
        }
        if (runtime.Simulated)
        {
            // Its address is made up, and may be somebody else's.
            await StreamNegotiation.RefuseAsync(http, StatusCodes.Status502BadGateway, $"dial tcp {sandbox.Ip}:{port}: connect: connection refused").ConfigureAwait(false);
            return;
        }
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        using var client = new TcpClient();
        var target = IPAddress.Parse(sandbox.HostNetwork || sandbox.Ip.Length == 0 ? nodes.Of(http)!.Address : sandbox.Ip);
        try
        {
            await client.ConnectAsync(target, port, ended.Token).AsTask().WaitAsync(DialTimeout, clock, ended.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            await StreamNegotiation.RefuseAsync(http, StatusCodes.Status502BadGateway, $"dial tcp {new IPEndPoint(target, port)}: {e.Message}").ConfigureAwait(false);
            return;
        }
        http.Response.Headers.Upgrade = "tcp";
        var caller = await upgrade.UpgradeAsync().ConfigureAwait(false);
        await JoinAsync(caller, client.GetStream(), ended).ConfigureAwait(false);
    }

    private static async Task JoinAsync(Stream caller, NetworkStream pod, CancellationTokenSource ended)
    {
        var sending = caller.CopyToAsync(pod, ended.Token);
        var answering = pod.CopyToAsync(caller, ended.Token);
        // HTTP has its own ends; once one side closes the connection, nothing more is expected of the other.
        await Task.WhenAny(sending, answering).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(sending, answering).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static string Container(HttpContext http) => (string)http.Request.RouteValues["container"]!;

    private async Task<SandboxState?> FindSandboxAsync(HttpContext http)
    {
        var found = await AskAsync(http, "", previous: false).ConfigureAwait(false);
        if (found.Sandbox is { } sandbox) return sandbox;
        await StreamNegotiation.RefuseAsync(http, StatusCodes.Status400BadRequest,
            found.Why.Length > 0 ? found.Why : $"pod {http.Request.RouteValues["pod"]} has no network yet").ConfigureAwait(false);
        return null;
    }

    private async Task<ContainerFound?> FindAsync(HttpContext http, string container, bool previous)
    {
        var found = await AskAsync(http, container, previous).ConfigureAwait(false);
        if (found.Id is not null) return found;
        await StreamNegotiation.RefuseAsync(http, StatusCodes.Status400BadRequest, found.Why).ConfigureAwait(false);
        return null;
    }

    private Task<ContainerFound> AskAsync(HttpContext http, string container, bool previous)
    {
        var values = http.Request.RouteValues;
        var pod = new ObjectKey((string)values["ns"]!, (string)values["pod"]!);
        if (nodes.Of(http) is not { } node) return Task.FromResult(new ContainerFound(null, null, false, "the node is not one of this process"));
        return kubelets() is { } region
            ? region.Ask<ContainerFound>(new FindContainer(nodes.KubeletOf(node), pod, container, previous), FindTimeout)
            : Task.FromResult(new ContainerFound(null, null, false, "the kubelet is starting"));
    }
}
