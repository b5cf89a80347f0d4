using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authentication;

/// <summary>A public key that signatures of tokens are checked with (RFC 7517, RFC 7518).</summary>
public sealed class TokenKey
{
    private readonly Func<string, byte[], byte[], bool> _verify;
    private readonly JsonObject _jwk;

    private TokenKey(string id, Func<string, byte[], byte[], bool> verify, JsonObject jwk) => (Id, _verify, _jwk) = (id, verify, jwk);

    /// <summary>Empty for a key that does not say.</summary>
    public string Id { get; }

    /// <summary>Whether a token was signed with the private half; false too for an algorithm that is not one of this key.</summary>
    public bool Verifies(JsonWebToken token) => _verify(token.Algorithm, token.SignedBytes, token.Signature);

    /// <summary>The key as it is published.</summary>
    public JsonObject ToJwk() => _jwk.DeepClone().AsObject();

    /// <summary>The id by which upstream names a key: the digest of its public part.</summary>
    public static string IdOf(ECDsa key) => Base64Url.EncodeToString(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));

    /// <summary>A key on the curve P-256, in PEM.</summary>
    /// <exception cref="ArgumentException">It is no such key.</exception>
    public static TokenKey OfPem(string pem)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(pem);
        return OfCurve(IdOf(key), key.ExportParameters(includePrivateParameters: false), "P-256");
    }

    /// <summary>A key of a published set; null when it is of a kind that signs no tokens.</summary>
    public static TokenKey? OfJwk(JsonElement jwk)
    {
        try
        {
            var id = JsonWebToken.Text(jwk, "kid");
            if (JsonWebToken.Text(jwk, "use") is not ("" or "sig")) return null;
            return JsonWebToken.Text(jwk, "kty") switch
            {
                "RSA" => OfRsa(id, new RSAParameters { Modulus = Bytes(jwk, "n"), Exponent = Bytes(jwk, "e") }),
                "EC" => OfCurve(id, new ECParameters
                {
                    Curve = ECCurve.CreateFromFriendlyName(CurveName(JsonWebToken.Text(jwk, "crv"))),
                    Q = new ECPoint { X = Bytes(jwk, "x"), Y = Bytes(jwk, "y") },
                }, JsonWebToken.Text(jwk, "crv")),
                _ => null,
            };
        }
        catch (Exception e) when (e is FormatException or CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    private static TokenKey OfRsa(string id, RSAParameters parameters)
    {
        // One object per key is used by many threads; a verification does not change it.
        var key = RSA.Create(parameters);
        return new TokenKey(id, (algorithm, data, signature) => algorithm.Length == 5 && algorithm[..2] is "RS" or "PS" && Hash(algorithm) is { } hash
            && key.VerifyData(data, signature, hash, algorithm[0] == 'R' ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss),
            new JsonObject { ["use"] = "sig", ["kty"] = "RSA", ["kid"] = id, ["n"] = Base64Url.EncodeToString(parameters.Modulus), ["e"] = Base64Url.EncodeToString(parameters.Exponent) });
    }

    private static TokenKey OfCurve(string id, ECParameters parameters, string curve)
    {
        var key = ECDsa.Create(parameters);
        // A key has one algorithm: that of its curve.
        var own = curve switch { "P-256" => "ES256", "P-384" => "ES384", _ => "ES512" };
        return new TokenKey(id,
            (algorithm, data, signature) => algorithm == own && key.VerifyData(data, signature, Hash(own)!.Value, DSASignatureFormat.IeeeP1363FixedFieldConcatenation),
            new JsonObject
            {
                ["use"] = "sig",
                ["kty"] = "EC",
                ["kid"] = id,
                ["crv"] = curve,
                ["alg"] = own,
                ["x"] = Base64Url.EncodeToString(parameters.Q.X),
                ["y"] = Base64Url.EncodeToString(parameters.Q.Y),
            });
    }

    private static HashAlgorithmName? Hash(string algorithm) => algorithm[2..] switch
    {
        "256" => HashAlgorithmName.SHA256,
        "384" => HashAlgorithmName.SHA384,
        "512" => HashAlgorithmName.SHA512,
        _ => null,
    };

    private static string CurveName(string crv) => crv switch
    {
        "P-256" => "nistP256",
        "P-384" => "nistP384",
        "P-521" => "nistP521",
        _ => throw new FormatException($"unknown curve {crv}"),
    };

    private static byte[] Bytes(JsonElement jwk, string name) => Base64Url.DecodeFromChars(JsonWebToken.Text(jwk, name));
}
