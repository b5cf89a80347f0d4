using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Actors.Authentication;

namespace Orchestrator.Host.ApiServer;

/// <summary>Believes the tokens of one issuer of JSON Web Tokens, a provider of OpenID Connect.</summary>
/// <remarks>Source: k8s.io/apiserver, plugin/pkg/authenticator/token/oidc.</remarks>
public sealed class OidcTokens : IDisposable
{
    private static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(10);

    private readonly JwtAuthenticator _jwt;
    private readonly HttpClient _http;
    private readonly IssuerKeys _keys;
    private readonly DistributedClaim? _groups;

    /// <param name="jwt">The issuer, and what its claims mean.</param>
    /// <param name="algorithms">With which its tokens may be signed.</param>
    /// <param name="clock">The time.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">Its authorities are no certificates.</exception>
    public OidcTokens(JwtAuthenticator jwt, ImmutableArray<string> algorithms, TimeProvider clock)
    {
        _jwt = jwt;
        X509Certificate2Collection? authorities = null;
        if (jwt.CertificateAuthority.Length > 0) (authorities = []).ImportFromPem(jwt.CertificateAuthority);
        _http = new HttpClient(ReviewClient.Handler(authorities)) { Timeout = FetchTimeout, MaxResponseContentBufferSize = 1 << 20 };
        _keys = new IssuerKeys(jwt.Issuer, jwt.DiscoveryUrl, jwt.Audiences, algorithms, _http, clock);
        // Groups alone may be elsewhere: somebody who has very many would have a token that is too large.
        if (jwt.Groups.Claim.Length > 0)
            _groups = new DistributedClaim(jwt.Groups.Claim, issuer => new IssuerKeys(issuer, "", jwt.Audiences, algorithms, _http, clock), _http);
    }

    /// <summary>All that can be checked with a public key.</summary>
    public static ImmutableArray<string> AllAlgorithms { get; } = ["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];

    public string Issuer => _jwt.Issuer;

    /// <summary>Whose a token is that names this issuer.</summary>
    public async ValueTask<TokenResult> AuthenticateAsync(JsonWebToken token, CancellationToken cancellationToken)
    {
        if (await _keys.FaultOfAsync(token, cancellationToken).ConfigureAwait(false) is { } fault) return TokenResult.Refused($"oidc: verify token: {fault}");
        if (token.ReadClaims() is not { } claims) return TokenResult.Refused("oidc: parse claims: invalid UTF-16 surrogate in string");
        if (_groups is not null && await _groups.ExpandAsync(claims, cancellationToken).ConfigureAwait(false) is { } unexpanded)
            return TokenResult.Refused($"oidc: could not expand distributed claims: {unexpanded}");
        return _jwt.UserOf(claims);
    }

    /// <summary>Fetches the keys of the issuer; null when they are there, else why they are not.</summary>
    public Task<string?> PrepareAsync(CancellationToken cancellationToken) => _keys.PrepareAsync(cancellationToken);

    public void Dispose()
    {
        _groups?.Dispose();
        _keys.Dispose();
        _http.Dispose();
    }
}
