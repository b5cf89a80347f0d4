using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace WebsiteOperator;

/// <summary>The little of a client that an operator needs: apply, patch, list and watch.</summary>
internal sealed class Cluster : IDisposable
{
    private readonly HttpClient _http;

    private Cluster(HttpClient http) => _http = http;

    /// <summary>Reads the current context of a kubeconfig: its server, its authority and its client certificate.</summary>
    public static Cluster FromKubeconfig(string file)
    {
        var yaml = new YamlStream();
        using (var reader = new StreamReader(file)) yaml.Load(reader);
        var root = yaml.Documents[0].RootNode;
        var context = Named(root["contexts"], (string)root["current-context"]!)["context"];
        var cluster = Named(root["clusters"], (string)context["cluster"]!)["cluster"];
        var user = Named(root["users"], (string)context["user"]!)["user"];
        using var pem = X509Certificate2.CreateFromPem(Text(user["client-certificate-data"]), Text(user["client-key-data"]));
        var handler = new SocketsHttpHandler
        {
            SslOptions =
            {
                ClientCertificates = [X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null)],
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { X509Certificate2.CreateFromPem(Text(cluster["certificate-authority-data"])) },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
        };
        var http = new HttpClient(handler) { BaseAddress = new Uri((string)cluster["server"]!), Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("website-operator", "1.0"));
        return new Cluster(http);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Server-side apply: the object has these fields from now on, and loses those that an earlier apply of ours gave it.</summary>
    public Task ApplyAsync(string path, JsonObject body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, $"{path}?fieldManager=website-operator&force=true", body, "application/apply-patch+yaml", cancellationToken);

    public Task MergeAsync(string path, JsonObject body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, $"{path}?fieldManager=website-operator", body, "application/merge-patch+json", cancellationToken);

    /// <summary>Every object of a collection, and then every change, for as long as it is read. What comes is to be taken as the new state.</summary>
    public async IAsyncEnumerable<(string Type, JsonObject Object)> FollowAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var list = (await SendAsync(HttpMethod.Get, path, null, null, cancellationToken).ConfigureAwait(false))!;
            foreach (var item in list["items"]!.AsArray()) yield return ("ADDED", item!.AsObject());
            var version = (string)list["metadata"]!["resourceVersion"]!;
            while (version.Length > 0)
            {
                using var response = await _http.GetAsync($"{path}?watch=true&allowWatchBookmarks=true&resourceVersion={version}", HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
                response.EnsureSuccessStatusCode();
                using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), Encoding.UTF8);
                // The server ends a watch now and then; it goes on from the last version that was seen.
                while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
                {
                    var change = JsonNode.Parse(line)!;
                    var type = (string)change["type"]!;
                    if (type == "ERROR")
                    {
                        // The version is too old by now: list anew.
                        version = "";
                        break;
                    }
                    version = (string)change["object"]!["metadata"]!["resourceVersion"]!;
                    if (type != "BOOKMARK") yield return (type, change["object"]!.AsObject());
                }
            }
        }
    }

    private async Task<JsonNode?> SendAsync(HttpMethod method, string path, JsonObject? body, string? contentType, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8) { Headers = { ContentType = new MediaTypeHeaderValue(contentType!) } };
        using var response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
        return response.IsSuccessStatusCode
            ? answer
            : throw new HttpRequestException($"{method} {path}: {answer?["reason"]}: {answer?["message"]}", null, response.StatusCode);
    }

    private static YamlNode Named(YamlNode list, string name) => ((YamlSequenceNode)list).Single(n => (string)n["name"]! == name);

    private static string Text(YamlNode base64) => Encoding.UTF8.GetString(Convert.FromBase64String((string)base64!));
}
