using System.Collections.Immutable;

namespace Orchestrator.Host.ApiServer;

/// <summary>Who sends a request.</summary>
public sealed record UserInfo(string Name, string Uid, ImmutableArray<string> Groups)
{
    /// <summary>Everyone who showed a certificate or a token.</summary>
    public const string Authenticated = "system:authenticated";

    /// <summary>May do everything.</summary>
    public const string Masters = "system:masters";

    public bool IsMaster => Groups.Contains(Masters);
}
