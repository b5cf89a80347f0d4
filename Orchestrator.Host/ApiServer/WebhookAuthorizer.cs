using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>The mode Webhook: asks a service, and remembers what it said.</summary>
/// <remarks>While the service does not answer it has no opinion. Source: k8s.io/apiserver, plugin/pkg/authorizer/webhook.</remarks>
public sealed class WebhookAuthorizer(ReviewClient client, TimeSpan authorizedTtl, TimeSpan unauthorizedTtl, TimeProvider clock) : IAuthorizer
{
    private readonly TimedAnswers<AccessDecision> _answers = new(clock);

    public ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken)
    {
        var review = Review(request);
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
            var verdict = allowed ? AccessVerdict.Allow : JsonTree.Bool(status, "denied") == true ? AccessVerdict.Deny : AccessVerdict.NoOpinion;
            var decision = new AccessDecision(verdict, JsonTree.String(status, "reason") ?? "", JsonTree.String(status, "evaluationError") ?? "");
            _answers.Set(key, decision, allowed ? authorizedTtl : unauthorizedTtl);
            return decision;
        }
        catch (HttpRequestException e)
        {
            return new AccessDecision(AccessVerdict.NoOpinion, "", e.Message);
        }
    }

    private static JsonObject Review(AccessRequest request)
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
            spec["resourceAttributes"] = resource;
        }
        else spec["nonResourceAttributes"] = new JsonObject { ["path"] = request.Path, ["verb"] = request.Verb };
        return new JsonObject { ["apiVersion"] = "authorization.k8s.io/v1", ["kind"] = "SubjectAccessReview", ["spec"] = spec };
    }

    private static JsonArray List(ImmutableArray<string> values) => new([.. values.Select(static v => (JsonNode?)v)]);
}
