using System.Diagnostics;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>The mode Webhook: asks a service about the requests that it is for, and remembers what it said.</summary>
/// <remarks>While the service does not answer, its failure policy decides: it refuses, or it has no opinion, and a request that nobody
/// else allows fails. Source: k8s.io/apiserver, plugin/pkg/authorizer/webhook.</remarks>
/// <param name="client">Reaches the service.</param>
/// <param name="webhook">When and how it is asked.</param>
/// <param name="clock">The time.</param>
/// <param name="name">Tells it apart from other authorizers in metrics.</param>
/// <param name="metrics">Counts what comes of it; null for nobody.</param>
public sealed class WebhookAuthorizer(ReviewClient client, AuthorizationWebhook webhook, TimeProvider clock, string name = "default", AccessMetrics? metrics = null) : IAuthorizer
{
    /// <summary>Requests with more text of their client's choice are not remembered (characters): they may be sent to fill the memory.</summary>
    private const int RememberedMax = 10_000;

    private readonly TimedAnswers<AccessDecision> _answers = new(clock);

    public ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken)
    {
        if (!webhook.Conditions.IsEmpty)
        {
            var began = Stopwatch.GetTimestamp();
            var (matches, fault, erred) = webhook.Conditions.Evaluate(request);
            metrics?.AddConditions(name, Stopwatch.GetElapsedTime(began), erred, excluded: !matches && fault is null);
            if (fault is not null) return ValueTask.FromResult(Failure(fault));
            if (!matches) return ValueTask.FromResult(AccessDecision.NoOpinion);
        }
        var spec = AccessReview.Spec(request);
        var key = JsonTree.ToText(spec);
        return _answers.TryGet(key, out var known) ? ValueTask.FromResult(known) : AskAsync(IsRemembered(request) ? key : null, spec, cancellationToken);
    }

    public ValueTask<UserRules> RulesAsync(UserInfo user, string ns, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new UserRules([], Incomplete: true, "webhook authorizer does not support user rule resolution"));

    private async ValueTask<AccessDecision> AskAsync(string? key, JsonObject spec, CancellationToken cancellationToken)
    {
        try
        {
            var review = new JsonObject { ["apiVersion"] = $"authorization.k8s.io/{webhook.Version}", ["kind"] = "SubjectAccessReview", ["spec"] = spec };
            var status = await client.AskAsync(review, clock, cancellationToken, (result, time) => metrics?.AddRoundTrip(name, result, time)).ConfigureAwait(false);
            var allowed = JsonTree.Bool(status, "allowed") == true;
            var denied = JsonTree.Bool(status, "denied") == true;
            var verdict = denied ? AccessVerdict.Deny : allowed ? AccessVerdict.Allow : AccessVerdict.NoOpinion;
            var decision = new AccessDecision(verdict, JsonTree.String(status, "reason") ?? "");
            if (denied && allowed) decision = decision with { Failed = true, EvaluationError = "webhook subject access review returned both allow and deny response" };
            if (key is not null) _answers.Set(key, decision, allowed ? webhook.AuthorizedTtl : webhook.UnauthorizedTtl);
            return decision;
        }
        catch (ReviewException e)
        {
            if (!webhook.DeniesOnFailure) metrics?.AddFailOpen(name, e.Result);
            return Failure(e.Message);
        }
    }

    private AccessDecision Failure(string fault) =>
        new(webhook.DeniesOnFailure ? AccessVerdict.Deny : AccessVerdict.NoOpinion, "", fault) { Failed = true };

    // The selectors are of the client's choice as well, though upstream forgets them.
    private static bool IsRemembered(AccessRequest request) =>
        request.Namespace.Length + request.Verb.Length + request.Group.Length + request.Version.Length + request.Resource.Length + request.Subresource.Length
            + request.Name.Length + request.Path.Length + (request.FieldSelector?.Length ?? 0) + request.LabelSelector.Length < RememberedMax;
}
