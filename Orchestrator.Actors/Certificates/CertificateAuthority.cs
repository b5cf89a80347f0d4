using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Actors.Certificates;

/// <summary>What a certificate is for, and whom it names.</summary>
/// <param name="CommonName">The user name, or the name of the server (CN).</param>
/// <param name="Organizations">The groups of the user (O).</param>
/// <param name="DnsNames">Host names a server answers to.</param>
/// <param name="Addresses">IP addresses a server answers to.</param>
/// <param name="Server">Whether it may serve TLS; every certificate may be presented by a client.</param>
public sealed record CertificateSubject(
    string CommonName, string[] Organizations, string[] DnsNames, string[] Addresses, bool Server);

/// <summary>The cluster's own certificate authority: ECDSA on P-256, as PEM.</summary>
public sealed record CertificateAuthority(string CertificatePem, string KeyPem)
{
    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3650);

    /// <summary>Certificates are made anew at each start of a process, so a year is ample.</summary>
    private static readonly TimeSpan CertificateLifetime = TimeSpan.FromDays(365);

    /// <summary>How far back validity begins, for clocks that differ between machines.</summary>
    private static readonly TimeSpan Backdated = TimeSpan.FromMinutes(5);

    public static CertificateAuthority Create(DateTimeOffset now, string name = "orchestrator-ca")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var certificate = request.CreateSelfSigned(now - Backdated, now + AuthorityLifetime);
        return new CertificateAuthority(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Signs the public key of a request; of the request itself only the key counts, the subject is <paramref name="subject"/>.</summary>
    /// <exception cref="CryptographicException">The request is not a valid, self-signed PKCS#10 request.</exception>
    public string Sign(string requestPem, CertificateSubject subject, DateTimeOffset now, TimeSpan? lifetime = null)
    {
        var asked = CertificateRequest.LoadSigningRequestPem(requestPem, HashAlgorithmName.SHA256);
        var request = new CertificateRequest(NameOf(subject), asked.PublicKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(PurposesOf(subject), critical: false));
        if (subject.DnsNames.Length + subject.Addresses.Length > 0)
        {
            var names = new SubjectAlternativeNameBuilder();
            foreach (var name in subject.DnsNames.Distinct(StringComparer.Ordinal)) names.AddDnsName(name);
            foreach (var address in subject.Addresses.Distinct(StringComparer.Ordinal)) names.AddIpAddress(IPAddress.Parse(address));
            request.CertificateExtensions.Add(names.Build());
        }
        using var issuer = X509Certificate2.CreateFromPem(CertificatePem, KeyPem);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var end = now + (lifetime is { } wanted && wanted < CertificateLifetime ? wanted : CertificateLifetime);
        if (end > issuer.NotAfter) end = issuer.NotAfter;
        // The generator says how we sign: the key that is certified may be of another kind than ours, such as RSA.
        using var key = issuer.GetECDsaPrivateKey()!;
        using var signed = request.Create(issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now - Backdated, end, RandomNumberGenerator.GetBytes(16));
        return signed.ExportCertificatePem();
    }

    private static X500DistinguishedName NameOf(CertificateSubject subject)
    {
        var name = new X500DistinguishedNameBuilder();
        foreach (var organization in subject.Organizations) name.AddOrganizationName(organization);
        name.AddCommonName(subject.CommonName);
        return name.Build();
    }

    private static OidCollection PurposesOf(CertificateSubject subject)
    {
        var purposes = new OidCollection { new Oid("1.3.6.1.5.5.7.3.2") };   // clientAuth
        if (subject.Server) purposes.Add(new Oid("1.3.6.1.5.5.7.3.1"));      // serverAuth
        return purposes;
    }
}
