using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Admission.Plugins;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Registry;
using Orchestrator.Host.ApiServer;

namespace Orchestrator.Host.Processes;

/// <summary>Who is let in and who may do what, put together from what the command line says.</summary>
public sealed class AccessParts
{
    private readonly AccessSettings _settings;
    private readonly TimeProvider _clock;

    /// <exception cref="StartException">A file that a flag names cannot be used.</exception>
    public AccessParts(AccessSettings settings, IRegistries registries, IActorRef authority, TimeProvider clock)
    {
        _settings = settings;
        Authority = authority;
        Control = new AccessControl(settings.Modes, registries, settings.AuthorizationWebhookFile is { } file
            ? new WebhookAuthorizer(Webhook("--authorization-webhook-config-file", file), settings.AuthorizationWebhookVersion, settings.AuthorizedTtl, settings.UnauthorizedTtl, clock)
            : null);
        Signer = new ClusterTokenSigner(authority);
        Issuance = settings.ApiAudiences.IsEmpty
            ? new TokenIssuance { Issuer = settings.Issuer }
            : new TokenIssuance { Issuer = settings.Issuer, ApiAudiences = settings.ApiAudiences };
        Tokens = new TokenRequests(registries, Signer, Issuance, new RandomIdentitySource(), clock);
        Plugins =
        [
            new RoleEscalation(Control), new CertificateApproval(Control.AllowsAsync), new CertificateSigning(Control.AllowsAsync), new CertificateSubjectRestriction(),
        ];
        _clock = clock;
    }

    /// <summary>The owner of the cluster's private keys.</summary>
    public IActorRef Authority { get; }

    public AccessControl Control { get; }
    public ITokenSigner Signer { get; }
    public TokenIssuance Issuance { get; }

    /// <summary>Makes tokens of service accounts.</summary>
    public TokenRequests Tokens { get; }

    /// <summary>The admission plugins that decide by what a user may do.</summary>
    public ImmutableArray<IAdmissionPlugin> Plugins { get; }

    /// <summary>Adds what the API server needs to know.</summary>
    /// <exception cref="StartException">A file that a flag names cannot be used.</exception>
    public ApiServerOptions Complete(ApiServerOptions options) => options with
    {
        TokenFile = _settings.TokenAuthFile,
        Tokens = Tokens,
        TokenSigner = Signer,
        TokenIssuance = Issuance,
        TokenAuthenticators = [.. MoreTokens()],
        Anonymous = _settings.Anonymous,
        MoreClientAuthorities = Authorities("--client-ca-file", _settings.ClientCaFile) ?? [],
        FrontProxyAuthorities = Authorities("--requestheader-client-ca-file", _settings.FrontProxyCaFile) ?? [],
        FrontProxyNames = _settings.FrontProxyNames,
    };

    private IEnumerable<ITokenAuthenticator> MoreTokens()
    {
        if (_settings.Oidc is { } oidc) yield return new OidcTokens(oidc, Authorities("--oidc-ca-file", oidc.CaFile), _clock);
        if (_settings.TokenWebhookFile is { } file)
            yield return new WebhookTokens(Webhook("--authentication-token-webhook-config-file", file), _settings.TokenWebhookVersion, Issuance.ApiAudiences, _settings.TokenWebhookTtl, _clock);
    }

    private static ReviewClient Webhook(string flag, string file)
    {
        try
        {
            return ReviewClient.OfKubeconfig(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or CryptographicException)
        {
            throw new StartException($"{flag}: {file} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>The certificates of a PEM file; null for no file.</summary>
    private static X509Certificate2Collection? Authorities(string flag, string? file)
    {
        if (file is null) return null;
        try
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPemFile(file);
            return found.Count > 0 ? found : throw new StartException($"{flag}: {file} has no certificate.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new StartException($"{flag}: {file} cannot be read: {e.Message}", e);
        }
    }
}
