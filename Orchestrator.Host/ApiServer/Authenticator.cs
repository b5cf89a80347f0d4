using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Authentication;

namespace Orchestrator.Host.ApiServer;

/// <summary>Tells who sends a request: by the front proxy, a client certificate or a bearer token, in this order.</summary>
/// <remarks>Source: k8s.io/apiserver, authentication/request/union. Who shows something that nobody believes is not taken for anonymous.</remarks>
/// <param name="certificates">Of users.</param>
/// <param name="tokens">The kinds of tokens, in order.</param>
/// <param name="apiAudiences">What the API server calls itself in tokens.</param>
/// <param name="proxy">The front proxy, or null.</param>
/// <param name="anonymous">Whether those who show nothing are let in as <c>system:anonymous</c>; null is nobody.</param>
public sealed class Authenticator(ClientCertificates certificates, ImmutableArray<ITokenAuthenticator> tokens, ImmutableArray<string> apiAudiences, FrontProxy? proxy = null, Func<AnonymousAccess>? anonymous = null)
{
    private static readonly UserInfo Nobody = new(UserInfo.Anonymous, "", [UserInfo.Unauthenticated]);

    /// <summary>Null when the request shows nothing that we believe.</summary>
    public ValueTask<UserInfo?> AuthenticateAsync(HttpContext context)
    {
        var refused = false;
        if (context.Connection.ClientCertificate is { } certificate)
        {
            if (proxy?.UserOf(certificate, context.Request.Headers) is { } forwarded) return ValueTask.FromResult<UserInfo?>(forwarded);
            if (certificates.UserOf(certificate) is { } user) return ValueTask.FromResult<UserInfo?>(user);
            refused = true;
        }
        if (TokenOf(context) is { Length: > 0 } token) return UserOfAsync(token.ToString(), context.RequestAborted);
        if (WebSocketToken.TryTake(context, out var offered)) return offered is { Length: > 0 } ? UserOfAsync(offered, context.RequestAborted) : ValueTask.FromResult<UserInfo?>(null);
        return ValueTask.FromResult(!refused && anonymous?.Invoke().LetsIn(context.Request.Path.Value ?? "") == true ? Nobody : null);
    }

    /// <summary>Whether a request shows something by which to tell who sends it, believed or not.</summary>
    public static bool IsShown(HttpContext context) => context.Connection.ClientCertificate is not null || TokenOf(context).Length > 0 || WebSocketToken.WasTaken(context);

    /// <summary>Whose a token is.</summary>
    /// <param name="token">As a request would carry it.</param>
    /// <param name="audiences">For whom it must be meant; empty for the API server.</param>
    /// <param name="cancellationToken">Ends the wait for others.</param>
    public async ValueTask<TokenResult> AuthenticateTokenAsync(string token, ImmutableArray<string> audiences, CancellationToken cancellationToken)
    {
        var errors = new List<string>();
        if (audiences.IsEmpty) audiences = apiAudiences;
        ImmutableArray<string> own = [.. audiences.Where(a => apiAudiences.Contains(a))];
        foreach (var kind in tokens)
        {
            if (!kind.KnowsAudiences && own.IsEmpty) continue;
            var result = await kind.AuthenticateAsync(token, audiences, cancellationToken).ConfigureAwait(false);
            if (result.User is not null) return kind.KnowsAudiences ? result : result with { Audiences = own };
            if (result.Error.Length > 0) errors.Add(result.Error);
        }
        return TokenResult.Refused(errors.Count switch { 0 => "", 1 => errors[0], _ => $"[{string.Join(", ", errors)}]" });
    }

    /// <summary>The word after <c>Bearer</c>; empty where there is none. Credentials of another scheme are none: nobody here could believe them.</summary>
    /// <remarks>Source: k8s.io/apiserver, authentication/request/bearertoken.</remarks>
    private static ReadOnlySpan<char> TokenOf(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString().AsSpan().Trim();
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) return default;
        var token = header["Bearer ".Length..];
        return token.IndexOf(' ') is >= 0 and var end ? token[..end] : token;
    }

    private ValueTask<UserInfo?> UserOfAsync(string token, CancellationToken cancellationToken)
    {
        for (var i = 0; i < tokens.Length; i++)
        {
            var pending = tokens[i].AuthenticateAsync(token, [], cancellationToken);
            if (!pending.IsCompletedSuccessfully) return ContinueAsync(pending, i + 1, token, cancellationToken);
            if (pending.Result.User is { } user) return ValueTask.FromResult<UserInfo?>(user);
        }
        return ValueTask.FromResult<UserInfo?>(null);
    }

    private async ValueTask<UserInfo?> ContinueAsync(ValueTask<TokenResult> pending, int next, string token, CancellationToken cancellationToken)
    {
        var result = await pending.ConfigureAwait(false);
        for (; result.User is null && next < tokens.Length; next++)
            result = await tokens[next].AuthenticateAsync(token, [], cancellationToken).ConfigureAwait(false);
        return result.User;
    }
}
