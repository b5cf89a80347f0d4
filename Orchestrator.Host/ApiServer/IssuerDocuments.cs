using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>By what others recognize the tokens of service accounts: the documents of OpenID Connect discovery.</summary>
/// <remarks>Source: pkg/serviceaccount/openidmetadata.go and pkg/routes/openidmetadata.go of Kubernetes.</remarks>
public sealed class IssuerDocuments(ITokenSigner? signer, TokenIssuance issuance)
{
    private const string KeysPath = "/openid/v1/jwks";
    private const string Cached = "public, max-age=3600";

    public Task WriteConfigurationAsync(HttpContext context)
    {
        if (signer is null) return DocumentEndpoint.NotFoundAsync(context);
        context.Response.Headers.CacheControl = Cached;
        var document = new JsonObject
        {
            ["issuer"] = issuance.Issuer,
            ["jwks_uri"] = $"https://{context.Request.Host}{KeysPath}",
            ["response_types_supported"] = new JsonArray("id_token"),
            ["subject_types_supported"] = new JsonArray("public"),
            ["id_token_signing_alg_values_supported"] = new JsonArray("ES256"),
        };
        return ResponseWriter.WriteAsync(context, MediaFormat.JsonType, JsonTree.ToUtf8(document));
    }

    public async Task WriteKeysAsync(HttpContext context)
    {
        if (signer is null)
        {
            await DocumentEndpoint.NotFoundAsync(context).ConfigureAwait(false);
            return;
        }
        var keys = await signer.KeysAsync(context.RequestAborted).ConfigureAwait(false);
        context.Response.Headers.CacheControl = Cached;
        var document = new JsonObject { ["keys"] = new JsonArray([.. keys.Select(static k => (JsonNode?)k.ToJwk())]) };
        await ResponseWriter.WriteAsync(context, "application/jwk-set+json", JsonTree.ToUtf8(document)).ConfigureAwait(false);
    }
}
