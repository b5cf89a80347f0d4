using System.Collections.Immutable;
using Orchestrator.Actors.Admission.Webhooks;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>What the plugins that ask webhooks have in common: they find them, and cost nothing where there are none.</summary>
public abstract class WebhookPlugin : IWriteWatcher
{
    private readonly WebhookSet _webhooks;
    private readonly Func<SchemaCatalog> _catalog;

    private protected WebhookPlugin(ResourceType configurations, IWebhookCaller caller, Func<SchemaCatalog> catalog, IAuthorizer? authorizer)
    {
        _webhooks = new WebhookSet(configurations);
        _catalog = catalog;
        Dispatch = new WebhookDispatch(caller, catalog, authorizer);
    }

    private protected WebhookDispatch Dispatch { get; }

    public ValueTask<bool> WatchesAsync(WriteKind kind, IRegistries registries, CancellationToken cancellationToken) =>
        _webhooks.WatchesAsync(kind, _catalog(), registries, cancellationToken);

    /// <summary>Asks those webhooks that are meant.</summary>
    /// <returns>The refusal, or null.</returns>
    private protected abstract ValueTask<ApiError?> AskAsync(
        AdmissionRequest request, ImmutableArray<AdmissionWebhook> webhooks, IRegistries registries, CancellationToken cancellationToken);

    private protected ValueTask<ApiError?> RunAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        var pending = _webhooks.GetAsync(registries, cancellationToken);
        return pending.IsCompletedSuccessfully
            ? AskAnyAsync(request, pending.Result, registries, cancellationToken)
            : AskLateAsync(request, pending, registries, cancellationToken);
    }

    private async ValueTask<ApiError?> AskLateAsync(
        AdmissionRequest request, ValueTask<ImmutableArray<AdmissionWebhook>> pending, IRegistries registries, CancellationToken cancellationToken) =>
        await AskAnyAsync(request, await pending.ConfigureAwait(false), registries, cancellationToken).ConfigureAwait(false);

    private ValueTask<ApiError?> AskAnyAsync(
        AdmissionRequest request, ImmutableArray<AdmissionWebhook> webhooks, IRegistries registries, CancellationToken cancellationToken) =>
        webhooks.IsEmpty || WebhookDispatch.IsExempt(request) ? ValueTask.FromResult<ApiError?>(null) : AskAsync(request, webhooks, registries, cancellationToken);
}
