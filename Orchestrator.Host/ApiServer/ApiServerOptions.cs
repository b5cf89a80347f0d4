using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Host.ApiServer.Audit;

namespace Orchestrator.Host.ApiServer;

/// <summary>What an API server needs to be told.</summary>
public sealed record ApiServerOptions
{
    /// <summary>Where to listen; port 0 picks one.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>What the server shows to clients, with its private key.</summary>
    public required X509Certificate2 ServerCertificate { get; init; }

    /// <summary>The cluster's own authorities: their client certificates are believed, and the certificates of nodes are theirs.</summary>
    public required X509Certificate2Collection ClientAuthorities { get; init; }

    /// <summary>Further authorities whose client certificates are believed.</summary>
    public X509Certificate2Collection MoreClientAuthorities { get; init; } = [];

    /// <summary>Decides who may do what.</summary>
    public required IAuthorizer Authorizer { get; init; }

    /// <summary>Shows the server to the nodes that it fetches logs and streams from; null when there is none.</summary>
    public X509Certificate2? NodeClientCertificate { get; init; }

    /// <summary>Shows the server to the API servers behind APIServices, which believe it who a user is; null when there are none to show it to.</summary>
    public X509Certificate2? FrontProxyCertificate { get; init; }

    /// <summary>The authority of <see cref="FrontProxyCertificate"/>, which such servers are told of; null keeps it back.</summary>
    public X509Certificate2? FrontProxyAuthority { get; init; }

    /// <summary>The tokens of the token file; null for none.</summary>
    public StaticTokens? StaticTokens { get; init; }

    /// <summary>Makes tokens of service accounts for who may ask for them; null makes none.</summary>
    public TokenRequests? Tokens { get; init; }

    /// <summary>Knows the keys of the tokens of service accounts; null believes none.</summary>
    public ITokenSigner? TokenSigner { get; init; }

    public TokenIssuance TokenIssuance { get; init; } = new();

    /// <summary>Further kinds of tokens, asked after those of the file and of service accounts.</summary>
    public ImmutableArray<ITokenAuthenticator> TokenAuthenticators { get; init; } = [];

    /// <summary>The authorities of front proxies, which name users in headers; empty for none.</summary>
    public X509Certificate2Collection FrontProxyAuthorities { get; init; } = [];

    /// <summary>The names that front proxies may have; empty for any.</summary>
    public ImmutableArray<string> FrontProxyNames { get; init; } = [];

    /// <summary>Whether those who show nothing are let in as <c>system:anonymous</c>; asked for each of them.</summary>
    public Func<AnonymousAccess> Anonymous { get; init; } = static () => AnonymousAccess.None;

    /// <summary>Write what else the server tells at <c>/metrics</c>, in the text form of Prometheus.</summary>
    public ImmutableArray<Action<StringBuilder>> MoreMetrics { get; init; } = [];

    /// <summary>host:port at which clients reach the server, as discovery tells them; empty says nothing.</summary>
    public string ServerAddress { get; init; } = "";

    /// <summary>Most connections at one time; a connection beyond is closed.</summary>
    public long ConnectionsMax { get; init; } = 20_000;

    /// <summary>How many requests run at one time, divided among the priority levels.</summary>
    public int RequestsMax { get; init; } = 600;

    /// <summary>How long a request may take that is no watch and no stream. Source: kube-apiserver, --request-timeout.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Where audit events go; null for nowhere.</summary>
    public AuditTarget? Audit { get; init; }

    /// <summary>Checks that /readyz asks beside its own; each throws or returns a sentence when it is not well.</summary>
    public IReadOnlyList<HealthCheck> Checks { get; init; } = [];

    /// <summary>The parts of the control plane that componentstatuses shows beside the store.</summary>
    public IReadOnlyList<HealthCheck> Components { get; init; } = [];
}

/// <summary>One line of /readyz?verbose.</summary>
/// <param name="Name">Such as <c>registry</c>.</param>
/// <param name="Fault">Null when all is well, otherwise why not.</param>
public sealed record HealthCheck(string Name, Func<CancellationToken, ValueTask<string?>> Fault);
