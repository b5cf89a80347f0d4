using System.Collections.Immutable;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Orchestrator.Actors.Authentication;
using Orchestrator.Host.Processes;

namespace Orchestrator.Host.ApiServer;

/// <summary>Believes the ID tokens of an OpenID Connect provider.</summary>
/// <remarks>Its keys are fetched when a token names one that is unknown, at most every so often. Source: k8s.io/apiserver, plugin/pkg/authenticator/token/oidc.</remarks>
public sealed class OidcTokens : ITokenAuthenticator, IDisposable
{
    /// <summary>How often keys are fetched at most: a token that names a key of its own invention costs the provider nothing.</summary>
    private static readonly TimeSpan FetchEvery = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    private readonly OidcSettings _settings;
    private readonly TimeProvider _clock;
    private readonly HttpClient _http;
    private readonly SemaphoreSlim _fetching = new(1);
    private readonly string _issuer;
    private volatile Fetched _fetched = new([], DateTimeOffset.MinValue, "");

    /// <param name="authorities">Vouch for the provider's own certificate; null for those of the system.</param>
    public OidcTokens(OidcSettings settings, X509Certificate2Collection? authorities, TimeProvider clock, HttpMessageHandler? handler = null)
    {
        _settings = settings;
        _clock = clock;
        _issuer = settings.Issuer.OriginalString;
        _http = new HttpClient(handler ?? ReviewClient.Handler(authorities)) { Timeout = FetchTimeout, MaxResponseContentBufferSize = 1 << 20 };
    }

    public async ValueTask<TokenResult> AuthenticateAsync(string token, ImmutableArray<string> audiences, CancellationToken cancellationToken)
    {
        if (!JsonWebToken.TryParse(token, out var parsed) || parsed.Issuer != _issuer) return TokenResult.Unknown;
        if (!_settings.Algorithms.Contains(parsed.Algorithm)) return Refuse($"id token signed with unsupported algorithm, expected {string.Join(' ', _settings.Algorithms)} got {parsed.Algorithm}");
        var keys = _fetched;
        if (!Verifies(keys, parsed))
        {
            keys = await FetchAsync(keys, cancellationToken).ConfigureAwait(false);
            if (!Verifies(keys, parsed)) return Refuse(keys.Error.Length > 0 ? $"fetching keys {keys.Error}" : "failed to verify signature: failed to verify id token signature");
        }
        return UserOf(parsed);
    }

    public void Dispose()
    {
        _http.Dispose();
        _fetching.Dispose();
    }

    private static TokenResult Refuse(string why) => TokenResult.Refused($"oidc: verify token: oidc: {why}");

    private TokenResult UserOf(JsonWebToken token)
    {
        var now = _clock.GetUtcNow();
        if (!token.Audiences.Contains(_settings.ClientId)) return Refuse($"expected audience \"{_settings.ClientId}\" got [{string.Join(' ', token.Audiences.Select(static a => $"\"{a}\""))}]");
        if (token.Expires is not { } expires || now >= expires) return Refuse("token is expired");
        if (token.NotBefore is { } from && now + Skew < from) return Refuse("current time is before the nbf (not before) time");
        foreach (var (claim, value) in _settings.RequiredClaims)
            if (Text(token, claim) is not { } given) return TokenResult.Refused($"oidc: required claim {claim} not present in ID token");
            else if (given != value) return TokenResult.Refused($"oidc: required claim {claim} value does not match. Got = {given}, want = {value}");

        if (Text(token, _settings.UsernameClaim) is not { Length: > 0 } name)
            return TokenResult.Refused($"oidc: parse username claims \"{_settings.UsernameClaim}\": claim not present");
        // An address that nobody has verified may be anyone's.
        if (_settings.UsernameClaim == "email" && token.Claims.TryGetProperty("email_verified", out var verified) && verified.ValueKind != JsonValueKind.True)
            return TokenResult.Refused("oidc: email not verified");
        if (_settings.GroupsClaim is { } claimed && token.Claims.TryGetProperty(claimed, out var listed) && !IsTexts(listed))
            return TokenResult.Refused($"oidc: parse groups claim \"{claimed}\": json: cannot unmarshal {Kind(listed)} into Go value of type string");
        ImmutableArray<string> groups = _settings.GroupsClaim is { } groupsClaim ? [.. token.Strings(groupsClaim).Select(g => _settings.GroupsPrefix + g)] : [];
        var user = new UserInfo(Prefix() + name, "", groups.Add(UserInfo.Authenticated));
        return TokenResult.Of(Text(token, "jti") is { Length: > 0 } id
            ? user with { Extra = user.Extra.Add(ServiceAccountClaims.CredentialId, [$"JTI={id}"]) }
            : user);
    }

    private static bool IsTexts(JsonElement claim) => claim.ValueKind switch
    {
        JsonValueKind.String or JsonValueKind.Null => true,
        JsonValueKind.Array => claim.EnumerateArray().All(static e => e.ValueKind == JsonValueKind.String),
        _ => false,
    };

    private static string Kind(JsonElement claim) => claim.ValueKind switch
    {
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        JsonValueKind.Number => "number",
        _ => "bool",
    };

    private string Prefix() => _settings.UsernamePrefix switch
    {
        "-" => "",
        { } given => given,
        _ => _settings.UsernameClaim == "email" ? "" : $"{_issuer}#",
    };

    private static string? Text(JsonWebToken token, string claim) =>
        token.Claims.TryGetProperty(claim, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

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
                using var configuration = await GetAsync(new Uri($"{_issuer.TrimEnd('/')}/.well-known/openid-configuration"), cancellationToken).ConfigureAwait(false);
                var said = configuration.RootElement.TryGetProperty("issuer", out var issuer) ? issuer.GetString() : "";
                if (said != _issuer) return _fetched = seen with { At = _clock.GetUtcNow(), Error = $"oidc: issuer did not match the issuer returned by provider, expected \"{_issuer}\" got \"{said}\"" };
                var url = new Uri(configuration.RootElement.GetProperty("jwks_uri").GetString()!);
                using var keys = await GetAsync(url, cancellationToken).ConfigureAwait(false);
                return _fetched = new Fetched([.. keys.RootElement.GetProperty("keys").EnumerateArray().Select(TokenKey.OfJwk).OfType<TokenKey>()], _clock.GetUtcNow(), "");
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException or KeyNotFoundException or UriFormatException or InvalidOperationException
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
