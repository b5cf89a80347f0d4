using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Orchestrator.Actors.Admission.Webhooks;

/// <summary>The <c>caBundle</c> of a webhook or of another API server: certificates in PEM.</summary>
/// <remarks>Source: client-go, transport.rootCertPool, for the words.</remarks>
public static class CertificateBundle
{
    private const string Fault = "unable to load root certificates: ";

    /// <summary>Why nobody can be trusted by a bundle; null when somebody can, and for an empty one, which stands for the system's.</summary>
    public static string? FaultOf(ReadOnlySpan<byte> bundle)
    {
        if (bundle.IsEmpty) return null;
        ReadOnlySpan<char> rest = Encoding.UTF8.GetString(bundle);
        var certificates = 0;
        var blocks = 0;
        while (PemEncoding.TryFind(rest, out var block))
        {
            blocks++;
            if (rest[block.Label].SequenceEqual("CERTIFICATE"))
            {
                if (!IsCertificate(rest[block.Base64Data])) return $"{Fault}failed to parse certificate: x509: malformed certificate";
                certificates++;
            }
            rest = rest[block.Location.End..];
        }
        return certificates > 0 ? null : blocks == 0 ? $"{Fault}unable to parse bytes as PEM block" : $"{Fault}no valid certificate authority data seen";
    }

    /// <summary>The same of a bundle as configurations carry it.</summary>
    /// <param name="base64">Anything that is no base64 is refused elsewhere, and passes here.</param>
    public static string? FaultOf(string? base64) => FaultOf(Decode(base64));

    /// <summary>The bytes of a bundle; none when it is absent or no base64.</summary>
    public static byte[] Decode(string? base64)
    {
        if (string.IsNullOrEmpty(base64)) return [];
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? bytes[..length] : [];
    }

    private static bool IsCertificate(ReadOnlySpan<char> base64)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(base64.ToString()));
            return true;
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            return false;
        }
    }
}
