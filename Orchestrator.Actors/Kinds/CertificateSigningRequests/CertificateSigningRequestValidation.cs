using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CertificateSigningRequests;

/// <summary>The request, its signer and usages, and what was decided, which stays decided.</summary>
/// <remarks>Source: kubernetes pkg/apis/certificates/validation.</remarks>
public sealed class CertificateSigningRequestValidation : IKindValidation
{
    private const long ExpirationSecondsMin = 600;
    private const string LegacySigner = "kubernetes.io/legacy-unknown";

    private static readonly FieldPath Spec = FieldPath.Of("spec");
    private static readonly FieldPath Conditions = FieldPath.Of("status").Child("conditions");

    /// <summary>In the order in which messages list them.</summary>
    private static readonly string[] Usages =
    [
        "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only",
        "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement",
        "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping",
    ];

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "spec") is not { } spec) return;
        if (RequestFault(JsonTree.String(spec, "request") ?? "") is { } fault) faults.Invalid(Spec.Child("request"), JsonTree.String(spec, "request") ?? "", fault);
        var usages = spec.Texts("usages");
        if (usages.Length == 0) faults.Required(Spec.Child("usages"));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < usages.Length; i++)
        {
            if (!Usages.Contains(usages[i], StringComparer.Ordinal)) faults.NotSupported(Spec.Child("usages").Index(i), usages[i], Usages);
            if (!seen.Add(usages[i])) faults.Duplicate(Spec.Child("usages").Index(i), usages[i]);
        }
        ValidateSigner(JsonTree.String(spec, "signerName") ?? "", Spec.Child("signerName"), faults);
        if (JsonTree.Int64(spec, "expirationSeconds") is < ExpirationSecondsMin and var seconds)
            faults.Invalid(Spec.Child("expirationSeconds"), seconds, "may not specify a duration less than 600 seconds (10 minutes)");
        ValidateConditions(tree, faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (subresource.Length > 0) ValidateConditions(tree, faults);
        foreach (var type in (ReadOnlySpan<string>)["Approved", "Denied"]) ValidateKept(tree, stored, type, mayAdd: subresource == "approval", faults);
        ValidateKept(tree, stored, "Failed", mayAdd: true, faults);
        if (JsonTree.String(JsonTree.Object(tree, "status"), "certificate") is { Length: > 0 } certificate && !IsCertificate(certificate))
            faults.Invalid(FieldPath.Of("status").Child("certificate"), "<certificate data>", "must contain one or more PEM blocks");
        if (JsonTree.String(JsonTree.Object(stored, "status"), "certificate") is { Length: > 0 } before
            && JsonTree.String(JsonTree.Object(tree, "status"), "certificate") != before)
            faults.Forbidden(FieldPath.Of("status").Child("certificate"), "updates may not set certificate content");
    }

    private static void ValidateKept(JsonObject tree, JsonObject stored, string type, bool mayAdd, FaultList faults)
    {
        var (has, had) = (Has(tree, type), Has(stored, type));
        if (had && !has) faults.Forbidden(Conditions, $"updates may not remove a condition of type {GoQuote.Quote(type)}");
        if (has && !had && !mayAdd) faults.Forbidden(Conditions, $"updates may not add a condition of type {GoQuote.Quote(type)}");
    }

    private static bool Has(JsonObject tree, string type) =>
        JsonTree.Object(tree, "status").Entries("conditions").Any(c => JsonTree.String(c.Item, "type") == type);

    private static void ValidateConditions(JsonObject tree, FaultList faults)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, condition) in JsonTree.Object(tree, "status").Entries("conditions"))
        {
            var path = Conditions.Index(index);
            var type = FieldRules.Required(condition, "type", path, faults);
            var status = JsonTree.String(condition, "status") ?? "";
            string[] allowed = type is "Approved" or "Denied" or "Failed" ? ["True"] : ["False", "True", "Unknown"];
            if (status.Length == 0) faults.Required(path.Child("status"));
            else if (!allowed.Contains(status, StringComparer.Ordinal)) faults.NotSupported(path.Child("status"), status, allowed);
            if (type is "Approved" or "Denied" && seen.Contains(type == "Approved" ? "Denied" : "Approved"))
                faults.Invalid(path.Child("type"), type, "Approved and Denied conditions are mutually exclusive");
            if (!seen.Add(type)) faults.Duplicate(path.Child("type"), type);
        }
    }

    /// <summary>domain/path: the domain of at least two labels, the path of names with dots between them.</summary>
    private static void ValidateSigner(string name, FieldPath path, FaultList faults)
    {
        if (name.Length == 0)
        {
            faults.Required(path);
            return;
        }
        var parts = name.Split('/');
        if (parts.Length != 2)
        {
            faults.Invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'");
            return;
        }
        if (parts[0].Split('.').Length < 2) faults.Invalid(path, parts[0], "should be a domain with at least two segments separated by dots");
        else if (ObjectNames.Subdomain(parts[0]) is { } fault) faults.Invalid(path, parts[0], fault);
        if (ObjectNames.Subdomain(parts[1]) is { } wrong) faults.Invalid(path, parts[1], wrong);
        if (name == LegacySigner) faults.Invalid(path, name, "the legacy signerName is not allowed via this API version");
    }

    private static string? RequestFault(string request)
    {
        const string NotPem = "PEM block type must be CERTIFICATE REQUEST";
        try
        {
            var pem = Encoding.UTF8.GetString(Convert.FromBase64String(request));
            if (!PemEncoding.TryFind(pem, out var found) || pem[found.Label] != "CERTIFICATE REQUEST") return NotPem;
            // Whoever signs checks that the request is signed with its own key; here it must only be one.
            CertificateRequest.LoadSigningRequest(Convert.FromBase64String(pem[found.Base64Data]), HashAlgorithmName.SHA256,
                CertificateRequestLoadOptions.SkipSignatureValidation | CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions, RSASignaturePadding.Pkcs1);
            return null;
        }
        catch (FormatException)
        {
            return NotPem;
        }
        catch (CryptographicException e)
        {
            return $"asn1: structure error: {e.Message}";
        }
    }

    private static bool IsCertificate(string certificate)
    {
        try
        {
            var pem = Encoding.UTF8.GetString(Convert.FromBase64String(certificate));
            return PemEncoding.TryFind(pem, out var found) && pem[found.Label] == "CERTIFICATE";
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
