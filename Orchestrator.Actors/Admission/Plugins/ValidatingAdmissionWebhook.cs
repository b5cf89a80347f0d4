using System.Collections.Immutable;
using Orchestrator.Actors.Admission.Webhooks;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Asks the validating webhooks, all at once.</summary>
/// <remarks>Source: kube-apiserver, admission plugin ValidatingAdmissionWebhook.</remarks>
public sealed class ValidatingAdmissionWebhook(IWebhookCaller caller, Func<SchemaCatalog> catalog, IAuthorizer? authorizer)
    : WebhookPlugin(ResourceTypes.ValidatingWebhookConfigurations, caller, catalog, authorizer), IAdmissionPlugin
{
    public string Name => "ValidatingAdmissionWebhook";

    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        RunAsync(request, registries, cancellationToken);

    private protected override async ValueTask<ApiError?> AskAsync(
        AdmissionRequest request, ImmutableArray<AdmissionWebhook> webhooks, IRegistries registries, CancellationToken cancellationToken)
    {
        var asked = new List<(AdmissionWebhook Webhook, ResourceSchema Matched)>();
        foreach (var webhook in webhooks)
        {
            var (matched, error) = await Dispatch.MatchAsync(webhook, request, registries, cancellationToken).ConfigureAwait(false);
            if (error is not null) return error;
            if (matched is not null) asked.Add((webhook, matched));
        }
        if (asked.Count == 0) return null;
        var notes = request.Notes;
        var single = asked.Select(a => (a.Webhook, a.Matched, Request: request with { Uid = request.Uid, Notes = notes is null ? null : new AdmissionNotes() })).ToList();
        // Every copy is the same request to the webhooks.
        var answers = await Task.WhenAll(single.Select(a => Dispatch.AskAsync(a.Webhook, a.Request, a.Matched, mutating: false, registries, cancellationToken))).ConfigureAwait(false);
        foreach (var (_, _, own) in single)
        {
            foreach (var warning in own.Notes?.Warnings ?? []) notes!.Warn(warning);
            foreach (var (key, value) in own.Notes?.AuditAnnotations ?? ImmutableDictionary<string, string>.Empty) notes!.Audit(key, value);
        }
        return answers.Select(static a => a.Error).FirstOrDefault(static e => e is not null);
    }
}
