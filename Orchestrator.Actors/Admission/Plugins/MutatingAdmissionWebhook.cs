using System.Collections.Immutable;
using Orchestrator.Actors.Admission.Matching;
using Orchestrator.Actors.Admission.Webhooks;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Asks the mutating webhooks, one after the other, and applies what they want changed.</summary>
/// <remarks>Source: kube-apiserver, admission plugin MutatingAdmissionWebhook. When one of them has changed the object, all mutating
/// plugins run once more; webhooks that allow it are then asked again if the object has changed since they saw it.</remarks>
public sealed class MutatingAdmissionWebhook(IWebhookCaller caller, Func<SchemaCatalog> catalog, IAuthorizer? authorizer)
    : WebhookPlugin(ResourceTypes.MutatingWebhookConfigurations, caller, catalog, authorizer), IAdmissionPlugin
{
    public string Name => "MutatingAdmissionWebhook";

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        RunAsync(request, registries, cancellationToken);

    private protected override async ValueTask<ApiError?> AskAsync(
        AdmissionRequest request, ImmutableArray<AdmissionWebhook> webhooks, IRegistries registries, CancellationToken cancellationToken)
    {
        var rounds = request.Webhooks ??= new WebhookRounds();
        if (request.IsReinvocation && !JsonTree.DeepEquals(rounds.LastSeen, request.Object)) rounds.AskAgain();
        foreach (var webhook in webhooks)
        {
            if (request.IsReinvocation && !rounds.IsDue(webhook.Id)) continue;
            var (matched, refused) = await Dispatch.MatchAsync(webhook, request, registries, cancellationToken).ConfigureAwait(false);
            if (refused is not null) return refused;
            if (matched is null) continue;
            var (patch, error) = await Dispatch.AskAsync(webhook, request, matched, mutating: true, registries, cancellationToken).ConfigureAwait(false);
            if (error is not null) return error;
            var changed = false;
            if (patch is not null && request.Object is not null)
            {
                (changed, error) = await ApplyAsync(request, patch, matched, registries, cancellationToken).ConfigureAwait(false);
                if (error is not null) return error;
            }
            if (changed)
            {
                // Those that came before saw something else.
                rounds.AskAgain();
                request.NeedsReinvocation = true;
            }
            if (webhook.Reinvoked) rounds.Asked(webhook.Id);
        }
        rounds.LastSeen = request.Object?.DeepClone();
        return null;
    }

    private async ValueTask<(bool Changed, ApiError? Error)> ApplyAsync(
        AdmissionRequest request, JsonNode patch, ResourceSchema matched, IRegistries registries, CancellationToken cancellationToken)
    {
        var (shown, unconverted) = await Dispatch.ShownAsync(request, matched, registries, cancellationToken).ConfigureAwait(false);
        if (shown is null) return (false, unconverted);
        var before = shown.Object!;
        var patched = JsonPatch.Apply(before.DeepClone().AsObject(), patch);
        if (patched.Tree is not { } tree) return (false, ApiError.Internal(patched.Fault ?? patched.Error!.Message));
        if (JsonTree.DeepEquals(before, tree)) return (false, null);
        if (!ShownObjects.IsOfOtherKind(request))
        {
            var (returned, error) = await Dispatch.ReturnAsync(request, matched, tree, registries, cancellationToken).ConfigureAwait(false);
            if (returned is null) return (false, error);
            // What the webhook made up must be of the kind, as if a client had sent it.
            var decoded = ObjectDecoder.Check(request.Schema, returned, FieldValidation.Ignore);
            if (decoded.Tree is null) return (false, ApiError.Internal(decoded.Fault?.Text ?? decoded.Error!.Message));
            tree = decoded.Tree;
            Defaulting.Apply(request.Schema, tree);
        }
        Replace(request.Object!, tree);
        return (true, null);
    }

    // The request's tree is known to many by reference, so it keeps its identity.
    private static void Replace(JsonObject target, JsonObject with)
    {
        target.Clear();
        foreach (var (name, value) in with.ToList())
        {
            with.Remove(name);
            target[name] = value;
        }
    }
}
