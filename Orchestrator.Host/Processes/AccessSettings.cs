using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.Processes;

/// <summary>What the command line says about who is let in and who may do what. The flags are those of kube-apiserver.</summary>
public sealed record AccessSettings
{
    /// <summary>Who decides, as the flags say; nothing else is heeded where there is a file.</summary>
    public AuthorizationConfiguration Authorization { get; init; } = AuthorizationConfiguration.Default;

    /// <summary>An AuthorizationConfiguration; null where the flags decide.</summary>
    public string? AuthorizationFile { get; init; }

    /// <summary>Whose tokens are believed, as the flags say: a tree of the schema AuthenticationConfiguration.</summary>
    public JsonObject Authentication { get; init; } = [];

    /// <summary>The algorithms with which tokens may be signed of the issuer of the flags.</summary>
    public ImmutableArray<string> Algorithms { get; init; } = ["RS256"];

    /// <summary>An AuthenticationConfiguration; null where the flags say it.</summary>
    public string? AuthenticationFile { get; init; }

    /// <summary>Whether those who show nothing are let in as <c>system:anonymous</c>; null where no flag says so.</summary>
    public bool? Anonymous { get; init; }

    /// <summary>Bearer tokens in Kubernetes' CSV format.</summary>
    public string? TokenAuthFile { get; init; }

    /// <summary>PEM of further authorities whose client certificates are believed.</summary>
    public string? ClientCaFile { get; init; }

    /// <summary>In whose name tokens of service accounts are issued.</summary>
    public string Issuer { get; init; } = TokenIssuance.DefaultIssuer;

    /// <summary>What the API server calls itself; empty is the issuer.</summary>
    public ImmutableArray<string> ApiAudiences { get; init; } = [];

    /// <summary>A kubeconfig file of the service that knows further tokens.</summary>
    public string? TokenWebhookFile { get; init; }

    /// <summary>The version of TokenReview in which it is asked. Source of this default: kube-apiserver.</summary>
    public string TokenWebhookVersion { get; init; } = "v1beta1";

    /// <summary>How long the answers of that service are remembered.</summary>
    public TimeSpan TokenWebhookTtl { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>PEM of the authorities of front proxies.</summary>
    public string? FrontProxyCaFile { get; init; }

    /// <summary>The names that front proxies may have; empty for any.</summary>
    public ImmutableArray<string> FrontProxyNames { get; init; } = [];
}
