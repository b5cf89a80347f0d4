using System.Security.Cryptography;
using Akka.Actor;
using Akka.Cluster.Tools.Singleton;
using Akka.Event;
using Akka.Persistence;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Serialization;

namespace Orchestrator.Actors.Certificates;

/// <summary>Asks for a certificate; answered with <see cref="CertificateSigned"/> or <see cref="CertificateRefused"/>.</summary>
/// <param name="RequestPem">A PKCS#10 request; the private key stays with the one who asks.</param>
/// <param name="FrontProxy">Asks the authority of front proxies, whose certificates let their holders name users; it is another one, so
/// that no other certificate of the cluster does.</param>
public sealed record SignCertificate(string RequestPem, CertificateSubject Subject, bool FrontProxy = false) : IWireMessage
{
    /// <summary>How long it shall be valid; null for the longest, a year, beyond which nothing goes.</summary>
    public TimeSpan? Lifetime { get; init; }
}

/// <summary>The certificate, and the authority that others check it against.</summary>
public sealed record CertificateSigned(string CertificatePem, string AuthorityPem) : IWireMessage;

public sealed record CertificateRefused(string Why) : IWireMessage;

/// <summary>Journaled once, at the first start of a cluster.</summary>
public sealed record AuthorityCreated(string CertificatePem, string KeyPem) : IWireMessage;

/// <summary>Journaled once: the authority of front proxies.</summary>
public sealed record FrontProxyAuthorityCreated(string CertificatePem, string KeyPem) : IWireMessage;

/// <summary>Holds the cluster's private keys, of certificates and of tokens; a singleton, so that a cluster has one of each however many seeds start at once.</summary>
public sealed class CertificateAuthorityActor : UntypedPersistentActor
{
    public const string Name = "certificate-authority";

    private readonly TimeProvider _clock;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private CertificateAuthority? _authority, _frontProxy;
    private TokenSigningKey? _tokenKey;

    public CertificateAuthorityActor(TimeProvider clock) => _clock = clock;

    public override string PersistenceId => Name;

    /// <summary>Starts the singleton's manager on a control-plane member.</summary>
    public static void Start(ActorSystem system, TimeProvider clock) => system.ActorOf(
        ClusterSingletonManager.Props(
            Akka.Actor.Props.Create(() => new CertificateAuthorityActor(clock)),
            PoisonPill.Instance,
            ClusterSingletonManagerSettings.Create(system).WithRole(Registry.RegistryRegion.Role)),
        Name);

    /// <summary>The way to the singleton, from any member.</summary>
    public static IActorRef StartProxy(ActorSystem system) => system.ActorOf(
        ClusterSingletonProxy.Props($"/user/{Name}", ClusterSingletonProxySettings.Create(system).WithRole(Registry.RegistryRegion.Role)),
        $"{Name}-proxy");

    protected override void OnRecover(object message)
    {
        if (message is AuthorityCreated e) _authority = new CertificateAuthority(e.CertificatePem, e.KeyPem);
        if (message is FrontProxyAuthorityCreated proxy) _frontProxy = new CertificateAuthority(proxy.CertificatePem, proxy.KeyPem);
        if (message is TokenKeyCreated key) _tokenKey = new TokenSigningKey(key.PrivatePem);
    }

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case SignCertificate { FrontProxy: true } sign when _frontProxy is null: CreateFrontProxy(sign); break;
            case SignCertificate { FrontProxy: false } sign when _authority is null: Create(sign); break;
            case SignCertificate sign: Sign(sign, Sender); break;
            case GetTokenKeys or SignToken when _tokenKey is null: CreateTokenKey(message); break;
            case GetTokenKeys or SignToken: AnswerTokens(message, Sender); break;
            default: Unhandled(message); break;
        }
    }

    private void Create(SignCertificate first)
    {
        var authority = CertificateAuthority.Create(_clock.GetUtcNow());
        var sender = Sender;
        Persist(new AuthorityCreated(authority.CertificatePem, authority.KeyPem), _ =>
        {
            _authority = authority;
            _log.Info("Created the cluster's certificate authority");
            Sign(first, sender);
        });
    }

    private void CreateFrontProxy(SignCertificate first)
    {
        var authority = CertificateAuthority.Create(_clock.GetUtcNow(), "front-proxy-ca");
        var sender = Sender;
        Persist(new FrontProxyAuthorityCreated(authority.CertificatePem, authority.KeyPem), _ =>
        {
            _frontProxy = authority;
            _log.Info("Created the authority of front proxies");
            Sign(first, sender);
        });
    }

    private void CreateTokenKey(object first)
    {
        var sender = Sender;
        Persist(new TokenKeyCreated(TokenSigningKey.Create()), e =>
        {
            _tokenKey = new TokenSigningKey(e.PrivatePem);
            _log.Info("Created the key that signs the tokens of service accounts");
            AnswerTokens(first, sender);
        });
    }

    private void AnswerTokens(object message, IActorRef sender) => sender.Tell(message is SignToken sign
        ? new TokenSigned(_tokenKey!.Sign(JsonNode.Parse(sign.Claims)!.AsObject()))
        : new TokenKeys([_tokenKey!.PublicPem]));

    private void Sign(SignCertificate sign, IActorRef sender)
    {
        try
        {
            var authority = (sign.FrontProxy ? _frontProxy : _authority)!;
            var certificate = authority.Sign(sign.RequestPem, sign.Subject, _clock.GetUtcNow(), sign.Lifetime);
            sender.Tell(new CertificateSigned(certificate, authority.CertificatePem));
        }
        catch (Exception e) when (e is CryptographicException or FormatException or ArgumentException)
        {
            sender.Tell(new CertificateRefused(e.Message));
        }
    }
}
