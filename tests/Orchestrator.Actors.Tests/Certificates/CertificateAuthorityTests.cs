using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Actors.Certificates;

namespace Orchestrator.Actors.Tests.Certificates;

public sealed class CertificateAuthorityTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly CertificateAuthority _authority = CertificateAuthority.Create(Now);

    [Fact]
    public void Sign_ServerCertificate_NamesItsHostsAndChainsToTheAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=whatever", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();

        using var certificate = X509Certificate2.CreateFromPem(_authority.Sign(request,
            new CertificateSubject("server", ["group-a", "group-b"], ["localhost"], ["127.0.0.1"], Server: true), Now));

        Assert.True(certificate.MatchesHostname("localhost"));
        Assert.True(certificate.MatchesHostname("127.0.0.1"));
        Assert.False(certificate.MatchesHostname("elsewhere"));
        Assert.Contains("CN=server", certificate.Subject, StringComparison.Ordinal);
        Assert.Contains("O=group-a", certificate.Subject, StringComparison.Ordinal);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(X509Certificate2.CreateFromPem(_authority.CertificatePem));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = Now.UtcDateTime.AddDays(100);
        Assert.True(chain.Build(certificate));
    }

    [Fact]
    public void Sign_RequestForARsaKey_IsSignedThough()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=whatever", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequestPem();
        using var certificate = X509Certificate2.CreateFromPem(_authority.Sign(request, new CertificateSubject("jane", [], [], [], Server: false), Now));
        using var signed = certificate.GetRSAPublicKey();
        Assert.Equal(key.ExportRSAPublicKey(), signed!.ExportRSAPublicKey());
        using var authority = X509Certificate2.CreateFromPem(_authority.CertificatePem);
        Assert.Equal(authority.SubjectName.RawData, certificate.IssuerName.RawData);
    }

    [Fact]
    public void Sign_SomethingElse_IsRefused() =>
        Assert.ThrowsAny<Exception>(() => _authority.Sign("not a request", new CertificateSubject("x", [], [], [], false), Now));
}
