using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Actors.Admission.Webhooks;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>Asks a service by a review (TokenReview, SubjectAccessReview) as a kubeconfig file says.</summary>
public sealed class ReviewClient : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>How often a question is asked that meets a fault (count), and the pause before the next, which grows.</summary>
    /// <remarks>Source: k8s.io/apiserver, pkg/util/webhook, DefaultRetryBackoffWithInitialDelay and DefaultShouldRetry.</remarks>
    private const int Attempts = 5;

    private const double PauseFactor = 1.5;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);

    private readonly HttpClient _http;
    private readonly Uri _url;

    public ReviewClient(Uri url, HttpMessageHandler handler, string? token = null)
    {
        _url = url;
        _http = new HttpClient(handler) { Timeout = Timeout, MaxResponseContentBufferSize = 1 << 20 };
        if (token is not null) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>Reads the current context of a kubeconfig file; paths in it are relative to the file.</summary>
    /// <exception cref="FormatException">It names no server.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static ReviewClient OfKubeconfig(string file)
    {
        var (json, fault) = YamlReader.ToJson(File.ReadAllBytes(file));
        var tree = JsonNode.Parse(json ?? throw new FormatException(fault)) as JsonObject ?? throw new FormatException("it is not a kubeconfig file");
        var context = Named(tree, "contexts", "context", JsonTree.String(tree, "current-context"));
        var cluster = Named(tree, "clusters", "cluster", JsonTree.String(context, "cluster"));
        var user = Named(tree, "users", "user", JsonTree.String(context, "user"));
        if (!Uri.TryCreate(JsonTree.String(cluster, "server"), UriKind.Absolute, out var url)) throw new FormatException("it names no server");
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var ca = Content(cluster, "certificate-authority", folder);
        X509Certificate2Collection? authorities = null;
        if (ca is not null) (authorities = []).ImportFromPem(ca);
        var handler = Handler(authorities);
        if (Content(user, "client-certificate", folder) is { } certificate && Content(user, "client-key", folder) is { } key)
        {
            using var pem = X509Certificate2.CreateFromPem(certificate, key);
            handler.SslOptions.ClientCertificates = [X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null)];
        }
        var token = JsonTree.String(user, "token") ?? (JsonTree.String(user, "tokenFile") is { } path ? File.ReadAllText(Path.Combine(folder, path)).Trim() : null);
        return new ReviewClient(url, handler, token);
    }

    /// <summary>A handler that trusts some authorities alone; null for those of the system.</summary>
    public static SocketsHttpHandler Handler(X509Certificate2Collection? authorities)
    {
        var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(10) };
        if (authorities is null) return handler;
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        return handler;
    }

    /// <summary>The status of the answer.</summary>
    /// <exception cref="HttpRequestException">The service does not answer, or not with a review.</exception>
    public async Task<JsonObject> AskAsync(JsonObject review, TimeProvider clock, CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            string fault;
            var passing = false;
            try
            {
                using var content = new StringContent(JsonTree.ToText(review), Encoding.UTF8, "application/json");
                using var response = await _http.PostAsync(_url, content, cancellationToken).ConfigureAwait(false);
                var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
                // A review without a status says nothing, which is neither yes nor no.
                if (response.IsSuccessStatusCode) return JsonNode.Parse(body)?["status"] as JsonObject ?? [];
                passing = (int)response.StatusCode is 500 or 504 or 429 || response.Headers.RetryAfter is not null;
                fault = WebhookReply.Explain(new WebhookReply((int)response.StatusCode, body, null));
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException && !cancellationToken.IsCancellationRequested)
            {
                fault = e is TaskCanceledException
                    ? $"Post {GoQuote.Quote(_url.ToString())}: context deadline exceeded"
                    : $"Post {GoQuote.Quote(_url.ToString())}: {WebhookCaller.Explain(new WebhookAddress(_url, []), e)}";
                passing = e.GetBaseException() is SocketException { SocketErrorCode: SocketError.ConnectionReset };
            }
            catch (System.Text.Json.JsonException e)
            {
                fault = e.Message;
            }
            if (!passing || attempt == Attempts) throw new HttpRequestException(fault);
            await Task.Delay(pause, clock, cancellationToken).ConfigureAwait(false);
            pause *= PauseFactor;
        }
    }

    public void Dispose() => _http.Dispose();

    private static JsonObject? Named(JsonObject tree, string list, string part, string? name) =>
        JsonTree.Array(tree, list)?.OfType<JsonObject>().FirstOrDefault(e => JsonTree.String(e, "name") == name) is { } entry ? JsonTree.Object(entry, part) : null;

    private static string? Content(JsonObject? owner, string name, string folder)
    {
        if (JsonTree.String(owner, $"{name}-data") is { } data) return Encoding.UTF8.GetString(Convert.FromBase64String(data));
        return JsonTree.String(owner, name) is { } path ? File.ReadAllText(Path.Combine(folder, path)) : null;
    }
}
