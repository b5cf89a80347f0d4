using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Kubelet;

/// <summary>Where a probe or hook is carried out.</summary>
public sealed record ProbeTarget(string ContainerId, string PodIp, ContainerManifest Container);

/// <summary>Carries out probes and hooks once.</summary>
public sealed class ProbeRunner(IContainerRuntime runtime) : IDisposable
{
    /// <summary>Most bytes of a program's output or an answer's body that are read.</summary>
    private const int OutputMax = 10 * 1024;

    /// <summary>Longer than this no timer runs: theirs are 32 bits of milliseconds.</summary>
    private static readonly TimeSpan TimerMax = TimeSpan.FromDays(49);

    /// <summary>How many redirects are followed (count). Source: kubelet, whose client stops after ten.</summary>
    private const int RedirectsMax = 10;

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false, // they are followed within one host only
        PooledConnectionLifetime = TimeSpan.Zero, // a probe proves that new connections are accepted
#pragma warning disable CA5359 // A probe asks whether it answers, not who it is; so does Kubernetes.
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
#pragma warning restore CA5359
    })
    { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = OutputMax };

    public void Dispose() => _http.Dispose();

    /// <summary>One attempt, bounded by <paramref name="timeout"/>. Does not throw, but for cancellation.</summary>
    public async Task<ProbeResult> RunAsync(ProbeAction action, ProbeTarget target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (timeout < TimerMax) bound.CancelAfter(timeout); // a grace of months is no bound that matters
        try
        {
            return action switch
            {
                ProbeAction.Exec exec => await ExecAsync(exec, target, bound.Token).ConfigureAwait(false),
                ProbeAction.Http http => await HttpAsync(http, target, bound.Token).ConfigureAwait(false),
                ProbeAction.Tcp tcp => await TcpAsync(tcp, target, bound.Token).ConfigureAwait(false),
                ProbeAction.Grpc grpc => await GrpcAsync(grpc, target, bound.Token).ConfigureAwait(false),
                ProbeAction.Sleep sleep => await SleepAsync(sleep, bound.Token).ConfigureAwait(false),
                _ => new ProbeResult(null, $"unknown action {action.GetType().Name}"),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ProbeResult(false, action is ProbeAction.Exec e
                ? $"command timed out: \"{string.Join(' ', e.Command)}\" timed out after {RestartBackOff.Text(timeout)}"
                : TimedOut(action, target, timeout));
        }
    }

    private static string TimedOut(ProbeAction action, ProbeTarget target, TimeSpan timeout) => action switch
    {
        ProbeAction.Http http when PortOf(http.Port, target.Container) is { } port =>
            $"Get \"{UrlOf(http, HostOf(http, target), port)}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
        ProbeAction.Tcp tcp => $"dial tcp {(tcp.Host.Length > 0 ? tcp.Host : target.PodIp)}:{PortOf(tcp.Port, target.Container)}: i/o timeout",
        ProbeAction.Grpc grpc => string.Create(CultureInfo.InvariantCulture,
            $"timeout: failed to connect service \"{target.PodIp}:{grpc.Port}\" within {RestartBackOff.Text(timeout)}: context deadline exceeded"),
        _ => "context deadline exceeded",
    };

    private static string HostOf(ProbeAction.Http http, ProbeTarget target) => http.Host.Length > 0 ? http.Host : target.PodIp;

    private static string UrlOf(ProbeAction.Http http, string host, int port)
    {
        var authority = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        var path = http.Path.StartsWith('/') ? http.Path : "/" + http.Path;
        return string.Create(CultureInfo.InvariantCulture, $"{http.Scheme.ToLowerInvariant()}://{authority}:{port}{path}");
    }

    private static async Task<ProbeResult> SleepAsync(ProbeAction.Sleep sleep, CancellationToken cancellationToken)
    {
        for (var left = sleep.Duration; left > TimeSpan.Zero; left -= TimerMax)
            await Task.Delay(left < TimerMax ? left : TimerMax, cancellationToken).ConfigureAwait(false);
        return new ProbeResult(true, "");
    }

    private async Task<ProbeResult> ExecAsync(ProbeAction.Exec exec, ProbeTarget target, CancellationToken cancellationToken)
    {
        using var output = new BoundedOutput(OutputMax);
        try
        {
            var streams = new ExecStreams { Stdout = output, Stderr = output };
            var code = await runtime.ExecAsync(target.ContainerId, new ExecRequest(exec.Command, Tty: false), streams, cancellationToken).ConfigureAwait(false);
            var text = output.ToString();
            // 126 and 127 come from the engine when the program cannot be run at all; that too is a failure of the check.
            return new ProbeResult(code == 0, text.Length > 0 || code == 0 ? text : $"command exited with code {code}");
        }
        catch (RuntimeFailureException e)
        {
            return new ProbeResult(false, e.Message);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return new ProbeResult(null, e.Message);
        }
    }

    private async Task<ProbeResult> HttpAsync(ProbeAction.Http http, ProbeTarget target, CancellationToken cancellationToken)
    {
        if (PortOf(http.Port, target.Container) is not { } port) return new ProbeResult(false, $"the container has no port \"{http.Port}\"");
        var host = HostOf(http, target);
        var url = UrlOf(http, host, port);
        if (!Uri.TryCreate(url, UriKind.Absolute, out var at)) return new ProbeResult(false, $"parse \"{url}\": it is no URL");
        try
        {
            for (var redirects = 0; ; redirects++)
            {
                using var request = Request(at, http.Headers);
                using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
                var code = (int)response.StatusCode;
                if (code is not (>= 200 and < 400)) return new ProbeResult(false, $"HTTP probe failed with statuscode: {code}");
                // To be sent elsewhere is an answer, and no reason to ask there: that would let a container reach what its node can.
                if (code is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location
                    || !Uri.TryCreate(at, location, out var next) || next.Host != at.Host || next.Scheme is not ("http" or "https")) return new ProbeResult(true, "");
                if (redirects == RedirectsMax) return new ProbeResult(false, $"Get \"{next}\": stopped after {RedirectsMax} redirects");
                at = next;
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new ProbeResult(false, $"Get \"{url}\": {Reason(e, host, port)}");
        }
    }

    /// <summary>A request with the headers that the probe names; one of no value takes away what is sent otherwise.</summary>
    private static HttpRequestMessage Request(Uri url, ImmutableArray<KeyValuePair<string, string>> headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, url);
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[("User-Agent", "kube-probe/1.32"), ("Accept", "*/*")])
            if (!headers.Any(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase))) request.Headers.TryAddWithoutValidation(name, value);
        foreach (var (name, value) in headers)
        {
            if (value.Length == 0 && name.ToUpperInvariant() is "USER-AGENT" or "ACCEPT") continue;
            if (name.Equals("Host", StringComparison.OrdinalIgnoreCase)) request.Headers.Host = value;
            else if (!request.Headers.TryAddWithoutValidation(name, value)) // .NET counts it among those of a body
                (request.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, value);
        }
        return request;
    }

    private static async Task<ProbeResult> TcpAsync(ProbeAction.Tcp tcp, ProbeTarget target, CancellationToken cancellationToken)
    {
        if (PortOf(tcp.Port, target.Container) is not { } port) return new ProbeResult(false, $"the container has no port \"{tcp.Port}\"");
        var host = tcp.Host.Length > 0 ? tcp.Host : target.PodIp;
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
            return new ProbeResult(true, "");
        }
        catch (SocketException e)
        {
            return new ProbeResult(false, Reason(e, host, port));
        }
    }

    /// <summary>The standard health service of gRPC, spoken by hand: one request message of at most one string.</summary>
    private async Task<ProbeResult> GrpcAsync(ProbeAction.Grpc grpc, ProbeTarget target, CancellationToken cancellationToken)
    {
        const byte serving = 1;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post,
                string.Create(CultureInfo.InvariantCulture, $"http://{target.PodIp}:{grpc.Port}/grpc.health.v1.Health/Check"))
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new ByteArrayContent(HealthRequest(grpc.Service)),
            };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
            request.Headers.TryAddWithoutValidation("te", "trailers");
            using var response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            var status = Header(response.TrailingHeaders, "grpc-status") ?? Header(response.Headers, "grpc-status") ?? "0";
            if (status != "0") return new ProbeResult(false, $"error: health rpc failed: rpc error: code = {status}");
            // The answer is a frame of five bytes, then field 1: an enum in one byte.
            return body is [_, _, _, _, _, 0x08, serving, ..]
                ? new ProbeResult(true, "")
                : new ProbeResult(false, "service unhealthy (responded with \"NOT_SERVING\")");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new ProbeResult(false, $"timeout: failed to connect service \"{target.PodIp}:{grpc.Port}\": {e.Message}");
        }
    }

    private static string? Header(HttpHeaders headers, string name) => headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private static byte[] HealthRequest(string service)
    {
        var name = Encoding.UTF8.GetBytes(service);
        var length = new List<byte>(); // seven bits a byte, the lowest first
        for (var left = name.Length; ; left >>= 7)
        {
            length.Add((byte)(left < 0x80 ? left : left & 0x7F | 0x80));
            if (left < 0x80) break;
        }
        byte[] message = name.Length == 0 ? [] : [0x0A, .. length, .. name];
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private static int? PortOf(string port, ContainerManifest container) =>
        int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : container.Ports.FirstOrDefault(p => p.Name == port)?.ContainerPort;

    private static string Reason(Exception e, string host, int port)
    {
        var socket = e as SocketException ?? e.InnerException as SocketException;
        var why = socket?.SocketErrorCode == SocketError.ConnectionRefused ? "connection refused" : (socket ?? e).Message;
        return string.Create(CultureInfo.InvariantCulture, $"dial tcp {host}:{port}: connect: {why}");
    }

    /// <summary>Keeps the first bytes written to it and lets the rest go.</summary>
    private sealed class BoundedOutput(int max) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // stdout and stderr may both be written to this.
            lock (this) base.Write(buffer.Span[..(int)Math.Min(buffer.Length, max - Length)]);
            return ValueTask.CompletedTask;
        }

        public override string ToString()
        {
            lock (this) return Encoding.UTF8.GetString(GetBuffer(), 0, (int)Length).TrimEnd('\n');
        }
    }
}
