using System.Collections.Concurrent;
using System.Net.Http.Headers;
using Orchestrator.Actors.Admission.Webhooks;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>Fetches a claim that a token does not hold itself but names a place for: a distributed claim of OpenID Connect Core 1.0, section 5.6.2.</summary>
/// <remarks>The place answers with a token that has the claim, signed by an issuer of its own. Source: k8s.io/apiserver, plugin/pkg/authenticator/token/oidc.</remarks>
/// <param name="claim">The one that may be elsewhere.</param>
/// <param name="keysOf">Checks what an issuer signed.</param>
/// <param name="http">Reaches the places; somebody else's.</param>
public sealed class DistributedClaim(string claim, Func<string, IssuerKeys> keysOf, HttpClient http) : IDisposable
{
    /// <summary>How many issuers are remembered (count): a place that names others without end costs no memory.</summary>
    private const int IssuersMax = 64;

    private readonly ConcurrentDictionary<string, IssuerKeys> _issuers = new(StringComparer.Ordinal);

    public void Dispose()
    {
        foreach (var keys in _issuers.Values) keys.Dispose();
    }

    /// <summary>Adds the claim where it is elsewhere.</summary>
    /// <returns>Why it could not be added; null when it was, or when there is nothing to add.</returns>
    public async ValueTask<string?> ExpandAsync(JsonObject claims, CancellationToken cancellationToken)
    {
        if (claims.ContainsKey(claim) || !claims.TryGetPropertyValue("_claim_names", out var names)) return null;
        if (!IsMapOf(names, static v => JsonTree.IsString(v, out _), out var fault)) return $"oidc: error parsing distributed claim names: {fault}";
        if (!claims.TryGetPropertyValue("_claim_sources", out var sources)) return "oidc: no claim sources";
        if (!IsMapOf(sources, static v => v is JsonObject source && IsTextOrNone(source, "endpoint") && IsTextOrNone(source, "access_token") && IsTextOrNone(source, "JWT"), out fault))
            return $"oidc: could not parse claim sources: {fault}";
        if (names is not JsonObject of || !of.TryGetPropertyValue(claim, out var named)) return null;
        var name = JsonTree.AsString(named) ?? "";
        if (sources is not JsonObject all || !all.TryGetPropertyValue(name, out var place)) return $"id token _claim_names contained a source {name} missing in _claims_sources";
        // Without a place it may be an aggregated claim, which is no groups of ours.
        if (JsonTree.String(place as JsonObject, "endpoint") is not { Length: > 0 } endpoint) return null;
        return await FetchAsync(claims, endpoint, JsonTree.String(place as JsonObject, "access_token") ?? "", cancellationToken).ConfigureAwait(false);
    }

    private async Task<string?> FetchAsync(JsonObject claims, string endpoint, string accessToken, CancellationToken cancellationToken)
    {
        string text;
        try
        {
            text = await GetAsync(endpoint, accessToken, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or FormatException or InvalidOperationException or NotSupportedException && !cancellationToken.IsCancellationRequested)
        {
            var why = e is HttpRequestException { StatusCode: null } && Uri.TryCreate(endpoint, UriKind.Absolute, out var url)
                ? $"Get {GoQuote.Quote(endpoint)}: {WebhookCaller.Explain(new WebhookAddress(url, []), e)}"
                : e.Message;
            return $"while getting distributed claim {GoQuote.Quote(claim)}: {why}";
        }
        if (!JsonWebToken.TryParse(text, out var token)) return $"getting untrusted issuer from endpoint {endpoint} failed for claim {GoQuote.Quote(claim)}: malformed token";
        var remembered = _issuers.TryGetValue(token.Issuer, out var keys);
        keys ??= keysOf(token.Issuer);
        var fault = await keys.FaultOfAsync(token, cancellationToken).ConfigureAwait(false);
        // Only who has signed something is worth to be remembered.
        if (!remembered && (fault is not null || _issuers.Count >= IssuersMax || !_issuers.TryAdd(token.Issuer, keys))) keys.Dispose();
        if (fault is not null)
            return keys.IsUnknown
                ? $"verifying untrusted issuer {token.Issuer} failed: verifier not initialized for issuer: {GoQuote.Quote(token.Issuer)}"
                : $"verify distributed claim token: {fault}";
        if (token.ReadClaims() is not { } found) return $"could not parse distributed claims for claim {claim}: invalid UTF-16 surrogate in string";
        if (!found.TryGetPropertyValue(claim, out var value)) return $"jwt returned by distributed claim endpoint {GoQuote.Quote(endpoint)} did not contain claim: {claim}";
        claims[claim] = value;
        return null;
    }

    private async Task<string> GetAsync(string endpoint, string accessToken, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(endpoint, UriKind.Absolute));
        if (accessToken.Length > 0) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        using var response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if ((int)response.StatusCode is < 200 or > 226)
            throw new HttpRequestException($"error while getting distributed claim JWT: {(int)response.StatusCode} {response.ReasonPhrase}", null, response.StatusCode);
        return (await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false)).Trim();
    }

    private static bool IsTextOrNone(JsonObject source, string name) => !source.TryGetPropertyValue(name, out var value) || value is null || JsonTree.IsString(value, out _);

    /// <summary>Whether a claim is an object whose values are all right, or nothing.</summary>
    private static bool IsMapOf(JsonNode? node, Func<JsonNode, bool> fits, out string fault)
    {
        var unfit = node is JsonObject map ? map.Select(static p => p.Value).FirstOrDefault(v => v is not null && !fits(v)) : node;
        fault = unfit is null ? "" : $"json: cannot unmarshal {JsonTree.KindOf(unfit)} into a claim of another form";
        return unfit is null;
    }
}
