using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Actors.Authentication;

namespace Orchestrator.Host.ApiServer;

/// <summary>Tells who shows a client certificate of some authorities: the common name is the user, every organization a group.</summary>
public sealed class ClientCertificates(X509Certificate2Collection authorities, TimeProvider clock)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string CommonName = "2.5.4.3";
    private const string Organization = "2.5.4.10";

    /// <summary>What clients showed beside their own certificates: those between theirs and an authority.</summary>
    private static readonly ConditionalWeakTable<X509Certificate2, X509Certificate2Collection> Between = [];

    private readonly ConditionalWeakTable<X509Certificate2, Verified> _verified = [];

    /// <summary>Keeps what a client shows beside its own certificate, which is known only while the connection is made.</summary>
    public static void Remember(X509Certificate2 certificate, X509Chain? chain)
    {
        X509Certificate2Collection? shown = null;
        // Those of the chain end with the handshake.
        foreach (var other in chain?.ChainPolicy.ExtraStore ?? [])
            if (!other.RawDataMemory.Span.SequenceEqual(certificate.RawDataMemory.Span)) (shown ??= []).Add(X509CertificateLoader.LoadCertificate(other.RawData));
        if (shown is not null) Between.AddOrUpdate(certificate, shown);
    }

    /// <summary>Null when the certificate is not of these authorities, out of date, or names nobody.</summary>
    public UserInfo? UserOf(X509Certificate2 certificate)
    {
        // A connection shows one certificate for all its requests, and verifying takes longer than a request.
        if (!_verified.TryGetValue(certificate, out var verified))
        {
            verified = new Verified(Verify(certificate) ? ReadSubject(certificate) : null, certificate.NotAfter);
            _verified.AddOrUpdate(certificate, verified);
        }
        return verified.User is not null && clock.GetUtcNow() <= verified.NotAfter ? verified.User : null;
    }

    private bool Verify(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        if (Between.TryGetValue(certificate, out var shown)) chain.ChainPolicy.ExtraStore.AddRange(shown);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.VerificationTime = clock.GetUtcNow().LocalDateTime;
        return chain.Build(certificate);
    }

    private static UserInfo? ReadSubject(X509Certificate2 certificate)
    {
        var name = "";
        var groups = ImmutableArray.CreateBuilder<string>();
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames(reversed: false))
        {
            if (part.HasMultipleElements) ReadElements(part.RawData, ref name, groups);
            else if (part.GetSingleElementType().Value == CommonName) name = part.GetSingleElementValue() ?? "";
            else if (part.GetSingleElementType().Value == Organization) groups.Add(part.GetSingleElementValue() ?? "");
        }
        if (name.Length == 0) return null;
        groups.Add(UserInfo.Authenticated);
        var print = Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span));
        return new UserInfo(name, "", groups.ToImmutable())
        {
            Extra = ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add(ServiceAccountClaims.CredentialId, [$"X509SHA256={print}"]),
        };
    }

    // Go writes all organizations as the elements of one set, which X500RelativeDistinguishedName does not take apart.
    private static void ReadElements(ReadOnlyMemory<byte> raw, ref string name, ImmutableArray<string>.Builder groups)
    {
        var set = new AsnReader(raw, AsnEncodingRules.DER).ReadSetOf();
        while (set.HasData)
        {
            var element = set.ReadSequence();
            var type = element.ReadObjectIdentifier();
            var tag = element.PeekTag();
            var value = element.ReadCharacterString((UniversalTagNumber)tag.TagValue);
            if (type == CommonName) name = value;
            else if (type == Organization) groups.Add(value);
        }
    }

    private sealed record Verified(UserInfo? User, DateTime NotAfterLocal)
    {
        public DateTimeOffset NotAfter { get; } = new(NotAfterLocal);
    }
}
