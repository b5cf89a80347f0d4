using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>A provider of OpenID Connect behind real TLS, at a path of its own.</summary>
internal sealed class OidcIssuer(WebhookServer server, string path) : IDisposable
{
    private readonly RSA _key = RSA.Create(2048);

    public string Url { get; } = server.Url.GetLeftPart(UriPartial.Authority) + path;

    /// <summary>The authority in PEM that vouches for it.</summary>
    public string Authority { get; } = Encoding.ASCII.GetString(Convert.FromBase64String(server.CaBundle));

    /// <summary>How often its keys were fetched.</summary>
    public int KeyFetches { get; private set; }

    /// <param name="discovery">Where its configuration is; null for the well-known place.</param>
    public OidcIssuer Start(string? discovery = null)
    {
        server.Raw[discovery ?? path + "/.well-known/openid-configuration"] = c => c.Response.WriteAsJsonAsync(new JsonObject { ["issuer"] = Url, ["jwks_uri"] = $"{Url}/keys" });
        server.Raw[path + "/keys"] = c =>
        {
            KeyFetches++;
            var parameters = _key.ExportParameters(false);
            return c.Response.WriteAsJsonAsync(new JsonObject
            {
                ["keys"] = new JsonArray(new JsonObject
                {
                    ["kty"] = "RSA",
                    ["use"] = "sig",
                    ["kid"] = "k1",
                    ["n"] = Base64Url.EncodeToString(parameters.Modulus),
                    ["e"] = Base64Url.EncodeToString(parameters.Exponent),
                }),
            });
        };
        return this;
    }

    public string Token(JsonObject claims, string audience = "cluster")
    {
        var all = claims.DeepClone().AsObject();
        all["iss"] = Url;
        all["aud"] = audience;
        all["exp"] = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds();
        var signed = $"{Encode(new JsonObject { ["alg"] = "RS256", ["kid"] = "k1" })}.{Encode(all)}";
        return $"{signed}.{Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    public void Dispose() => _key.Dispose();

    private static string Encode(JsonObject tree) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(tree.ToJsonString()));
}
