using System.Collections.Immutable;
using Orchestrator.Actors.Admission.Webhooks;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Asks the validating webhooks, all at once.</summary>
/// <remarks>Source: kube-apiserver, admission plugin ValidatingAdmissionWebhook.</remarks>
public sealed class ValidatingAdmissionWebhook(IWebhookCaller caller, Func<SchemaCatalog> catalog, IAuthorizer? authorizer) : IAdmissionPlugin
{
    private readonly WebhookSet _webhooks = new(ResourceTypes.ValidatingWebhookConfigurations);
    private readonly WebhookDispatch _dispatch = new(caller, catalog, authorizer);

    public string Name => "ValidatingAdmissionWebhook";

    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        var pending = _webhooks.GetAsync(registries, cancellationToken);
        if (!pending.IsCompletedSuccessfully) return AskLateAsync(request, pending, registries, cancellationToken);
        var webhooks = pending.Result;
        return webhooks.IsEmpty ? ValueTask.FromResult<ApiError?>(null) : AskAsync(request, webhooks, registries, cancellationToken);
    }

    private async ValueTask<ApiError?> AskLateAsync(
        AdmissionRequest request, ValueTask<ImmutableArray<AdmissionWebhook>> pending, IRegistries registries, CancellationToken cancellationToken) =>
        await AskAsync(request, await pending.ConfigureAwait(false), registries, cancellationToken).ConfigureAwait(false);

    private async ValueTask<ApiError?> AskAsync(
        AdmissionRequest request, ImmutableArray<AdmissionWebhook> webhooks, IRegistries registries, CancellationToken cancellationToken)
    {
        if (webhooks.IsEmpty || WebhookDispatch.IsExempt(request)) return null;
        var asked = new List<(AdmissionWebhook Webhook, ResourceSchema Matched)>();
        foreach (var webhook in webhooks)
        {
            var (matched, error) = await _dispatch.MatchAsync(webhook, request, registries, cancellationToken).ConfigureAwait(false);
            if (error is not null) return error;
            if (matched is not null) asked.Add((webhook, matched));
        }
        if (asked.Count == 0) return null;
        var notes = request.Notes;
        var single = asked.Select(a => (a.Webhook, a.Matched, Request: request with { Uid = request.Uid, Notes = notes is null ? null : new AdmissionNotes() })).ToList();
        // Every copy is the same request to the webhooks.
        var answers = await Task.WhenAll(single.Select(a => _dispatch.AskAsync(a.Webhook, a.Request, a.Matched, mutating: false, registries, cancellationToken))).ConfigureAwait(false);
        foreach (var (_, _, own) in single)
        {
            foreach (var warning in own.Notes?.Warnings ?? []) notes!.Warn(warning);
            foreach (var (key, value) in own.Notes?.AuditAnnotations ?? ImmutableDictionary<string, string>.Empty) notes!.Audit(key, value);
        }
        return answers.Select(static a => a.Error).FirstOrDefault(static e => e is not null);
    }
}
