using System.Collections.Immutable;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>Believes the tokens of one issuer of JSON Web Tokens, a provider of OpenID Connect.</summary>
/// <remarks>Its keys are fetched when a token names one that is unknown, at most every so often. Source: k8s.io/apiserver, plugin/pkg/authenticator/token/oidc.</remarks>
public sealed class OidcTokens : IDisposable
{
    /// <summary>How often keys are fetched at most: a token that names a key of its own invention costs the provider nothing.</summary>
    private static readonly TimeSpan FetchEvery = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How far clocks may be apart. Source: github.com/coreos/go-oidc.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    private readonly JwtAuthenticator _jwt;
    private readonly ImmutableArray<string> _algorithms;
    private readonly TimeProvider _clock;
    private readonly HttpClient _http;
    private readonly SemaphoreSlim _fetching = new(1);
    private volatile Fetched _fetched = new([], DateTimeOffset.MinValue, "");

    /// <param name="jwt">The issuer, and what its claims mean.</param>
    /// <param name="algorithms">With which its tokens may be signed.</param>
    /// <param name="clock">The time.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">Its authorities are no certificates.</exception>
    public OidcTokens(JwtAuthenticator jwt, ImmutableArray<string> algorithms, TimeProvider clock)
    {
        _jwt = jwt;
        _algorithms = algorithms;
        _clock = clock;
        X509Certificate2Collection? authorities = null;
        if (jwt.CertificateAuthority.Length > 0) (authorities = []).ImportFromPem(jwt.CertificateAuthority);
        _http = new HttpClient(ReviewClient.Handler(authorities)) { Timeout = FetchTimeout, MaxResponseContentBufferSize = 1 << 20 };
    }

    /// <summary>All that can be checked with a public key.</summary>
    public static ImmutableArray<string> AllAlgorithms { get; } = ["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];

    public string Issuer => _jwt.Issuer;

    /// <summary>Whose a token is that names this issuer.</summary>
    public async ValueTask<TokenResult> AuthenticateAsync(JsonWebToken token, CancellationToken cancellationToken)
    {
        // What costs nothing comes first: the keys are not fetched for a token that is no good anyway.
        if (Refusal(token) is { } refusal) return Refuse($"oidc: {refusal}");
        var keys = _fetched;
        if (!Verifies(keys, token))
        {
            keys = await FetchAsync(keys, cancellationToken).ConfigureAwait(false);
            if (!Verifies(keys, token)) return Refuse($"failed to verify signature: {(keys.Error.Length > 0 ? $"fetching keys {keys.Error}" : "failed to verify id token signature")}");
        }
        return token.ReadClaims() is { } claims ? _jwt.UserOf(claims) : TokenResult.Refused("oidc: parse claims: invalid UTF-16 surrogate in string");
    }

    /// <summary>Fetches the keys of the issuer; null when they are there, else why they are not.</summary>
    public async Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        var fetched = await FetchAsync(_fetched, cancellationToken).ConfigureAwait(false);
        return fetched.Error.Length > 0 ? fetched.Error : null;
    }

    public void Dispose()
    {
        _http.Dispose();
        _fetching.Dispose();
    }

    private static TokenResult Refuse(string why) => TokenResult.Refused($"oidc: verify token: {why}");

    private string? Refusal(JsonWebToken token)
    {
        var now = _clock.GetUtcNow();
        var given = token.Audiences;
        if (!given.Any(a => _jwt.Audiences.Contains(a)))
            return _jwt.Audiences.Length == 1
                ? $"expected audience {GoQuote.Quote(_jwt.Audiences[0])} got [{Quoted(given)}]"
                : $"expected audience in [{Quoted(_jwt.Audiences.Order(StringComparer.Ordinal))}] got [{Quoted(given)}]";
        if (token.Expires is not { } expires || now >= expires) return "token is expired";
        if (token.NotBefore is { } from && now + Skew < from) return "current time is before the nbf (not before) time";
        return _algorithms.Contains(token.Algorithm) ? null
            : $"id token signed with unsupported algorithm, expected [{Quoted(_algorithms)}] got {GoQuote.Quote(token.Algorithm)}";
    }

    private static string Quoted(IEnumerable<string> texts) => string.Join(' ', texts.Select(GoQuote.Quote));

    private static bool Verifies(Fetched keys, JsonWebToken token) =>
        keys.Keys.Any(k => (token.KeyId.Length == 0 || k.Id.Length == 0 || k.Id == token.KeyId) && k.Verifies(token));

    private async Task<Fetched> FetchAsync(Fetched seen, CancellationToken cancellationToken)
    {
        await _fetching.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Another request may have fetched meanwhile, or a moment ago.
            if (!ReferenceEquals(seen, _fetched) || _clock.GetUtcNow() - _fetched.At < FetchEvery) return _fetched;
            try
            {
                using var configuration = await GetAsync(new Uri(_jwt.DiscoveryUrl.Length > 0 ? _jwt.DiscoveryUrl : $"{Issuer.TrimEnd('/')}/.well-known/openid-configuration"), cancellationToken).ConfigureAwait(false);
                var said = configuration.RootElement.TryGetProperty("issuer", out var issuer) ? issuer.GetString() : "";
                if (said != Issuer) return _fetched = seen with { At = _clock.GetUtcNow(), Error = $"oidc: issuer did not match the issuer returned by provider, expected \"{Issuer}\" got \"{said}\"" };
                var url = new Uri(configuration.RootElement.GetProperty("jwks_uri").GetString() ?? "");
                using var keys = await GetAsync(url, cancellationToken).ConfigureAwait(false);
                return _fetched = new Fetched([.. keys.RootElement.GetProperty("keys").EnumerateArray().Select(TokenKey.OfJwk).OfType<TokenKey>()], _clock.GetUtcNow(), "");
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException or KeyNotFoundException or UriFormatException or InvalidOperationException or NotSupportedException
                && !cancellationToken.IsCancellationRequested)
            {
                // What is known already goes on counting while the provider is away.
                return _fetched = seen with { At = _clock.GetUtcNow(), Error = e.Message };
            }
        }
        finally
        {
            _fetching.Release();
        }
    }

    private async Task<JsonDocument> GetAsync(Uri url, CancellationToken cancellationToken)
    {
        using var response = await _http.GetAsync(url, cancellationToken).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonDocument>(cancellationToken).ConfigureAwait(false) ?? throw new JsonException("empty");
    }

    private sealed record Fetched(ImmutableArray<TokenKey> Keys, DateTimeOffset At, string Error);
}
