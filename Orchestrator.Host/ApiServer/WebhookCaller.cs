using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Actors.Admission.Webhooks;

namespace Orchestrator.Host.ApiServer;

/// <summary>Asks webhooks over HTTPS, with one pool of connections for each set of trusted authorities.</summary>
public sealed class WebhookCaller : IWebhookCaller, IDisposable
{
    /// <summary>Most bytes of an answer. Source: k8s.io/apiserver leaves it open; its objects end at 3 MiB.</summary>
    private const int AnswerBytesMax = 3 * 1024 * 1024;

    /// <summary>Most pools at a time (count): bundles change seldom, and a pool that is gone is made anew.</summary>
    private const int PoolsMax = 256;

    private readonly ConcurrentDictionary<string, Lazy<HttpClient>> _pools = new(StringComparer.Ordinal);

    public async Task<WebhookReply> PostAsync(WebhookAddress address, ReadOnlyMemory<byte> json, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (address.Url.Scheme != Uri.UriSchemeHttps) return WebhookReply.Failed($"Post \"{address.Url}\": unsupported protocol scheme \"{address.Url.Scheme}\"");
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, address.Url) { Content = new ReadOnlyMemoryContent(json) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("kube-apiserver-admission", null));
            if (address.ConnectHost is { } host) ServiceConnection.Direct(request, host, address.ConnectPort);
            using var response = await PoolFor(address).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token).ConfigureAwait(false);
            return await ReadAsync(response, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return WebhookReply.Failed($"Post \"{address.Url}\": context deadline exceeded");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or CryptographicException or InvalidOperationException)
        {
            return WebhookReply.Failed($"Post \"{address.Url}\": {Explain(address, e)}");
        }
    }

    public void Dispose()
    {
        foreach (var pool in _pools.Values)
            if (pool.IsValueCreated) pool.Value.Dispose();
    }

    private static async Task<WebhookReply> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            while (true)
            {
                var read = await stream.ReadAsync(body.GetMemory(4096), cancellationToken).ConfigureAwait(false);
                if (read == 0) return new WebhookReply((int)response.StatusCode, body.WrittenMemory, null);
                body.Advance(read);
                if (body.WrittenCount > AnswerBytesMax) return WebhookReply.Failed($"the answer is larger than {AnswerBytesMax} bytes");
            }
        }
    }

    private HttpClient PoolFor(WebhookAddress address)
    {
        // Connections of a pool are told apart by the host and port of the URL, which of a Service is its name: which endpoint of it
        // they go to, only we know.
        var key = $"{address.ConnectHost}:{address.ConnectPort} {(address.CaBundle.IsEmpty ? "" : Convert.ToHexString(SHA256.HashData(address.CaBundle.AsSpan())))}";
        if (_pools.Count > PoolsMax)
            foreach (var old in _pools.Keys) _pools.TryRemove(old, out _);
        return _pools.GetOrAdd(key, static (_, bundle) => new Lazy<HttpClient>(() => Open(bundle)), address.CaBundle).Value;
    }

    private static HttpClient Open(System.Collections.Immutable.ImmutableArray<byte> caBundle)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            // The pods behind a Service change; a connection must not hold on to one for good.
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            EnableMultipleHttp2Connections = true,
            ConnectCallback = ServiceConnection.ConnectAsync,
        };
        if (!caBundle.IsEmpty) handler.SslOptions.CertificateChainPolicy = ServiceConnection.TrustOnly(caBundle.AsSpan());
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    // The names of chain errors are the only part of the message that does not follow the language of the system.
    private static string Distrust(WebhookAddress address, string message) =>
        message.Contains("PartialChain", StringComparison.Ordinal) || message.Contains("UntrustedRoot", StringComparison.Ordinal) ? "x509: certificate signed by unknown authority"
        : message.Contains("NotTimeValid", StringComparison.Ordinal) ? "x509: certificate has expired or is not yet valid"
        : message.Contains("RemoteCertificateNameMismatch", StringComparison.Ordinal) ? $"x509: certificate is not valid for any names, but wanted to match {address.Url.Host}"
        : message;

    internal static string Explain(WebhookAddress address, Exception e)
    {
        for (Exception? inner = e; inner is not null; inner = inner.InnerException)
        {
            if (inner is SocketException socket)
            {
                var target = address.ConnectHost is { } host ? $"{host}:{address.ConnectPort}" : $"{address.Url.Host}:{address.Url.Port}";
                return socket.SocketErrorCode switch
                {
                    SocketError.ConnectionRefused => $"dial tcp {target}: connect: connection refused",
                    SocketError.HostNotFound or SocketError.NoData => $"dial tcp: lookup {address.ConnectHost ?? address.Url.Host}: no such host",
                    SocketError.ConnectionReset => "EOF",
                    _ => $"dial tcp {target}: {socket.Message}",
                };
            }
            if (inner is System.Security.Authentication.AuthenticationException tls) return $"tls: failed to verify certificate: {Distrust(address, tls.Message)}";
        }
        return e.Message;
    }
}
