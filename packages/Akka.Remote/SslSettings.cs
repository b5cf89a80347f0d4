using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Akka.Configuration;

namespace Akka.Remote;

/// <summary>
/// TLS of the remoting transport (<c>akka.remote.dot-netty.tcp.ssl</c>). The certificate comes from a PKCS#12 file with a
/// password, or from a PEM file, whose key is in the same file or in <c>certificate.key-path</c>.
/// With <c>certificate.ca-path</c> (PEM, an extra key of ours) the peer's certificate must be issued by one of those
/// authorities and nothing else is trusted; mutual authentication is then on unless
/// <c>require-mutual-authentication = off</c>.
/// </summary>
internal sealed class SslSettings
{
    // Those of Akka.NET and ours.
    private static readonly string[] Keys = ["certificate", "suppress-validation", "require-mutual-authentication", "validate-certificate-hostname"];
    private static readonly string[] CertificateKeys =
        ["path", "password", "key-path", "ca-path", "flags", "use-thumbprint-over-file", "thumbprint", "store-name", "store-location"];

    private readonly X509Certificate2Collection? _authorities;

    public SslSettings(Config config)
    {
        RefuseOthers(config, Keys, "ssl");
        RefuseOthers(config.GetConfig("certificate"), CertificateKeys, "ssl.certificate");
        SuppressValidation = config.GetBoolean("suppress-validation");
        ValidateHostname = config.GetBoolean("validate-certificate-hostname");
        var path = config.GetString("certificate.path", "");
        if (config.GetBoolean("certificate.use-thumbprint-over-file"))
            throw new NotSupportedException("akka.remote.dot-netty.tcp.ssl.certificate.use-thumbprint-over-file is not supported; give a file.");
        if (string.IsNullOrEmpty(path))
            throw new ConfigurationException("akka.remote.dot-netty.tcp.enable-ssl is on, but ssl.certificate.path is empty.");
        Certificate = LoadCertificate(path, config.GetString("certificate.password", ""), config.GetString("certificate.key-path", ""));

        var caPath = config.GetString("certificate.ca-path", "");
        if (!string.IsNullOrEmpty(caPath))
        {
            _authorities = [];
            _authorities.ImportFromPemFile(caPath);
            if (_authorities.Count == 0)
                throw new ConfigurationException($"'{caPath}' (ssl.certificate.ca-path) holds no certificate.");
        }

        RequireMutualAuthentication = config.GetBoolean("require-mutual-authentication", _authorities is not null);
    }

    /// <summary>Shown to peers in either role.</summary>
    public X509Certificate2 Certificate { get; }

    public bool SuppressValidation { get; }

    /// <summary>Whether a server's certificate must name the host that was dialled.</summary>
    public bool ValidateHostname { get; }

    public bool RequireMutualAuthentication { get; }

    /// <summary>Judges a peer's certificate.</summary>
    public bool Validate(X509Certificate? certificate, SslPolicyErrors errors, bool peerIsServer, out string reason)
    {
        reason = "";
        if (certificate is null)
        {
            reason = "it shows no certificate";
            return !peerIsServer && !RequireMutualAuthentication;
        }

        if (SuppressValidation)
            return true;
        if (peerIsServer && ValidateHostname && errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            reason = $"its certificate ({certificate.Subject}) names another host";
            return false;
        }

        if (_authorities is null)
        {
            reason = $"its certificate ({certificate.Subject}) is not trusted by this machine: {errors}";
            return (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        using var copy = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        if (chain.Build(copy))
            return true;
        reason = $"its certificate ({certificate.Subject}) is not issued by the configured authority: " +
                 string.Join(", ", chain.ChainStatus.Select(s => s.StatusInformation.Trim()));
        return false;
    }

    /// <summary>A key at the wrong place would be passed over, and with the authorities there whoever the machine trusts be let in.</summary>
    private static void RefuseOthers(Config? config, string[] known, string at)
    {
        foreach (var (key, _) in config?.AsEnumerable() ?? [])
        {
            if (!known.Contains(key))
                throw new ConfigurationException($"akka.remote.dot-netty.tcp.{at}.{key} is not known; known are {string.Join(", ", known)}.");
        }
    }

    private static X509Certificate2 LoadCertificate(string path, string password, string keyPath)
    {
        try
        {
            if (X509Certificate2.GetCertContentType(path) == X509ContentType.Pkcs12)
                return X509CertificateLoader.LoadPkcs12FromFile(path, password);
            return string.IsNullOrEmpty(keyPath)
                ? X509Certificate2.CreateFromPemFile(path)
                : X509Certificate2.CreateFromPemFile(path, keyPath);
        }
        catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or IOException)
        {
            throw new ConfigurationException($"The certificate '{path}' cannot be read: {e.Message}", e);
        }
    }
}
