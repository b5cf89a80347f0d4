using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Orchestrator.Actors.Kinds.ApiServices;
using Orchestrator.Actors.Kinds.Namespaces;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer.Aggregation;

/// <summary>Empties namespaces of what aggregated servers hold in them, by what these say that they serve.</summary>
/// <remarks>Source: kube-controller-manager, namespace/deletion: whatever can be deleted goes, as a collection where the server knows that verb.</remarks>
internal sealed class RemoteContent(RemoteApis remotes, BackendClient backends) : IRemoteContent
{
    /// <summary>How long one server may take in all.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Most objects looked at in one answer (count); more are only counted.</summary>
    private const int PageMax = 500;

    public bool Any => remotes.All.Count > 0;

    public async Task<RemoteRemains> EmptyAsync(string ns, CancellationToken cancellationToken)
    {
        var groups = remotes.All.GroupBy(static api => api.Group, StringComparer.Ordinal).Select(group => EmptyGroupAsync([.. group], ns, cancellationToken));
        var answers = await Task.WhenAll(groups).ConfigureAwait(false);
        return new RemoteRemains([.. answers.SelectMany(static a => a.Left)], [.. answers.SelectMany(static a => a.Undiscovered)], [.. answers.SelectMany(static a => a.Failures)]);
    }

    // The versions of a group show the same objects, so each resource is emptied in the version that its server prefers.
    private async Task<RemoteRemains> EmptyGroupAsync(List<ApiServiceView> versions, string ns, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        var left = ImmutableArray.CreateBuilder<RemoteKind>();
        var (undiscovered, failures) = (ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<string>());
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var api in versions.OrderByDescending(static v => v.VersionPriority))
        {
            if (await ResourcesAsync(api, deadline.Token).ConfigureAwait(false) is not { } resources)
            {
                undiscovered.Add($"{api.Group}/{api.Version}: stale GroupVersion discovery: {api.Group}/{api.Version}");
                continue;
            }
            foreach (var (name, verbs) in resources)
            {
                if (!seen.Add(name)) continue;
                try
                {
                    if (await EmptyKindAsync(api, ns, name, verbs, deadline.Token).ConfigureAwait(false) is { } kind) left.Add(kind);
                }
                catch (Exception e) when (Failed(e, cancellationToken))
                {
                    failures.Add($"{name}.{api.Group}: {(e.InnerException ?? e).Message}");
                }
            }
        }
        return new RemoteRemains(left.ToImmutable(), undiscovered.ToImmutable(), failures.ToImmutable());
    }

    /// <summary>The namespaced resources of a version whose objects can be deleted, with their verbs; null when the server does not say.</summary>
    private async Task<List<(string Name, HashSet<string> Verbs)>?> ResourcesAsync(ApiServiceView api, CancellationToken cancellationToken)
    {
        if (api.Available is not { IsTrue: true }) return null;
        try
        {
            var list = await SendAsync(api, HttpMethod.Get, Root(api), cancellationToken).ConfigureAwait(false);
            return [.. (JsonTree.Array(list, "resources") ?? []).OfType<JsonObject>()
                .Where(static r => JsonTree.Bool(r, "namespaced") == true && JsonTree.String(r, "name") is { Length: > 0 } name && !name.Contains('/', StringComparison.Ordinal))
                .Select(static r => (JsonTree.String(r, "name")!, (JsonTree.Array(r, "verbs") ?? []).Select(JsonTree.AsString).OfType<string>().ToHashSet(StringComparer.Ordinal)))
                .Where(static r => r.Item2.Contains("delete"))];
        }
        catch (Exception e) when (Failed(e, cancellationToken))
        {
            return null;
        }
    }

    private async Task<RemoteKind?> EmptyKindAsync(ApiServiceView api, string ns, string name, HashSet<string> verbs, CancellationToken cancellationToken)
    {
        var path = $"{Root(api)}/namespaces/{ns}/{name}";
        if (verbs.Contains("deletecollection")) await SendAsync(api, HttpMethod.Delete, path, cancellationToken).ConfigureAwait(false);
        if (!verbs.Contains("list")) return null;
        var objects = await ListAsync(api, path, cancellationToken).ConfigureAwait(false);
        if (objects.Count > 0 && !verbs.Contains("deletecollection"))
        {
            foreach (var o in objects.Items)
                if (JsonTree.String(o, "deletionTimestamp") is null)
                    await SendAsync(api, HttpMethod.Delete, $"{path}/{Uri.EscapeDataString(JsonTree.String(o, "name") ?? "")}", cancellationToken).ConfigureAwait(false);
            objects = await ListAsync(api, path, cancellationToken).ConfigureAwait(false);
        }
        return objects.Count == 0 ? null : new RemoteKind($"{name}.{api.Group}", objects.Count,
            [.. objects.Items.SelectMany(static o => JsonTree.Array(o, "finalizers") ?? []).Select(JsonTree.AsString).OfType<string>()]);
    }

    private async Task<(List<JsonObject> Items, int Count)> ListAsync(ApiServiceView api, string path, CancellationToken cancellationToken)
    {
        var list = await SendAsync(api, HttpMethod.Get, $"{path}?limit={PageMax}", cancellationToken).ConfigureAwait(false);
        var items = (JsonTree.Array(list, "items") ?? []).Select(static i => JsonTree.Object(i as JsonObject, "metadata") ?? []).ToList();
        return (items, items.Count + (int)(JsonTree.Int64(JsonTree.Object(list, "metadata"), "remainingItemCount") ?? 0));
    }

    /// <exception cref="HttpRequestException">The server refuses, or cannot be reached. What is not there is not refused.</exception>
    private async Task<JsonObject?> SendAsync(ApiServiceView api, HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var response = await backends.RequestAsync(api, method, path, null, cancellationToken).ConfigureAwait(false);
        var body = await BackendClient.ReadAsync(response, cancellationToken).ConfigureAwait(false);
        JsonObject? answer;
        try
        {
            answer = JsonNode.Parse(body.Span) as JsonObject;
        }
        catch (JsonException)
        {
            answer = null;
        }
        if (response.IsSuccessStatusCode || response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed) return response.IsSuccessStatusCode ? answer : null;
        throw new HttpRequestException(JsonTree.String(answer, "message") ?? $"the server answered {(int)response.StatusCode}");
    }

    private static string Root(ApiServiceView api) => $"/apis/{api.Group}/{api.Version}";

    private static bool Failed(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested);
}
