using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Actors.Admission.Webhooks;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Kinds.ApiServices;
using Orchestrator.Actors.Registry;

namespace Orchestrator.Host.ApiServer.Aggregation;

/// <summary>Speaks to the API servers behind services, over TLS, showing that it may name users.</summary>
/// <remarks>
/// A request goes to a ready endpoint of the service, whose certificate has to be one for <c>name.namespace.svc</c>. Connections are
/// kept by what is trusted, so that a change of an APIService takes effect with the next request.
/// </remarks>
public sealed class BackendClient(IRegistries registries, X509Certificate2? certificate) : IDisposable
{
    /// <summary>Most pools at a time (count): bundles change seldom, and a pool that is gone is made anew.</summary>
    private const int PoolsMax = 256;

    /// <summary>Most bytes of a document; an OpenAPI of a large server has a few million.</summary>
    private const int DocumentBytesMax = 32 * 1024 * 1024;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Lazy<HttpMessageInvoker>> _pools = new(StringComparer.Ordinal);

    /// <summary>Sends a request whose address is only a path yet.</summary>
    /// <param name="api">Whose server is asked.</param>
    /// <param name="path">With the query, as it goes on the wire.</param>
    /// <param name="make">Makes the request for the whole address.</param>
    /// <exception cref="BackendUnresolvedException">The service leads nowhere.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached, or is not the right one.</exception>
    public async Task<HttpResponseMessage> SendAsync(ApiServiceView api, string path, Func<Uri, HttpRequestMessage> make, CancellationToken cancellationToken)
    {
        var config = new WebhookClientConfig { Service = api.Service!.Value, Port = api.Port };
        var (address, fault) = await config.ResolveAsync(registries, "", cancellationToken).ConfigureAwait(false);
        if (address is null) throw new BackendUnresolvedException(fault!);
        // The request's body may still be on its way when the answer begins, so the message ends with the answer.
        var message = make(new Uri($"https://{address.Url.Authority}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (address.ConnectHost is { } host) ServiceConnection.Direct(message, host, address.ConnectPort);
        try
        {
            return await PoolFor(api, address).SendAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw new HttpRequestException(WebhookCaller.Explain(address, e), e);
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            throw new BackendUnresolvedException($"the caBundle cannot be used: {e.Message}");
        }
    }

    /// <summary>Asks the server in the name of the API server itself.</summary>
    /// <param name="etag">What is known already of the document that is asked for, or null.</param>
    public Task<HttpResponseMessage> RequestAsync(ApiServiceView api, HttpMethod method, string path, string? etag, CancellationToken cancellationToken) => SendAsync(api, path, uri =>
    {
        var message = new HttpRequestMessage(method, uri) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        message.Headers.TryAddWithoutValidation("Accept", "application/json");
        if (etag is not null) message.Headers.TryAddWithoutValidation("If-None-Match", etag);
        NameUser(message, new UserInfo("system:kube-aggregator", "", [UserInfo.Masters]));
        return message;
    }, cancellationToken);

    /// <summary>Reads a whole answer.</summary>
    /// <exception cref="IOException">It is larger than anything that we ask for.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = new ArrayBufferWriter<byte>(16 * 1024);
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            while (await stream.ReadAsync(body.GetMemory(16 * 1024), cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                body.Advance(read);
                if (body.WrittenCount > DocumentBytesMax) throw new IOException($"the document is larger than {DocumentBytesMax} bytes");
            }
        }
        return body.WrittenMemory;
    }

    /// <summary>Says who the user is, as a server reads it that believes us.</summary>
    public static void NameUser(HttpRequestMessage message, UserInfo user)
    {
        HeaderLines.Add(message, "X-Remote-User", [user.Name]);
        if (user.Uid.Length > 0) HeaderLines.Add(message, "X-Remote-Uid", [user.Uid]);
        HeaderLines.Add(message, "X-Remote-Group", user.Groups);
        foreach (var (name, values) in user.Extra) HeaderLines.Add(message, $"X-Remote-Extra-{EscapeKey(name)}", values);
    }

    public void Dispose()
    {
        foreach (var pool in _pools.Values)
            if (pool.IsValueCreated) pool.Value.Dispose();
    }

    /// <summary>Escapes what a header's name cannot have, and the percent sign. Source: client-go, transport.headerKeyEscape.</summary>
    private static string EscapeKey(string key)
    {
        var text = new StringBuilder();
        foreach (var value in Encoding.UTF8.GetBytes(key))
        {
            if (char.IsAsciiLetterOrDigit((char)value) || "!#$&'*+-.^_`|~".Contains((char)value, StringComparison.Ordinal)) text.Append((char)value);
            else text.Append('%').Append(value.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }
        return text.ToString();
    }

    private HttpMessageInvoker PoolFor(ApiServiceView api, WebhookAddress address)
    {
        // A connection is told by the host of the URL, which is the service's name; which endpoint it goes to, only we know.
        var key = $"{address.ConnectHost}:{address.ConnectPort} {(api.Insecure ? "insecure" : api.CaBundle)}";
        if (_pools.Count > PoolsMax)
            foreach (var old in _pools.Keys) _pools.TryRemove(old, out _);
        return _pools.GetOrAdd(key, static (_, x) => new Lazy<HttpMessageInvoker>(() => x.This.Open(x.api)), (This: this, api)).Value;
    }

    private HttpMessageInvoker Open(ApiServiceView api)
    {
        if (!api.Insecure && CertificateBundle.FaultOf(api.CaBundle) is { } untrusted) throw new BackendUnresolvedException(untrusted);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = ConnectTimeout,
            // The pods behind a service change; a connection must not hold on to one for good.
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            PlaintextStreamFilter = static (context, _) => ValueTask.FromResult(HeaderLines.Wrap(context.PlaintextStream)),
            RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
            ConnectCallback = ServiceConnection.ConnectAsync,
        };
        if (certificate is not null)
        {
            handler.SslOptions.ClientCertificates = [certificate];
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        }
#pragma warning disable CA5359 // Whoever made the APIService wants it so; it is not the default.
        if (api.Insecure) handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        else if (api.CaBundle.Length > 0) handler.SslOptions.CertificateChainPolicy = ServiceConnection.TrustOnly(Convert.FromBase64String(api.CaBundle));
        return new HttpMessageInvoker(handler);
    }
}

/// <summary>The service of an APIService leads to no server.</summary>
public sealed class BackendUnresolvedException(string message) : IOException(message);
