using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>The mode Webhook: asks a service, and remembers what it said.</summary>
/// <remarks>While the service does not answer it has no opinion, and a request that nobody else allows fails. Source: k8s.io/apiserver, plugin/pkg/authorizer/webhook.</remarks>
/// <param name="client">Reaches the service.</param>
/// <param name="version">Of SubjectAccessReview, as the service is asked.</param>
/// <param name="authorizedTtl">How long a yes is remembered.</param>
/// <param name="unauthorizedTtl">How long anything else is.</param>
/// <param name="clock">The time.</param>
public sealed class WebhookAuthorizer(ReviewClient client, string version, TimeSpan authorizedTtl, TimeSpan unauthorizedTtl, TimeProvider clock) : IAuthorizer
{
    private readonly TimedAnswers<AccessDecision> _answers = new(clock);

    public ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken)
    {
        var review = Review(request, version);
        var key = JsonTree.ToText(review["spec"]);
        return _answers.TryGet(key, out var known) ? ValueTask.FromResult(known) : AskAsync(key, review, cancellationToken);
    }

    public ValueTask<UserRules> RulesAsync(UserInfo user, string ns, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new UserRules([], Incomplete: true, "webhook authorizer does not support user rule resolution"));

    private async ValueTask<AccessDecision> AskAsync(string key, JsonObject review, CancellationToken cancellationToken)
    {
        try
        {
            var status = await client.AskAsync(review, clock, cancellationToken).ConfigureAwait(false);
            var allowed = JsonTree.Bool(status, "allowed") == true;
            var denied = JsonTree.Bool(status, "denied") == true;
            var verdict = denied ? AccessVerdict.Deny : allowed ? AccessVerdict.Allow : AccessVerdict.NoOpinion;
            var decision = new AccessDecision(verdict, JsonTree.String(status, "reason") ?? "");
            if (denied && allowed) decision = decision with { Failed = true, EvaluationError = "webhook subject access review returned both allow and deny response" };
            _answers.Set(key, decision, allowed ? authorizedTtl : unauthorizedTtl);
            return decision;
        }
        catch (HttpRequestException e)
        {
            return new AccessDecision(AccessVerdict.NoOpinion, "", e.Message) { Failed = true };
        }
    }

    private static JsonObject Review(AccessRequest request, string version)
    {
        var spec = new JsonObject { ["user"] = request.User.Name };
        if (request.User.Uid.Length > 0) spec["uid"] = request.User.Uid;
        spec["groups"] = List(request.User.Groups);
        if (!request.User.Extra.IsEmpty)
            spec["extra"] = new JsonObject(request.User.Extra.OrderBy(static e => e.Key, StringComparer.Ordinal).Select(static e => KeyValuePair.Create(e.Key, (JsonNode?)List(e.Value))));
        if (request.IsResource)
        {
            var resource = new JsonObject { ["verb"] = request.Verb };
            foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[("namespace", request.Namespace), ("group", request.Group), ("version", request.Version),
                ("resource", request.Resource), ("subresource", request.Subresource), ("name", request.Name)])
                if (value.Length > 0) resource[name] = value;
            if (Requirements(request.FieldSelector ?? "", fields: true) is { Count: > 0 } fields) resource["fieldSelector"] = new JsonObject { ["requirements"] = fields };
            if (Requirements(request.LabelSelector, fields: false) is { Count: > 0 } labels) resource["labelSelector"] = new JsonObject { ["requirements"] = labels };
            spec["resourceAttributes"] = resource;
        }
        else spec["nonResourceAttributes"] = new JsonObject { ["path"] = request.Path, ["verb"] = request.Verb };
        return new JsonObject { ["apiVersion"] = $"authorization.k8s.io/{version}", ["kind"] = "SubjectAccessReview", ["spec"] = spec };
    }

    // What cannot be read narrows nothing, and the list itself is refused for it later.
    private static JsonArray Requirements(string selector, bool fields)
    {
        var requirements = new JsonArray();
        if (selector.Length == 0) return requirements;
        if (fields)
        {
            foreach (var term in FieldSelector.TermsOf(selector))
                requirements.Add(new JsonObject { ["key"] = term.Key, ["operator"] = term.Equal ? "In" : "NotIn", ["values"] = new JsonArray(term.Value) });
            return requirements;
        }
        foreach (var term in LabelSelector.Parse(selector, out _)?.Requirements ?? [])
            if (term.Operator is LabelOperator.In or LabelOperator.NotIn or LabelOperator.Exists or LabelOperator.DoesNotExist)
            {
                var requirement = new JsonObject { ["key"] = term.Key, ["operator"] = term.Operator.ToString() };
                if (!term.Values.IsEmpty) requirement["values"] = List(term.Values);
                requirements.Add(requirement);
            }
        return requirements;
    }

    private static JsonArray List(ImmutableArray<string> values) => new([.. values.Select(static v => (JsonNode?)v)]);
}
