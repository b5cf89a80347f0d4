using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Actors.Certificates;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.CertificateSigningRequests;

/// <summary>What a CertificateSigningRequest asks the cluster's authority for, and whether its signer allows that. Pure.</summary>
/// <remarks>Source: k8s.io/api/certificates, the signers kubernetes.io/*, and pkg/apis/certificates/helpers.go.</remarks>
public sealed record SigningRequest(string Pem, CertificateSubject Subject)
{
    public const string ClientSigner = "kubernetes.io/kube-apiserver-client";
    public const string KubeletClientSigner = "kubernetes.io/kube-apiserver-client-kubelet";
    public const string KubeletServingSigner = "kubernetes.io/kubelet-serving";
    public const string LegacySigner = "kubernetes.io/legacy-unknown";

    /// <summary>The signers that the cluster's authority is.</summary>
    public static ImmutableArray<string> Signers { get; } = [ClientSigner, KubeletClientSigner, KubeletServingSigner, LegacySigner];

    private const string NodesGroup = "system:nodes";
    private const string NodePrefix = "system:node:";

    /// <summary>Reads the request of an object; the fault says why the signer does not sign it.</summary>
    public static (SigningRequest? Request, string Fault) Read(JsonObject tree)
    {
        var spec = JsonTree.Object(tree, "spec");
        var signer = JsonTree.String(spec, "signerName") ?? "";
        try
        {
            var pem = Encoding.UTF8.GetString(Convert.FromBase64String(JsonTree.String(spec, "request") ?? ""));
            var asked = CertificateRequest.LoadSigningRequestPem(pem, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);
            var (names, addresses, others) = AlternativeNames(asked);
            var subject = new CertificateSubject(Part(asked, "2.5.4.3").FirstOrDefault() ?? "", [.. Part(asked, "2.5.4.10")], names, addresses, Server: signer is KubeletServingSigner);
            var usages = JsonTree.Array(spec, "usages")?.Select(static u => JsonTree.AsString(u) ?? "").ToHashSet(StringComparer.Ordinal) ?? [];
            return FaultOf(signer, subject, others, usages) is { } fault ? (null, fault) : (new SigningRequest(pem, subject), "");
        }
        catch (Exception e) when (e is FormatException or CryptographicException or ArgumentException or System.Formats.Asn1.AsnContentException)
        {
            return (null, $"unable to parse csr: {e.Message}");
        }
    }

    private static string? FaultOf(string signer, CertificateSubject subject, bool others, HashSet<string> usages)
    {
        var alternatives = subject.DnsNames.Length + subject.Addresses.Length > 0 || others;
        bool Within(params string[] allowed) => usages.IsSubsetOf(allowed);
        switch (signer)
        {
            case ClientSigner:
                if (!usages.Contains("client auth") || !Within("client auth", "digital signature", "key encipherment")) return "invalid usages for client certificate: " + string.Join(", ", usages);
                return null;
            case KubeletClientSigner:
                if (!subject.Organizations.SequenceEqual([NodesGroup])) return $"subject organization is not {NodesGroup}";
                if (!subject.CommonName.StartsWith(NodePrefix, StringComparison.Ordinal)) return $"subject common name does not begin with {NodePrefix}";
                if (alternatives) return "DNS, IP, URI and email subjectAltNames are not allowed";
                return usages.Contains("client auth") && usages.Contains("digital signature") && Within("client auth", "digital signature", "key encipherment") ? null : "usages did not match";
            case KubeletServingSigner:
                if (!subject.Organizations.SequenceEqual([NodesGroup])) return $"subject organization is not {NodesGroup}";
                if (!subject.CommonName.StartsWith(NodePrefix, StringComparison.Ordinal)) return $"subject common name does not begin with {NodePrefix}";
                if (others) return "URI and email subjectAltNames are not allowed";
                if (!alternatives) return "DNS or IP subjectAltName is required";
                return usages.Contains("server auth") && usages.Contains("digital signature") && Within("server auth", "digital signature", "key encipherment") ? null : "usages did not match";
            default:
                return null;
        }
    }

    private static IEnumerable<string> Part(CertificateRequest request, string type) =>
        request.SubjectName.EnumerateRelativeDistinguishedNames(reversed: false).SelectMany(n => Elements(n, type));

    private static List<string> Elements(X500RelativeDistinguishedName name, string type)
    {
        if (!name.HasMultipleElements) return name.GetSingleElementType().Value == type ? [name.GetSingleElementValue() ?? ""] : [];
        var values = new List<string>();
        var set = new System.Formats.Asn1.AsnReader(name.RawData, System.Formats.Asn1.AsnEncodingRules.DER).ReadSetOf();
        while (set.HasData)
        {
            var element = set.ReadSequence();
            var oid = element.ReadObjectIdentifier();
            var value = element.ReadCharacterString((System.Formats.Asn1.UniversalTagNumber)element.PeekTag().TagValue);
            if (oid == type) values.Add(value);
        }
        return values;
    }

    private static (string[] Names, string[] Addresses, bool Others) AlternativeNames(CertificateRequest request)
    {
        if (request.CertificateExtensions.FirstOrDefault(static e => e.Oid?.Value == "2.5.29.17") is not { } extension) return ([], [], false);
        var names = new X509SubjectAlternativeNameExtension(extension.RawData);
        var reader = new System.Formats.Asn1.AsnReader(extension.RawData, System.Formats.Asn1.AsnEncodingRules.DER).ReadSequence();
        var others = false;
        // Of the choices, 2 is a DNS name and 7 an address.
        while (reader.HasData)
        {
            others |= reader.PeekTag().TagValue is not (2 or 7);
            reader.ReadEncodedValue();
        }
        return ([.. names.EnumerateDnsNames()], [.. names.EnumerateIPAddresses().Select(static a => a.ToString())], others);
    }
}
