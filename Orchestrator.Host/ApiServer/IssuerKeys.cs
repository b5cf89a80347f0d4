using System.Collections.Immutable;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>Checks whether an issuer signed a token, and whether the token is for us and for now. Called from many threads.</summary>
/// <remarks>Its keys are fetched when a token names one that is unknown, at most every so often. Source: github.com/coreos/go-oidc.</remarks>
/// <param name="issuer">The claim <c>iss</c>, to the letter.</param>
/// <param name="discoveryUrl">Where its configuration is; empty is the well-known place below the issuer.</param>
/// <param name="audiences">One of these is enough.</param>
/// <param name="algorithms">With which its tokens may be signed.</param>
/// <param name="http">Reaches it; somebody else's.</param>
/// <param name="clock">The time.</param>
public sealed class IssuerKeys(string issuer, string discoveryUrl, ImmutableArray<string> audiences, ImmutableArray<string> algorithms, HttpClient http, TimeProvider clock) : IDisposable
{
    /// <summary>How often keys are fetched at most: a token that names a key of its own invention costs the provider nothing.</summary>
    private static readonly TimeSpan FetchEvery = TimeSpan.FromSeconds(10);

    /// <summary>How far clocks may be apart.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _fetching = new(1);
    private volatile Fetched _fetched = new([], DateTimeOffset.MinValue, "", IsConfigured: false);

    /// <summary>The issuer was asked who it is and has not told yet: nothing that it may have signed can be checked.</summary>
    public bool IsUnknown => _fetched is { IsConfigured: false } fetched && fetched.At != DateTimeOffset.MinValue;

    /// <summary>What keeps a token from being believed; null when nothing does.</summary>
    public async ValueTask<string?> FaultOfAsync(JsonWebToken token, CancellationToken cancellationToken)
    {
        // What costs nothing comes first: the keys are not fetched for a token that is no good anyway.
        if (Refusal(token) is { } refusal) return $"oidc: {refusal}";
        var keys = _fetched;
        if (Verifies(keys, token)) return null;
        keys = await FetchAsync(keys, cancellationToken).ConfigureAwait(false);
        return Verifies(keys, token) ? null : $"failed to verify signature: {(keys.Error.Length > 0 ? $"fetching keys {keys.Error}" : "failed to verify id token signature")}";
    }

    /// <summary>Fetches the keys of the issuer; null when they are there, else why they are not.</summary>
    public async Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        var fetched = await FetchAsync(_fetched, cancellationToken).ConfigureAwait(false);
        return fetched.Error.Length > 0 ? fetched.Error : null;
    }

    public void Dispose() => _fetching.Dispose();

    private string? Refusal(JsonWebToken token)
    {
        var now = clock.GetUtcNow();
        var given = token.Audiences;
        if (token.Issuer != issuer) return $"id token issued by a different provider, expected {GoQuote.Quote(issuer)} got {GoQuote.Quote(token.Issuer)}";
        if (!given.Any(a => audiences.Contains(a)))
            return audiences.Length == 1
                ? $"expected audience {GoQuote.Quote(audiences[0])} got [{Quoted(given)}]"
                : $"expected audience in [{Quoted(audiences.Order(StringComparer.Ordinal))}] got [{Quoted(given)}]";
        if (token.Expires is not { } expires || now >= expires) return "token is expired";
        if (token.NotBefore is { } from && now + Skew < from) return "current time is before the nbf (not before) time";
        return algorithms.Contains(token.Algorithm) ? null
            : $"id token signed with unsupported algorithm, expected [{Quoted(algorithms)}] got {GoQuote.Quote(token.Algorithm)}";
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
            if (!ReferenceEquals(seen, _fetched) || clock.GetUtcNow() - _fetched.At < FetchEvery) return _fetched;
            var configured = seen.IsConfigured;
            try
            {
                using var configuration = await GetAsync(new Uri(discoveryUrl.Length > 0 ? discoveryUrl : $"{issuer.TrimEnd('/')}/.well-known/openid-configuration"), cancellationToken).ConfigureAwait(false);
                var said = configuration.RootElement.TryGetProperty("issuer", out var name) ? name.GetString() : "";
                if (said != issuer) return _fetched = seen with { At = clock.GetUtcNow(), Error = $"oidc: issuer did not match the issuer returned by provider, expected \"{issuer}\" got \"{said}\"" };
                configured = true;
                var url = new Uri(configuration.RootElement.GetProperty("jwks_uri").GetString() ?? "");
                using var keys = await GetAsync(url, cancellationToken).ConfigureAwait(false);
                return _fetched = new Fetched([.. keys.RootElement.GetProperty("keys").EnumerateArray().Select(TokenKey.OfJwk).OfType<TokenKey>()], clock.GetUtcNow(), "", configured);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException or KeyNotFoundException or UriFormatException or InvalidOperationException or NotSupportedException
                && !cancellationToken.IsCancellationRequested)
            {
                // What is known already goes on counting while the provider is away.
                return _fetched = seen with { At = clock.GetUtcNow(), Error = e.Message, IsConfigured = configured };
            }
        }
        finally
        {
            _fetching.Release();
        }
    }

    private async Task<JsonDocument> GetAsync(Uri url, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(url, cancellationToken).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonDocument>(cancellationToken).ConfigureAwait(false) ?? throw new JsonException("empty");
    }

    private sealed record Fetched(ImmutableArray<TokenKey> Keys, DateTimeOffset At, string Error, bool IsConfigured);
}
