using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;

namespace Orchestrator.Host.Processes;

/// <summary>What the command line says about who is let in and who may do what. The flags are those of kube-apiserver.</summary>
public sealed record AccessSettings
{
    /// <summary>The authorizers in their order.</summary>
    public ImmutableArray<string> Modes { get; init; } = AccessControl.DefaultModes;

    /// <summary>Whether those who show nothing are let in as <c>system:anonymous</c>.</summary>
    public bool Anonymous { get; init; }

    /// <summary>Bearer tokens in Kubernetes' CSV format.</summary>
    public string? TokenAuthFile { get; init; }

    /// <summary>PEM of further authorities whose client certificates are believed.</summary>
    public string? ClientCaFile { get; init; }

    /// <summary>In whose name tokens of service accounts are issued.</summary>
    public string Issuer { get; init; } = TokenIssuance.DefaultIssuer;

    /// <summary>What the API server calls itself; empty is the issuer.</summary>
    public ImmutableArray<string> ApiAudiences { get; init; } = [];

    /// <summary>The provider of OpenID Connect whose tokens are believed; null for none.</summary>
    public OidcSettings? Oidc { get; init; }

    /// <summary>A kubeconfig file of the service that knows further tokens.</summary>
    public string? TokenWebhookFile { get; init; }

    /// <summary>The version of TokenReview in which it is asked. Source of this default and the next: kube-apiserver.</summary>
    public string TokenWebhookVersion { get; init; } = "v1beta1";

    /// <summary>The version of SubjectAccessReview in which the mode Webhook asks.</summary>
    public string AuthorizationWebhookVersion { get; init; } = "v1beta1";

    /// <summary>How long the answers of that service are remembered.</summary>
    public TimeSpan TokenWebhookTtl { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A kubeconfig file of the service that decides in the mode Webhook.</summary>
    public string? AuthorizationWebhookFile { get; init; }

    /// <summary>How long its yes is remembered.</summary>
    public TimeSpan AuthorizedTtl { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long its no is remembered.</summary>
    public TimeSpan UnauthorizedTtl { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>PEM of the authorities of front proxies.</summary>
    public string? FrontProxyCaFile { get; init; }

    /// <summary>The names that front proxies may have; empty for any.</summary>
    public ImmutableArray<string> FrontProxyNames { get; init; } = [];
}

/// <summary>Whose ID tokens are believed, and how users come from their claims.</summary>
public sealed record OidcSettings(Uri Issuer, string ClientId)
{
    public string UsernameClaim { get; init; } = "sub";

    /// <summary>Put before user names; null is the issuer and a number sign, unless the claim is <c>email</c>. A minus stands for none.</summary>
    public string? UsernamePrefix { get; init; }

    public string? GroupsClaim { get; init; }
    public string GroupsPrefix { get; init; } = "";

    /// <summary>Claims that a token must have.</summary>
    public ImmutableDictionary<string, string> RequiredClaims { get; init; } = ImmutableDictionary<string, string>.Empty;

    public ImmutableArray<string> Algorithms { get; init; } = ["RS256"];

    /// <summary>PEM of the authorities that the provider's own certificate is checked with; null for those of the system.</summary>
    public string? CaFile { get; init; }
}
