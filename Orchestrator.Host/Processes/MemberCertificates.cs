using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Orchestrator.Actors.Certificates;
using Orchestrator.Host.ApiServer.Aggregation;

namespace Orchestrator.Host.Processes;

/// <summary>A certificate with its key, and the same as PEM for files.</summary>
public sealed record IssuedCertificate(X509Certificate2 Certificate, string CertificatePem, string KeyPem, X509Certificate2 Authority, string AuthorityPem);

/// <summary>Asks the cluster's authority for the certificates of a process. Private keys are made here and stay here.</summary>
public sealed class MemberCertificates(IActorRef authority)
{
    /// <summary>Names that clients inside and outside of the cluster call the API server by.</summary>
    private static readonly string[] ServerNames =
        ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];

    /// <summary>How long to wait for the singleton, which may be moving.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    private const int Attempts = 12;

    public Task<IssuedCertificate> ServerAsync(IPAddress listen, IPAddress service) => IssueAsync(new CertificateSubject(
        "kube-apiserver", [], [.. ServerNames, Dns.GetHostName()], [.. AddressesOf(listen), service.ToString()], Server: true));

    public Task<IssuedCertificate> AdministratorAsync() =>
        IssueAsync(new CertificateSubject("kubernetes-admin", ["system:masters"], [], [], Server: false));

    /// <summary>What the API server shows to the nodes' endpoints.</summary>
    public Task<IssuedCertificate> KubeletClientAsync() =>
        IssueAsync(new CertificateSubject("kube-apiserver-kubelet-client", ["system:masters"], [], [], Server: false));

    /// <summary>What the API server shows to other API servers that it hands requests on to; its authority is that of front proxies.</summary>
    public Task<IssuedCertificate> FrontProxyAsync() => IssueAsync(new CertificateSubject(AuthenticationConfigMap.FrontProxyName, [], [], [], Server: false), frontProxy: true);

    public Task<IssuedCertificate> NodeAsync(string node, IPAddress address) => IssueAsync(new CertificateSubject(
        $"system:node:{node}", ["system:nodes"], [node, "localhost"], [.. AddressesOf(address)], Server: true));

    private static IEnumerable<string> AddressesOf(IPAddress listen)
    {
        yield return IPAddress.Loopback.ToString();
        yield return IPAddress.IPv6Loopback.ToString();
        if (!listen.Equals(IPAddress.Any) && !listen.Equals(IPAddress.IPv6Any))
        {
            yield return listen.ToString();
            yield break;
        }
        foreach (var own in Dns.GetHostAddresses(Dns.GetHostName()))
            yield return new IPAddress(own.GetAddressBytes()).ToString();
    }

    private async Task<IssuedCertificate> IssueAsync(CertificateSubject subject, bool frontProxy = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={subject.CommonName}", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        var signed = await AskAsync(new SignCertificate(request, subject, frontProxy)).ConfigureAwait(false);
        var keyPem = key.ExportPkcs8PrivateKeyPem();
        using var pem = X509Certificate2.CreateFromPem(signed.CertificatePem, keyPem);
        // TLS on some platforms cannot use a key that lives in memory only, as one from PEM does.
        var certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        return new IssuedCertificate(certificate, signed.CertificatePem, keyPem, X509Certificate2.CreateFromPem(signed.AuthorityPem), signed.AuthorityPem);
    }

    private async Task<CertificateSigned> AskAsync(SignCertificate request)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await authority.Ask<object>(request, Deadline).ConfigureAwait(false) switch
                {
                    CertificateSigned signed => signed,
                    CertificateRefused refused => throw new StartException($"The cluster's authority refused a certificate for {request.Subject.CommonName}: {refused.Why}"),
                    var other => throw new StartException($"The cluster's authority answered {other.GetType().Name}."),
                };
            }
            catch (AskTimeoutException) when (attempt < Attempts)
            {
                // Each question is a fresh one, so a lost one costs only time.
            }
            catch (AskTimeoutException e)
            {
                throw new StartException("The cluster's certificate authority does not answer; is a control-plane member up?", e);
            }
        }
    }
}
