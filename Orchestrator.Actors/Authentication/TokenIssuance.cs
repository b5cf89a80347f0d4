using System.Collections.Immutable;

namespace Orchestrator.Actors.Authentication;

/// <summary>In whose name tokens of service accounts are issued, and for whom.</summary>
public sealed record TokenIssuance
{
    /// <summary>The name of the API server inside of a cluster. Source: kubeadm's <c>--service-account-issuer</c>.</summary>
    public const string DefaultIssuer = "https://kubernetes.default.svc.cluster.local";

    /// <summary>How far clocks of seeds may be apart.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    public string Issuer { get; init; } = DefaultIssuer;

    /// <summary>What the API server calls itself; the issuer unless told otherwise.</summary>
    public ImmutableArray<string> ApiAudiences { get => field.IsDefault ? [Issuer] : field; init; }
}
