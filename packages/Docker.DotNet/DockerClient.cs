using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Docker.DotNet;

/// <summary>A client of one Docker Engine.</summary>
public interface IDockerClient : IDisposable
{
    DockerClientConfiguration Configuration { get; }

    TimeSpan DefaultTimeout { get; set; }

    IContainerOperations Containers { get; }

    IImageOperations Images { get; }

    IExecOperations Exec { get; }

    ISystemOperations System { get; }
}

/// <summary>Speaks the engine's HTTP API over a unix socket or TCP.</summary>
public sealed class DockerClient : IDockerClient
{
    internal static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly HttpClient _client;
    private readonly string _prefix;

    internal DockerClient(DockerClientConfiguration configuration, Version requestedApiVersion)
    {
        Configuration = configuration;
        DefaultTimeout = configuration.DefaultTimeout;
        _prefix = requestedApiVersion is null ? "" : $"v{requestedApiVersion.ToString(2)}/";
        _client = NewClient(configuration, onConnected: null);
        Containers = new ContainerOperations(this);
        Images = new ImageOperations(this);
        Exec = new ExecOperations(this);
        System = new SystemOperations(this);
    }

    public DockerClientConfiguration Configuration { get; }

    public TimeSpan DefaultTimeout { get; set; }

    public IContainerOperations Containers { get; }

    public IImageOperations Images { get; }

    public IExecOperations Exec { get; }

    public ISystemOperations System { get; }

    public void Dispose()
    {
        Configuration.Dispose();
        _client.Dispose();
    }

    private static HttpClient NewClient(DockerClientConfiguration configuration, Action<Socket> onConnected)
    {
        var endpoint = configuration.EndpointBaseUri;
        var unix = endpoint.Scheme == "unix";
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = unix
                    ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                    : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    EndPoint to = unix ? new UnixDomainSocketEndPoint(endpoint.LocalPath) : context.DnsEndPoint;
                    await socket.ConnectAsync(to, cancellationToken).ConfigureAwait(false);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
                onConnected?.Invoke(socket);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        var scheme = endpoint.Scheme == "https" || configuration.Credentials.IsTlsCredentials() ? "https" : "http";
        var root = unix ? "http://localhost/" : $"{scheme}://{endpoint.Authority}/";
        var client = new HttpClient(configuration.Credentials.GetHandler(handler))
        {
            BaseAddress = new Uri(root),
            Timeout = Timeout.InfiniteTimeSpan, // every request bounds its own time
        };
        foreach (var (name, value) in configuration.DefaultHttpRequestHeaders) client.DefaultRequestHeaders.Add(name, value);
        return client;
    }

    /// <summary>Sends a request whose answer is read whole, within the default timeout.</summary>
    internal async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, object body, Func<HttpStatusCode, string, Exception> onError, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(DefaultTimeout);
        try
        {
            return await SendAsync(method, path, Content(body), null, HttpCompletionOption.ResponseContentRead, onError, timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The Docker Engine did not answer {method} {path} within {DefaultTimeout}.", e);
        }
    }

    /// <summary>Sends a request whose answer is a stream of unknown length; only the token bounds it.</summary>
    internal Task<HttpResponseMessage> StreamAsync(
        HttpMethod method, string path, HttpContent content, IEnumerable<KeyValuePair<string, string>> headers,
        Func<HttpStatusCode, string, Exception> onError, CancellationToken cancellationToken) =>
        SendAsync(method, path, content, headers, HttpCompletionOption.ResponseHeadersRead, onError, cancellationToken);

    internal async Task<T> GetAsync<T>(string path, Func<HttpStatusCode, string, Exception> onError, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, onError, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadFromJsonAsync<T>(Json, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a connection out of HTTP: what follows the answer is a stream in both directions.</summary>
    internal async Task<WriteClosableStreamOverSocket> HijackAsync(
        string path, object body, Func<HttpStatusCode, string, Exception> onError, CancellationToken cancellationToken)
    {
        Socket socket = null;
        var client = NewClient(Configuration, s => socket = s); // a connection of its own, so that it can be half-closed
        try
        {
            var request = new HttpRequestMessage(HttpMethod.Post, _prefix + path) { Content = body is null ? new ByteArrayContent([]) : Content(body) };
            request.Headers.Connection.Add("Upgrade");
            request.Headers.TryAddWithoutValidation("Upgrade", "tcp");
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.SwitchingProtocols) await ThrowIfErrorAsync(response, onError, cancellationToken).ConfigureAwait(false);
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            return new WriteClosableStreamOverSocket(stream, socket, client);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, HttpContent content, IEnumerable<KeyValuePair<string, string>> headers, HttpCompletionOption completion,
        Func<HttpStatusCode, string, Exception> onError, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, _prefix + path) { Content = content };
        foreach (var (name, value) in headers ?? []) request.Headers.TryAddWithoutValidation(name, value);
        var response = await _client.SendAsync(request, completion, cancellationToken).ConfigureAwait(false);
        await ThrowIfErrorAsync(response, onError, cancellationToken).ConfigureAwait(false);
        return response;
    }

    private static async Task ThrowIfErrorAsync(
        HttpResponseMessage response, Func<HttpStatusCode, string, Exception> onError, CancellationToken cancellationToken)
    {
        if ((int)response.StatusCode is >= 200 and < 400) return;
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            throw onError?.Invoke(response.StatusCode, text) ?? new DockerApiException(response.StatusCode, text);
        }
    }

    private static JsonContent Content(object body) => body is null ? null : JsonContent.Create(body, body.GetType(), options: Json);

    internal static Exception NoContainer(HttpStatusCode status, string body) =>
        status == HttpStatusCode.NotFound ? new DockerContainerNotFoundException(status, body) : null;

    internal static Exception NoImage(HttpStatusCode status, string body) =>
        status == HttpStatusCode.NotFound ? new DockerImageNotFoundException(status, body) : null;
}
