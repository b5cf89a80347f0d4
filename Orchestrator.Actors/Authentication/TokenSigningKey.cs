using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authentication;

/// <summary>The private key of the cluster's tokens: ECDSA on P-256, as PEM.</summary>
public sealed class TokenSigningKey
{
    private readonly Func<byte[], byte[]> _sign;
    private readonly string _header;

    /// <exception cref="ArgumentException">It is no private key.</exception>
    public TokenSigningKey(string privatePem)
    {
        // There is one per cluster and it lives as long as its process, so nobody disposes of it.
        var key = ECDsa.Create();
        key.ImportFromPem(privatePem);
        PublicPem = key.ExportSubjectPublicKeyInfoPem();
        _sign = data => key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        _header = Encode(new JsonObject { ["alg"] = "ES256", ["kid"] = TokenKey.IdOf(key) });
    }

    public string PublicPem { get; }

    /// <summary>Makes a key and returns it as PEM.</summary>
    public static string Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }

    public string Sign(JsonObject claims)
    {
        var signed = $"{_header}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(_sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string Encode(JsonObject tree) => Base64Url.EncodeToString(JsonTree.ToUtf8(tree));
}
