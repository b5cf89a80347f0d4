using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Admission.Matching;
using Orchestrator.Actors.Admission.Policies;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission.Webhooks;

/// <summary>One webhook of a configuration, ready to be asked. Immutable; made once per version of its configuration.</summary>
public sealed class AdmissionWebhook
{
    private const int TimeoutSecondsDefault = 10;

    private AdmissionWebhook(string configuration, JsonObject webhook, ReadOnlyMemory<byte> clientConfig)
    {
        Name = JsonTree.String(webhook, "name") ?? "";
        Id = $"{configuration}/{Name}";
        using var document = JsonDocument.Parse(clientConfig);
        Client = WebhookClientConfig.Read(document.RootElement);
        Match = RequestMatch.ReadWebhook(webhook);
        Conditions = MatchConditions.Read(webhook["matchConditions"]);
        Ignorable = JsonTree.String(webhook, "failurePolicy") == "Ignore";
        Reinvoked = JsonTree.String(webhook, "reinvocationPolicy") == "IfNeeded";
        HasSideEffects = JsonTree.String(webhook, "sideEffects") is not ("None" or "NoneOnDryRun");
        TimeoutSeconds = (int)(JsonTree.Int64(webhook, "timeoutSeconds") ?? TimeoutSecondsDefault);
        foreach (var version in JsonTree.Array(webhook, "admissionReviewVersions") ?? [])
            if (JsonTree.AsString(version) is "v1" or "v1beta1") ReviewVersion ??= JsonTree.AsString(version);
    }

    public string Name { get; }

    /// <summary>Unique among all webhooks.</summary>
    public string Id { get; }

    public WebhookClientConfig Client { get; }
    public RequestMatch Match { get; }
    public MatchConditions Conditions { get; }

    /// <summary>A request goes on when the webhook cannot be asked.</summary>
    public bool Ignorable { get; }

    /// <summary>It is asked again when others have changed the object since.</summary>
    public bool Reinvoked { get; }

    public bool HasSideEffects { get; }
    public int TimeoutSeconds { get; }

    /// <summary>The version of AdmissionReview that it prefers; null when it knows none of ours.</summary>
    public string? ReviewVersion { get; }

    public static IEnumerable<AdmissionWebhook> ReadAll(StoredObject configuration) =>
        (JsonTree.Array(configuration.ToTree(), "webhooks") ?? []).OfType<JsonObject>().Select(webhook =>
            new AdmissionWebhook(configuration.Key.Name, webhook, JsonTree.ToUtf8(JsonTree.Object(webhook, "clientConfig") ?? [])));
}

/// <summary>All webhooks of one type of configuration, read once per version of the type; configurations in order of name.</summary>
internal sealed class WebhookSet(ResourceType type)
{
    private Compiled _compiled = new(ObjectIndex.Empty, []);

    public ValueTask<ImmutableArray<AdmissionWebhook>> GetAsync(IRegistries registries, CancellationToken cancellationToken)
    {
        var pending = registries.InformerAsync(type, cancellationToken);
        return pending.IsCompletedSuccessfully ? ValueTask.FromResult(Of(pending.Result.Objects).Webhooks) : WaitAsync(pending);
    }

    /// <summary>Whether one of them may be about writes of this kind.</summary>
    public async ValueTask<bool> WatchesAsync(WriteKind kind, SchemaCatalog catalog, IRegistries registries, CancellationToken cancellationToken)
    {
        var compiled = Of((await registries.InformerAsync(type, cancellationToken).ConfigureAwait(false)).Objects);
        if (compiled.Webhooks.IsEmpty) return false;
        return compiled.Watched.GetOrAdd(kind, static (k, c) => c.Webhooks.Any(w => w.Match.Concerns(k, c.Catalog)), (compiled.Webhooks, Catalog: catalog));
    }

    private async ValueTask<ImmutableArray<AdmissionWebhook>> WaitAsync(ValueTask<Informer> pending) => Of((await pending.ConfigureAwait(false)).Objects).Webhooks;

    private Compiled Of(ObjectIndex objects)
    {
        var compiled = _compiled;
        if (ReferenceEquals(compiled.Objects, objects)) return compiled;
        // Racing readers read the same configurations to the same effect.
        return _compiled = new Compiled(objects, [.. objects.EnumerateFrom().SelectMany(AdmissionWebhook.ReadAll)]);
    }

    private sealed record Compiled(ObjectIndex Objects, ImmutableArray<AdmissionWebhook> Webhooks)
    {
        /// <summary>The kinds of writes that have been asked about.</summary>
        public ConcurrentDictionary<WriteKind, bool> Watched { get; } = new();
    }
}
