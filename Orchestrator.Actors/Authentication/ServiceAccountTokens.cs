using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Authentication;

/// <summary>Believes tokens of service accounts, as long as the account and what the token is bound to are there.</summary>
/// <remarks>A signature is checked once per token; the rest, on each request. Source: pkg/serviceaccount of Kubernetes.</remarks>
public sealed class ServiceAccountTokens(ITokenSigner signer, IRegistries registries, TokenIssuance issuance, TimeProvider clock) : ITokenAuthenticator
{
    /// <summary>Most tokens whose signature is remembered (count).</summary>
    private const int RememberedMax = 8192;

    /// <summary>How long a token of a deleted pod is good for: its containers are ending meanwhile. Source: pkg/serviceaccount/claims.go, TokenExpirationPastPodDeletion.</summary>
    private static readonly TimeSpan PastDeletion = TimeSpan.FromSeconds(60);

    /// <summary>Labels of secrets that hold a token. Source: pkg/serviceaccount/legacy.go.</summary>
    private const string LastUsed = "kubernetes.io/legacy-token-last-used", InvalidSince = "kubernetes.io/legacy-token-invalid-since";

    private readonly ConcurrentDictionary<string, string> _noting = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    public bool KnowsAudiences => true;

    public ValueTask<TokenResult> AuthenticateAsync(string token, ImmutableArray<string> audiences, CancellationToken cancellationToken)
    {
        // The length tells most other tokens apart, and dots the rest.
        if (!_known.TryGetValue(token, out var known)) return CheckNewAsync(token, audiences, cancellationToken);
        return AcceptAsync(known, audiences, cancellationToken);
    }

    private async ValueTask<TokenResult> CheckNewAsync(string token, ImmutableArray<string> audiences, CancellationToken cancellationToken)
    {
        if (!JsonWebToken.TryParse(token, out var parsed) || (parsed.Issuer != issuance.Issuer && parsed.Issuer != ServiceAccountClaims.LegacyIssuer)) return TokenResult.Unknown;
        var keys = await signer.KeysAsync(cancellationToken).ConfigureAwait(false);
        if (!keys.Any(k => (parsed.KeyId.Length == 0 || k.Id == parsed.KeyId) && k.Verifies(parsed))) return TokenResult.Refused("invalid bearer token");
        if (ServiceAccountClaims.Read(parsed) is not { } identity) return TokenResult.Refused("invalid bearer token");
        var known = new Known(parsed, identity, ServiceAccountClaims.UserOf(identity, JsonWebToken.Text(parsed.Claims, "jti")));
        if (_known.Count >= RememberedMax) _known.Clear();
        _known[token] = known;
        return await AcceptAsync(known, audiences, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask<TokenResult> AcceptAsync(Known known, ImmutableArray<string> audiences, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (known.Expires is { } expires && now >= expires) return Refuse("service account token has expired");
        if (known.NotBefore is { } from && now < from - TokenIssuance.ClockSkew) return Refuse("service account token is not valid yet");
        // A token that lives in a Secret says nothing of audiences: it is for the API server.
        var meant = known.Audiences.IsEmpty ? issuance.ApiAudiences : known.Audiences;
        var wanted = audiences.IsEmpty ? issuance.ApiAudiences : audiences;
        ImmutableArray<string> matching = [.. wanted.Where(a => meant.Contains(a))];
        if (matching.IsEmpty) return Refuse($"token audiences [{Join(meant)}] is invalid for the target audiences [{Join(wanted)}]");
        return LookUpAsync(known, audiences.IsEmpty ? [] : matching, now, cancellationToken);

        static ValueTask<TokenResult> Refuse(string why) => ValueTask.FromResult(TokenResult.Refused(why));
        static string Join(ImmutableArray<string> values) => string.Join(' ', values.Select(GoQuote.Quote));
    }

    private ValueTask<TokenResult> LookUpAsync(Known known, ImmutableArray<string> matching, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var pending = FaultAsync(known.Identity, known.Token, now, cancellationToken);
        return pending.IsCompletedSuccessfully
            ? ValueTask.FromResult(pending.Result is { } fault ? TokenResult.Refused(fault) : new TokenResult(known.User, matching, ""))
            : WaitAsync(pending);

        async ValueTask<TokenResult> WaitAsync(ValueTask<string?> pending) =>
            await pending.ConfigureAwait(false) is { } fault ? TokenResult.Refused(fault) : new TokenResult(known.User, matching, "");
    }

    private async ValueTask<string?> FaultAsync(ServiceAccountIdentity identity, JsonWebToken token, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (account, uid) = (identity.Account, identity.AccountUid);
        var there = await FindAsync(ResourceTypes.ServiceAccounts, account, uid, cancellationToken).ConfigureAwait(false);
        if (there is null) return $"serviceaccounts {GoQuote.Quote(account.Name)} not found";
        if (there.Meta.Deleting) return $"service account {account} has been deleted";
        if (there.Meta.Uid != uid) return $"service account UID ({there.Meta.Uid}) does not match claim ({uid})";
        if (identity.Secret is { } secret)
        {
            var found = await FindAsync(ResourceTypes.Secrets, new ObjectKey(account.Namespace, secret.Name), secret.Uid, cancellationToken).ConfigureAwait(false);
            if (found is null || found.Meta.Deleting || (secret.Uid.Length > 0 && found.Meta.Uid != secret.Uid)) return "service account token has been invalidated";
            // The secret must still hold this very token, for a new one takes the place of the old one.
            if (secret.Uid.Length == 0)
            {
                if (!HoldsToken(found, token)) return "token does not match server's copy";
                await NoteUseAsync(found, now, cancellationToken).ConfigureAwait(false);
                if (found.Meta.Labels.GetValueOrDefault(InvalidSince) is { Length: > 0 })
                    return $"the token in secret {account.Namespace}/{secret.Name} for service account {account} has been marked invalid. Use tokens from the TokenRequest API or manually created "
                        + $"secret-based tokens, or remove the '{InvalidSince}' label from the secret to temporarily allow use of this token";
            }
        }
        if (identity.Pod is { } pod && Gone(await FindAsync(ResourceTypes.Pods, new ObjectKey(account.Namespace, pod.Name), pod.Uid, cancellationToken).ConfigureAwait(false), pod, now))
            return "service account token has been invalidated";
        if (identity is { Pod: null, Node: { } node } && Gone(await FindAsync(ResourceTypes.Nodes, new ObjectKey("", node.Name), node.Uid, cancellationToken).ConfigureAwait(false), node, now))
            return "service account token has been invalidated";
        return null;
    }

    /// <summary>Writes on the secret of a token on which day it was used last, so that those that nobody uses can be told and taken away.</summary>
    private async ValueTask NoteUseAsync(StoredObject secret, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var today = now.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        if (secret.Meta.Labels.GetValueOrDefault(LastUsed) == today) return;
        // One request a day is enough to say so, and none waits for another's.
        if (!_noting.TryAdd(secret.Meta.Uid, today)) return;
        try
        {
            var (tree, before) = (secret.ToTree(), secret.ToTree());
            JsonTree.Ensure(SystemMetadata.Of(tree), "labels")[LastUsed] = today;
            FieldRecord.OfUpdate(ResourceTypes.Secrets, before, tree, FieldManagers.ApiServer, now);
            // Who changes the secret at this moment is not to be disturbed: the next request says it.
            await registries.WriteAsync(ResourceTypes.Secrets, [new ReplaceObject(secret.Key, UncommittedJson.From(tree), secret.Meta.Uid, secret.Revision)], static _ => UserInfo.ApiServer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _noting.TryRemove(secret.Meta.Uid, out _);
        }
    }

    private static bool Gone(StoredObject? found, BoundObject bound, DateTimeOffset now) =>
        found is null || found.Meta.Uid != bound.Uid || (found.Meta.DeletionTimestamp is { } deleted && now > deleted + PastDeletion);

    // What this process sees may be behind, so absence is asked for where it is known.
    private async ValueTask<StoredObject?> FindAsync(ResourceType type, ObjectKey key, string uid, CancellationToken cancellationToken)
    {
        var informer = await registries.InformerAsync(type, cancellationToken).ConfigureAwait(false);
        if (informer.Get(key) is { } found && (uid.Length == 0 || found.Meta.Uid == uid)) return found;
        informer = await registries.ConsistentAsync(type, cancellationToken).ConfigureAwait(false);
        return informer.Get(key);
    }

    private static bool HoldsToken(StoredObject secret, JsonWebToken token)
    {
        using var document = System.Text.Json.JsonDocument.Parse(secret.Json);
        var held = document.RootElement.Get("data").Text("token");
        var buffer = new byte[held.Length];
        return Convert.TryFromBase64String(held, buffer, out var length)
            && buffer.AsSpan(0, length).StartsWith(token.SignedBytes) && Encoding.ASCII.GetString(buffer, 0, length).EndsWith(System.Buffers.Text.Base64Url.EncodeToString(token.Signature), StringComparison.Ordinal);
    }

    private sealed class Known(JsonWebToken token, ServiceAccountIdentity identity, UserInfo user)
    {
        public JsonWebToken Token => token;
        public ServiceAccountIdentity Identity => identity;
        public UserInfo User => user;
        public DateTimeOffset? Expires { get; } = token.Expires;
        public DateTimeOffset? NotBefore { get; } = token.NotBefore;
        public ImmutableArray<string> Audiences { get; } = token.Audiences;
    }
}
