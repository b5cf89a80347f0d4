using System.Collections.Immutable;
using System.Diagnostics;
using Orchestrator.Actors.Authentication;

namespace Orchestrator.Host.ApiServer;

/// <summary>Believes the tokens of the issuers of an <see cref="AuthenticationConfiguration"/>, which may be replaced while the server runs.</summary>
/// <param name="make">Makes what believes the tokens of one issuer.</param>
/// <param name="metrics">Counts what comes of tokens; null for nobody.</param>
public sealed class JwtTokens(Func<JwtAuthenticator, OidcTokens> make, AccessMetrics? metrics = null) : ITokenAuthenticator
{
    private volatile Issuers _issuers = new([], AuthenticationConfiguration.Empty);

    /// <summary>What is in use.</summary>
    public AuthenticationConfiguration Configuration => _issuers.Configuration;

    /// <summary>Uses a configuration at once; its issuers are asked for their keys when a token needs them.</summary>
    public void Use(AuthenticationConfiguration configuration) => _issuers = IssuersOf(configuration);

    /// <summary>Uses a configuration once all its issuers have shown their keys, so that no user is turned away meanwhile whom the one before lets in.</summary>
    /// <exception cref="TimeoutException">One does not; what was before stays in use.</exception>
    public async Task ReplaceAsync(AuthenticationConfiguration configuration, CancellationToken cancellationToken)
    {
        var issuers = IssuersOf(configuration);
        var faults = await Task.WhenAll(issuers.Tokens.Select(async t => (t.Issuer, Fault: await t.PrepareAsync(cancellationToken).ConfigureAwait(false)))).ConfigureAwait(false);
        if (Array.Find(faults, static f => f.Fault is not null) is { Fault: { } fault } found)
        {
            foreach (var tokens in issuers.Tokens) tokens.Dispose();
            throw new TimeoutException($"the issuer {found.Issuer} does not show its keys: {fault}");
        }
        // Those before may still serve a request; without one their connections close by themselves.
        _issuers = issuers;
    }

    public async ValueTask<TokenResult> AuthenticateAsync(string token, ImmutableArray<string> audiences, CancellationToken cancellationToken)
    {
        var issuers = _issuers.Tokens;
        if (issuers.IsEmpty || !JsonWebToken.TryParse(token, out var parsed)) return TokenResult.Unknown;
        foreach (var tokens in issuers)
            if (tokens.Issuer == parsed.Issuer) return await AuthenticateAsync(tokens, parsed, cancellationToken).ConfigureAwait(false);
        return TokenResult.Unknown;
    }

    private async ValueTask<TokenResult> AuthenticateAsync(OidcTokens tokens, JsonWebToken token, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var result = await tokens.AuthenticateAsync(token, cancellationToken).ConfigureAwait(false);
        metrics?.AddToken(tokens.Issuer, result.User is not null, Stopwatch.GetElapsedTime(began));
        return result;
    }

    private Issuers IssuersOf(AuthenticationConfiguration configuration) => new([.. configuration.Jwt.Select(make)], configuration);

    private sealed record Issuers(ImmutableArray<OidcTokens> Tokens, AuthenticationConfiguration Configuration);
}
