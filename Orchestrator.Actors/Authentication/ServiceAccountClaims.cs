using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authentication;

/// <summary>The claims of a service account's token. Pure.</summary>
/// <remarks>Source: pkg/serviceaccount/claims.go and legacy.go of Kubernetes.</remarks>
public static class ServiceAccountClaims
{
    /// <summary>The issuer of tokens that live in Secrets.</summary>
    public const string LegacyIssuer = "kubernetes/serviceaccount";

    /// <summary>Under which name extra fields tell which token a request came with.</summary>
    public const string CredentialId = "authentication.kubernetes.io/credential-id";

    private const string Private = "kubernetes.io";
    private const string LegacyPrefix = "kubernetes.io/serviceaccount/";

    /// <param name="warnAfter">When the one who shows it should have a new one, or null.</param>
    public static JsonObject Of(
        ServiceAccountIdentity identity, string issuer, ImmutableArray<string> audiences, string id, DateTimeOffset now, DateTimeOffset expires, DateTimeOffset? warnAfter)
    {
        var account = new JsonObject { ["namespace"] = identity.Account.Namespace };
        Add(account, "node", identity.Node);
        Add(account, "pod", identity.Pod);
        Add(account, "secret", identity.Secret);
        Add(account, "serviceaccount", new BoundObject(identity.Account.Name, identity.AccountUid));
        if (warnAfter is { } warn) account["warnafter"] = warn.ToUnixTimeSeconds();
        return new JsonObject
        {
            ["aud"] = new JsonArray([.. audiences.Select(static a => (JsonNode?)a)]),
            ["exp"] = expires.ToUnixTimeSeconds(),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["iss"] = issuer,
            ["jti"] = id,
            [Private] = account,
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["sub"] = ServiceAccountName.Of(identity.Account),
        };
    }

    /// <summary>The claims of a token that lives in a Secret and does not expire.</summary>
    public static JsonObject OfSecret(ObjectKey account, string accountUid, string secret) => new()
    {
        ["iss"] = LegacyIssuer,
        [$"{LegacyPrefix}namespace"] = account.Namespace,
        [$"{LegacyPrefix}secret.name"] = secret,
        [$"{LegacyPrefix}service-account.name"] = account.Name,
        [$"{LegacyPrefix}service-account.uid"] = accountUid,
        ["sub"] = ServiceAccountName.Of(account),
    };

    /// <summary>Reads the identity; null when the claims are not those of a service account.</summary>
    public static ServiceAccountIdentity? Read(JsonWebToken token)
    {
        if (token.Issuer == LegacyIssuer) return ReadSecret(token.Claims);
        if (!token.Claims.TryGetProperty(Private, out var claims) || claims.ValueKind != JsonValueKind.Object) return null;
        if (Bound(claims, "serviceaccount") is not { } account) return null;
        var key = new ObjectKey(JsonWebToken.Text(claims, "namespace"), account.Name);
        return token.Subject != ServiceAccountName.Of(key) ? null : new ServiceAccountIdentity(key, account.Uid)
        {
            Pod = Bound(claims, "pod"),
            Node = Bound(claims, "node"),
            Secret = Bound(claims, "secret"),
        };
    }

    private static ServiceAccountIdentity? ReadSecret(JsonElement claims)
    {
        var key = new ObjectKey(JsonWebToken.Text(claims, $"{LegacyPrefix}namespace"), JsonWebToken.Text(claims, $"{LegacyPrefix}service-account.name"));
        if (key.Namespace.Length == 0 || key.Name.Length == 0 || JsonWebToken.Text(claims, "sub") != ServiceAccountName.Of(key)) return null;
        return new ServiceAccountIdentity(key, JsonWebToken.Text(claims, $"{LegacyPrefix}service-account.uid"))
        {
            Secret = new BoundObject(JsonWebToken.Text(claims, $"{LegacyPrefix}secret.name"), ""),
        };
    }

    /// <summary>The user that a believed token stands for.</summary>
    public static UserInfo UserOf(ServiceAccountIdentity identity, string tokenId)
    {
        var extra = ImmutableDictionary.CreateBuilder<string, ImmutableArray<string>>(StringComparer.Ordinal);
        if (tokenId.Length > 0) extra[CredentialId] = [$"JTI={tokenId}"];
        if (identity.Pod is { } pod)
        {
            extra["authentication.kubernetes.io/pod-name"] = [pod.Name];
            extra["authentication.kubernetes.io/pod-uid"] = [pod.Uid];
        }
        if (identity.Node is { } node)
        {
            extra["authentication.kubernetes.io/node-name"] = [node.Name];
            if (node.Uid.Length > 0) extra["authentication.kubernetes.io/node-uid"] = [node.Uid];
        }
        return new UserInfo(ServiceAccountName.Of(identity.Account), identity.AccountUid,
            [.. ServiceAccountName.GroupsOf(identity.Account.Namespace), UserInfo.Authenticated])
        { Extra = extra.ToImmutable() };
    }

    private static void Add(JsonObject owner, string name, BoundObject? bound)
    {
        if (bound is not null) owner[name] = new JsonObject { ["name"] = bound.Name, ["uid"] = bound.Uid };
    }

    private static BoundObject? Bound(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
            ? new BoundObject(JsonWebToken.Text(value, "name"), JsonWebToken.Text(value, "uid")) : null;
}
