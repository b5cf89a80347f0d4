using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>Asks a service whose a token is, and remembers what it said.</summary>
/// <remarks>Source: k8s.io/apiserver, plugin/pkg/authenticator/token/webhook.</remarks>
public sealed class WebhookTokens(ReviewClient client, TimeSpan ttl, TimeProvider clock) : ITokenAuthenticator
{
    private readonly TimedAnswers<TokenResult> _answers = new(clock);

    public async ValueTask<TokenResult> AuthenticateAsync(string token, ImmutableArray<string> audiences, CancellationToken cancellationToken)
    {
        var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{token}\n{string.Join('\n', audiences)}")));
        if (_answers.TryGet(key, out var known)) return known;
        var spec = new JsonObject { ["token"] = token };
        if (!audiences.IsEmpty) spec["audiences"] = new JsonArray([.. audiences.Select(static a => (JsonNode?)a)]);
        try
        {
            var status = await client.AskAsync(new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenReview", ["spec"] = spec }, clock, cancellationToken).ConfigureAwait(false);
            var result = Read(status, audiences);
            _answers.Set(key, result, ttl);
            return result;
        }
        catch (HttpRequestException e)
        {
            return TokenResult.Refused(e.Message);
        }
    }

    private static TokenResult Read(JsonObject status, ImmutableArray<string> audiences)
    {
        if (JsonTree.Bool(status, "authenticated") != true) return JsonTree.String(status, "error") is { Length: > 0 } error ? TokenResult.Refused(error) : TokenResult.Unknown;
        var user = JsonTree.Object(status, "user");
        var groups = Strings(JsonTree.Array(user, "groups"));
        var extra = ImmutableDictionary<string, ImmutableArray<string>>.Empty;
        foreach (var (key, values) in JsonTree.Object(user, "extra") ?? []) extra = extra.SetItem(key, Strings(values as JsonArray));
        var meant = Strings(JsonTree.Array(status, "audiences"));
        // A service that says nothing of audiences does not know them: then the token is for the API server.
        return new TokenResult(
            new UserInfo(JsonTree.String(user, "username") ?? "", JsonTree.String(user, "uid") ?? "", groups.Contains(UserInfo.Authenticated) ? groups : groups.Add(UserInfo.Authenticated)) { Extra = extra },
            [.. audiences.Where(a => meant.Contains(a))], "");
    }

    private static ImmutableArray<string> Strings(JsonArray? values) => values is null ? [] : [.. values.Select(static v => JsonTree.AsString(v) ?? "")];
}
