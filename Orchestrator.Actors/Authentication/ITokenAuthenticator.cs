using System.Collections.Immutable;

namespace Orchestrator.Actors.Authentication;

/// <summary>What became of a bearer token.</summary>
/// <param name="User">Whose it is; null when it is not believed.</param>
/// <param name="Audiences">Those of the audiences asked for that the token is meant for; empty when it says nothing of audiences.</param>
/// <param name="Error">Why it is not believed; empty when the token is of another kind, so that others may be asked.</param>
public readonly record struct TokenResult(UserInfo? User, ImmutableArray<string> Audiences, string Error)
{
    /// <summary>Not a token of this kind.</summary>
    public static TokenResult Unknown { get; } = new(null, [], "");

    public static TokenResult Refused(string error) => new(null, [], error);

    public static TokenResult Of(UserInfo user) => new(user, [], "");
}

/// <summary>One kind of bearer tokens. Called from many threads, once per request.</summary>
public interface ITokenAuthenticator
{
    /// <summary>Its tokens say for whom they are meant. Others are meant for the API server, and for nobody else.</summary>
    bool KnowsAudiences => false;

    /// <param name="token">As the request carries it.</param>
    /// <param name="audiences">For whom it must be meant; empty for the API server itself.</param>
    /// <param name="cancellationToken">Ends the wait for others.</param>
    ValueTask<TokenResult> AuthenticateAsync(string token, ImmutableArray<string> audiences, CancellationToken cancellationToken);
}
