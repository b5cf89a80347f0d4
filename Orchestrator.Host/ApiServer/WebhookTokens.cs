using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>Asks a service whose a token is, and remembers what it said.</summary>
/// <remarks>Source: k8s.io/apiserver, plugin/pkg/authenticator/token/webhook.</remarks>
/// <param name="client">Reaches the service.</param>
/// <param name="version">Of TokenReview, as the service is asked.</param>
/// <param name="apiAudiences">What the API server calls itself: for whom a token is whose service says nothing of audiences.</param>
/// <param name="ttl">How long an answer is remembered.</param>
/// <param name="clock">The time.</param>
public sealed class WebhookTokens(ReviewClient client, string version, ImmutableArray<string> apiAudiences, TimeSpan ttl, TimeProvider clock) : ITokenAuthenticator
{
    private readonly TimedAnswers<TokenResult> _answers = new(clock);

    public bool KnowsAudiences => true;

    public async ValueTask<TokenResult> AuthenticateAsync(string token, ImmutableArray<string> audiences, CancellationToken cancellationToken)
    {
        var wanted = audiences.IsEmpty ? apiAudiences : audiences;
        var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{token}\n{string.Join('\n', wanted)}")));
        if (_answers.TryGet(key, out var known)) return known;
        var spec = new JsonObject { ["token"] = token };
        if (!wanted.IsEmpty) spec["audiences"] = new JsonArray([.. wanted.Select(static a => (JsonNode?)a)]);
        try
        {
            var status = await client.AskAsync(new JsonObject { ["apiVersion"] = $"authentication.k8s.io/{version}", ["kind"] = "TokenReview", ["spec"] = spec }, clock, cancellationToken).ConfigureAwait(false);
            var result = Read(status, wanted);
            // What went wrong at the service may go well the next time.
            if (result.Error.Length == 0) _answers.Set(key, result, ttl);
            return result;
        }
        catch (HttpRequestException e)
        {
            return TokenResult.Refused(e.Message);
        }
    }

    private TokenResult Read(JsonObject status, ImmutableArray<string> wanted)
    {
        var meant = Strings(JsonTree.Array(status, "audiences"));
        if (meant.IsEmpty) meant = apiAudiences;
        ImmutableArray<string> matching = [.. wanted.Where(a => meant.Contains(a))];
        // A token for somebody else is nobody's here.
        if (matching.IsEmpty && !wanted.IsEmpty) return TokenResult.Unknown;
        if (JsonTree.Bool(status, "authenticated") != true) return JsonTree.String(status, "error") is { Length: > 0 } error ? TokenResult.Refused(error) : TokenResult.Unknown;
        var user = JsonTree.Object(status, "user");
        var groups = Strings(JsonTree.Array(user, "groups"));
        var extra = ImmutableDictionary<string, ImmutableArray<string>>.Empty;
        foreach (var (key, values) in JsonTree.Object(user, "extra") ?? []) extra = extra.SetItem(key, Strings(values as JsonArray));
        return new TokenResult(
            new UserInfo(JsonTree.String(user, "username") ?? "", JsonTree.String(user, "uid") ?? "", groups.Contains(UserInfo.Authenticated) ? groups : groups.Add(UserInfo.Authenticated)) { Extra = extra },
            matching, "");
    }

    private static ImmutableArray<string> Strings(JsonArray? values) => values is null ? [] : [.. values.Select(static v => JsonTree.AsString(v) ?? "")];
}
