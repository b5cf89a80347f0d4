using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Actors.Admission.Webhooks;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>Asks a service by a review (TokenReview, SubjectAccessReview) as a kubeconfig file says.</summary>
public sealed class ReviewClient : IDisposable
{
    private static readonly TimeSpan TimeoutMax = TimeSpan.FromSeconds(30);

    private const string AccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>How often a question is asked that meets a fault (count), and the pause before the next, which grows.</summary>
    /// <remarks>Source: k8s.io/apiserver, pkg/util/webhook, DefaultRetryBackoffWithInitialDelay and DefaultShouldRetry.</remarks>
    private const int Attempts = 5;

    private const double PauseFactor = 1.5;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);

    private readonly HttpClient _http;
    private readonly Uri _url;

    private readonly Func<AuthenticationHeaderValue?> _credentials;

    /// <param name="url">Of the service.</param>
    /// <param name="handler">Reaches it.</param>
    /// <param name="credentials">Made for each question, since files of tokens change; null for none.</param>
    /// <param name="timeout">For each attempt; null for 30 seconds.</param>
    public ReviewClient(Uri url, HttpMessageHandler handler, Func<AuthenticationHeaderValue?>? credentials = null, TimeSpan? timeout = null)
    {
        _url = url;
        _credentials = credentials ?? (static () => null);
        _http = new HttpClient(handler) { Timeout = timeout ?? TimeoutMax, MaxResponseContentBufferSize = 1 << 20 };
    }

    /// <summary>Reads the current context of a kubeconfig file; paths in it are relative to the file.</summary>
    /// <exception cref="FormatException">It names no server.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static ReviewClient OfKubeconfig(string file, TimeSpan? timeout = null)
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
        if (JsonTree.Bool(cluster, "insecure-skip-tls-verify") == true)
        {
            if (ca is not null) throw new FormatException("specifying a root certificates file with the insecure flag is not allowed");
#pragma warning disable CA5359 // Whoever wrote the file wants it so; it is not the default.
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        if (JsonTree.String(cluster, "tls-server-name") is { Length: > 0 } name) handler.SslOptions.TargetHost = name;
        if (Content(user, "client-certificate", folder) is { } certificate && Content(user, "client-key", folder) is { } key)
        {
            using var pem = X509Certificate2.CreateFromPem(certificate, key);
            handler.SslOptions.ClientCertificates = [X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null)];
        }
        return new ReviewClient(url, handler, Credentials(user, folder), timeout);
    }

    /// <summary>Asks the API of the cluster that this process runs in as a pod, by the account of the pod.</summary>
    /// <remarks>Source: k8s.io/client-go, rest.InClusterConfig. A pod without the cluster's certificate believes those of the system.</remarks>
    /// <param name="path">Of the kind of reviews.</param>
    /// <param name="timeout">For each attempt.</param>
    /// <param name="environment">The variables of the process; null for its own.</param>
    /// <param name="folder">Where the account is mounted.</param>
    /// <exception cref="FormatException">This process is no pod, or its token is empty.</exception>
    /// <exception cref="IOException">The token cannot be read.</exception>
    public static ReviewClient InCluster(string path, TimeSpan timeout, Func<string, string?>? environment = null, string folder = AccountFolder)
    {
        environment ??= Environment.GetEnvironmentVariable;
        var (host, port) = (environment("KUBERNETES_SERVICE_HOST"), environment("KUBERNETES_SERVICE_PORT"));
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
            throw new FormatException("unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined");
        var server = $"https://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port}{path}";
        if (!Uri.TryCreate(server, UriKind.Absolute, out var url)) throw new FormatException($"KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT make no address: {server}");
        var token = Path.Combine(folder, "token");
        var known = File.ReadAllText(token).Trim();
        if (known.Length == 0) throw new FormatException($"read empty token from file {GoQuote.Quote(token)}");
        return new ReviewClient(url, Handler(AccountAuthorities(Path.Combine(folder, "ca.crt"))), Bearer(token, known), timeout);
    }

    private static X509Certificate2Collection? AccountAuthorities(string file)
    {
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(file);
            return authorities.Count > 0 ? authorities : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return null;
        }
    }

    private static Func<AuthenticationHeaderValue?>? Credentials(JsonObject? user, string folder)
    {
        // The file is believed before the token, as long as it can be read.
        if (JsonTree.String(user, "tokenFile") is { Length: > 0 } path) return Bearer(Path.Combine(folder, path), JsonTree.String(user, "token") ?? "");
        if (JsonTree.String(user, "token") is { Length: > 0 } token) return () => new AuthenticationHeaderValue("Bearer", token);
        if (JsonTree.String(user, "username") is not { Length: > 0 } name) return null;
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{JsonTree.String(user, "password")}"));
        return () => new AuthenticationHeaderValue("Basic", basic);
    }

    private static Func<AuthenticationHeaderValue?> Bearer(string file, string known) => () =>
    {
        try
        {
            if (File.ReadAllText(file).Trim() is { Length: > 0 } now) known = now;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What it was the last time may still do.
        }
        return known.Length > 0 ? new AuthenticationHeaderValue("Bearer", known) : null;
    };

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
    /// <param name="observe">Is told what came of each attempt and how long it took.</param>
    /// <exception cref="ReviewException">The service does not answer, or not with a review.</exception>
    public async Task<JsonObject> AskAsync(JsonObject review, TimeProvider clock, CancellationToken cancellationToken, Action<ReviewResult, TimeSpan>? observe = null)
    {
        var pause = FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            var began = Stopwatch.GetTimestamp();
            var (answer, fault, passing) = await AttemptAsync(review, cancellationToken).ConfigureAwait(false);
            observe?.Invoke(fault?.Result ?? ReviewResult.Success, Stopwatch.GetElapsedTime(began));
            if (fault is null) return answer;
            cancellationToken.ThrowIfCancellationRequested();
            if (!passing || attempt == Attempts) throw fault;
            await Task.Delay(pause, clock, cancellationToken).ConfigureAwait(false);
            pause *= PauseFactor;
        }
    }

    /// <returns>The answer, or why there is none, and whether another attempt may have one.</returns>
    private async Task<(JsonObject Answer, ReviewException? Fault, bool Passing)> AttemptAsync(JsonObject review, CancellationToken cancellationToken)
    {
        try
        {
            using var content = new StringContent(JsonTree.ToText(review), Encoding.UTF8, "application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = content };
            request.Headers.Authorization = _credentials();
            using var response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                var code = (int)response.StatusCode;
                return ([], new ReviewException(WebhookReply.Explain(new WebhookReply(code, body, null)), code == 504 ? ReviewResult.Timeout : ReviewResult.Error),
                    code is 500 or 504 or 429 || response.Headers.RetryAfter is not null);
            }
            // A review without a status says nothing, which is neither yes nor no.
            var parsed = ObjectJson.Parse(body);
            return parsed.Tree is JsonObject answer
                ? (JsonTree.Object(answer, "status") ?? [], null, false)
                : ([], new ReviewException(parsed.Fault ?? $"couldn't get version/kind; json parse error: json: cannot unmarshal {JsonTree.KindOf(parsed.Tree)} into a review", ReviewResult.Error), false);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException && cancellationToken.IsCancellationRequested)
        {
            return ([], new ReviewException(e.Message, ReviewResult.Canceled), false);
        }
        catch (TaskCanceledException)
        {
            return ([], new ReviewException($"Post {GoQuote.Quote(_url.ToString())}: context deadline exceeded", ReviewResult.Timeout), false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return ([], new ReviewException($"Post {GoQuote.Quote(_url.ToString())}: {WebhookCaller.Explain(new WebhookAddress(_url, []), e)}", ReviewResult.Error),
                e.GetBaseException() is SocketException { SocketErrorCode: SocketError.ConnectionReset });
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
