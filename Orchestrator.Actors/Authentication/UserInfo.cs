using System.Collections.Immutable;

namespace Orchestrator.Actors.Authentication;

/// <summary>Who sends a request.</summary>
/// <param name="Name">Unique among all ways of authentication, such as <c>system:serviceaccount:default:builder</c>.</param>
/// <param name="Uid">Tells users of one name apart over time; empty where the authenticator knows none.</param>
/// <param name="Groups">With <see cref="Authenticated"/> or <see cref="Unauthenticated"/> among them.</param>
public sealed record UserInfo(string Name, string Uid, ImmutableArray<string> Groups)
{
    /// <summary>Everyone who showed a certificate or a token.</summary>
    public const string Authenticated = "system:authenticated";

    /// <summary>Everyone who showed nothing, where that is let in.</summary>
    public const string Unauthenticated = "system:unauthenticated";

    /// <summary>The name of everyone who showed nothing.</summary>
    public const string Anonymous = "system:anonymous";

    /// <summary>May do everything.</summary>
    public const string Masters = "system:masters";

    /// <summary>The control plane itself, for writes that no request asked for.</summary>
    public static UserInfo ApiServer { get; } = new("system:apiserver", "", [Masters, Authenticated]);

    /// <summary>What else the authenticator knows, such as the pod that a token is bound to; keys in lower case.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>> Extra { get; init; } = ImmutableDictionary<string, ImmutableArray<string>>.Empty;

    public bool IsMaster => Groups.Contains(Masters);
}
