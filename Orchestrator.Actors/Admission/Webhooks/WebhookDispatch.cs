using System.Text;
using Orchestrator.Actors.Admission.Matching;
using Orchestrator.Actors.Admission.Policies;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission.Webhooks;

/// <summary>Asks single webhooks: decides whether one is to be asked, calls it, and reads the answer.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/admission/plugin/webhook/generic and mutating and validating dispatchers.</remarks>
internal sealed class WebhookDispatch(IWebhookCaller caller, Func<SchemaCatalog> catalog, IAuthorizer? authorizer)
{
    /// <summary>What configures admission is never subject to it, or a wrong webhook could not be taken away.</summary>
    public static bool IsExempt(AdmissionRequest request) =>
        request.Schema.Group == "admissionregistration.k8s.io"
        && request.Schema.Plural is "mutatingwebhookconfigurations" or "validatingwebhookconfigurations" or "validatingadmissionpolicies" or "validatingadmissionpolicybindings";

    /// <summary>Finds the version of the resource as which a webhook is to be asked; null when it is not, with the refusal if there is one.</summary>
    public async ValueTask<(ResourceSchema? Matched, ApiError? Error)> MatchAsync(
        AdmissionWebhook webhook, AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        var kinds = catalog();
        var ns = webhook.Match.NeedsNamespace || !webhook.Conditions.IsEmpty ? await NamespaceAsync(request, registries, cancellationToken).ConfigureAwait(false) : null;
        if (webhook.Match.Match(request, kinds, ns) is not { } matched) return (null, null);
        if (webhook.Conditions.IsEmpty) return (matched, null);
        var (shown, unconverted) = await ShownAsync(request, matched, registries, cancellationToken).ConfigureAwait(false);
        if (shown is null) return (null, unconverted);
        var variables = new AdmissionVariables(request, matched, shown, ns, authorizer);
        var (matches, fault) = await variables.SettleAsync(() => webhook.Conditions.Evaluate(variables, failClosed: !webhook.Ignorable)).ConfigureAwait(false);
        if (fault is not null) return (null, ApiError.Forbidden(request.Schema.Type, request.Key.Name, fault));
        return (matches ? matched : null, null);
    }

    /// <summary>Asks a webhook. Its remarks are taken to the notes of the request.</summary>
    /// <returns>The patch, or the refusal: of the webhook, or for it when it cannot be asked and must be.</returns>
    public async Task<(JsonNode? Patch, ApiError? Error)> AskAsync(
        AdmissionWebhook webhook, AdmissionRequest request, ResourceSchema matched, bool mutating, IRegistries registries, CancellationToken cancellationToken)
    {
        if (request.DryRun && webhook.HasSideEffects)
            return (null, ApiError.BadRequest($"admission webhook {GoQuote.Quote(webhook.Name)} does not support dry run"));
        if (webhook.ReviewVersion is null) return Failed(webhook, request, mutating, "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)");
        var (shown, unconverted) = await ShownAsync(request, matched, registries, cancellationToken).ConfigureAwait(false);
        if (shown is null) return (null, unconverted);
        if (webhook.Client.BundleFault is { } untrusted) return Failed(webhook, request, mutating, $"could not get REST client: {untrusted}");
        var timeout = TimeSpan.FromSeconds(webhook.TimeoutSeconds);
        var (address, unresolved) = await webhook.Client.ResolveAsync(registries, $"timeout={webhook.TimeoutSeconds}s", cancellationToken).ConfigureAwait(false);
        if (address is null) return Failed(webhook, request, mutating, $"failed to call webhook: {unresolved}");
        var reply = await caller.PostAsync(address, AdmissionReview.Ask(request, webhook, matched, shown), timeout, cancellationToken).ConfigureAwait(false);
        if (reply.Failure is { } failure) return Failed(webhook, request, mutating, $"failed to call webhook: {failure}");
        if (reply.Status is < 200 or > 299) return Failed(webhook, request, mutating, $"failed to call webhook: {WebhookReply.Explain(reply)}");
        var answer = AdmissionReview.Read(reply.Body.Span, request, webhook, mutating);
        if (answer.Fault is { } fault) return Failed(webhook, request, mutating, fault);
        foreach (var warning in answer.Warnings ?? [])
            if (JsonTree.AsString(warning) is { Length: > 0 } text) request.Notes?.Warn(text);
        foreach (var (key, value) in answer.AuditAnnotations ?? []) request.Notes?.Audit($"{webhook.Name}/{key}", JsonTree.AsString(value) ?? "");
        return (answer.Patch, answer.Denial);
    }

    /// <summary>The states of the request as a webhook sees them.</summary>
    public ValueTask<(ShownObjects? Shown, ApiError? Error)> ShownAsync(
        AdmissionRequest request, ResourceSchema matched, IRegistries registries, CancellationToken cancellationToken) =>
        ShownObjects.OfAsync(request, matched, catalog(), new CustomResourceConverter(caller, registries), cancellationToken);

    /// <summary>A state that a webhook has changed, in the version of the request.</summary>
    public ValueTask<(JsonObject? Tree, ApiError? Error)> ReturnAsync(
        AdmissionRequest request, ResourceSchema matched, JsonObject tree, IRegistries registries, CancellationToken cancellationToken) =>
        ShownObjects.ReturnAsync(request, matched, tree, catalog(), new CustomResourceConverter(caller, registries), cancellationToken);

    private static (JsonNode? Patch, ApiError? Error) Failed(AdmissionWebhook webhook, AdmissionRequest request, bool mutating, string why)
    {
        if (!webhook.Ignorable) return (null, ApiError.Internal($"failed calling webhook {GoQuote.Quote(webhook.Name)}: {why}"));
        request.Notes?.Audit($"failed-open.{(mutating ? "mutation" : "validating")}.webhook.admission.k8s.io/{webhook.Name}", why);
        return (null, null);
    }

    private static async ValueTask<StoredObject?> NamespaceAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (request.Key.Namespace.Length == 0 && request.Schema.Type != ResourceTypes.Namespaces) return null;
        var key = new ObjectKey("", request.Schema.Type == ResourceTypes.Namespaces ? request.Key.Name : request.Key.Namespace);
        var informer = await registries.InformerAsync(ResourceTypes.Namespaces, cancellationToken).ConfigureAwait(false);
        return informer.Get(key) ?? (await registries.ConsistentAsync(ResourceTypes.Namespaces, cancellationToken).ConfigureAwait(false)).Get(key);
    }
}
