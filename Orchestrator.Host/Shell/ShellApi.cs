using System.Net.Http.Headers;
using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.Shell;

/// <summary>The shell's use of the API server in its own process: the same semantics as every other client, and no second copy of them.</summary>
public sealed class ShellApi(HttpClient http, Func<SchemaCatalog> catalog)
{
    private const string TableType = "application/json;as=Table;v=v1;g=meta.k8s.io";

    /// <summary>A resource by plural, singular, kind or short name, as kubectl takes it, group optional.</summary>
    /// <exception cref="ShellException">There is none.</exception>
    public ResourceSchema Resource(string word)
    {
        var dot = word.IndexOf('.', StringComparison.Ordinal);
        var name = dot < 0 ? word : word[..dot];
        foreach (var resource in catalog().Resources)
        {
            if (dot >= 0 && resource.Group != word[(dot + 1)..]) continue;
            if (Is(name, resource.Plural) || Is(name, resource.Singular) || Is(name, resource.Kind) || resource.ShortNames.Contains(name)) return resource;
        }
        throw new ShellException($"the server has no resource type \"{word}\"");
    }

    public IEnumerable<ResourceSchema> Resources => catalog().Resources;

    public ResourceSchema? Kind(string apiVersion, string kind)
    {
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? catalog().FindKind("", apiVersion, kind) : catalog().FindKind(apiVersion[..slash], apiVersion[(slash + 1)..], kind);
    }

    public static string Path(ResourceSchema resource, string? ns, string? name)
    {
        var root = resource.Group.Length == 0 ? $"/api/{resource.Version}" : $"/apis/{resource.Group}/{resource.Version}";
        if (resource.Namespaced && ns is not null) root += $"/namespaces/{Uri.EscapeDataString(ns)}";
        root += $"/{resource.Plural}";
        return name is null ? root : $"{root}/{Uri.EscapeDataString(name)}";
    }

    public Task<JsonNode> GetAsync(string path, bool table, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, null, null, table ? TableType : "application/json", cancellationToken);

    public Task<JsonNode> SendAsync(HttpMethod method, string path, string? body, string? contentType, CancellationToken cancellationToken) =>
        SendAsync(method, path, body, contentType, "application/json", cancellationToken);

    /// <summary>Passes on what the server streams, as it comes.</summary>
    public async Task StreamAsync(string path, Action<string> print, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode) throw Refused(await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), Encoding.UTF8);
        var buffer = new char[8192];
        for (int read; (read = await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;) print(new string(buffer, 0, read));
    }

    private async Task<JsonNode> SendAsync(
        HttpMethod method, string path, string? body, string? contentType, string accept, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType!) } };
        using var response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        return response.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw Refused(text);
    }

    private static ShellException Refused(string status)
    {
        try
        {
            var tree = JsonNode.Parse(status);
            return new ShellException($"{(string?)tree?["reason"] ?? "Error"}: {(string?)tree?["message"]}");
        }
        catch (System.Text.Json.JsonException)
        {
            return new ShellException(status);
        }
    }

    private static bool Is(string word, string name) => string.Equals(word, name, StringComparison.OrdinalIgnoreCase);
}
