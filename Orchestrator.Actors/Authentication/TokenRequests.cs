using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Authentication;

/// <summary>Answers <c>serviceaccounts/token</c>: makes tokens for accounts, bound to an object or not.</summary>
/// <remarks>Source: pkg/registry/core/serviceaccount/storage/token.go of Kubernetes.</remarks>
public sealed class TokenRequests(IRegistries registries, ITokenSigner signer, TokenIssuance issuance, IIdentitySource identities, TimeProvider clock)
{
    /// <summary>Least and most lifetime of a token (seconds). Source: pkg/apis/authentication/validation.</summary>
    private const long SecondsMin = 600, SecondsMax = 1L << 32;

    /// <summary>The lifetime that admission asks for in a pod's volume. Clients that never read the file again are let in for longer and
    /// told so. Source: pkg/serviceaccount, WarnOnlyBoundTokenExpirationPeriod and ExpirationExtensionSeconds.</summary>
    public const long PodSeconds = 3607;

    private static readonly TimeSpan Extended = TimeSpan.FromDays(365);

    /// <summary>Fills in the status of a decoded TokenRequest.</summary>
    public async Task<(JsonObject? Tree, ApiError? Error)> CreateAsync(ObjectKey account, JsonObject tree, bool dryRun, CancellationToken cancellationToken)
    {
        var accounts = await registries.ConsistentAsync(ResourceTypes.ServiceAccounts, cancellationToken).ConfigureAwait(false);
        if (accounts.Get(account) is not { } stored) return (null, ApiError.NotFound(ResourceTypes.ServiceAccounts, account.Name));
        if (SystemMetadata.FillName(tree, account.Name) is { } otherName) return (null, otherName);
        var meta = JsonTree.Ensure(tree, "metadata");
        if (JsonTree.String(meta, "namespace") is { Length: > 0 } ns && ns != account.Namespace)
            return (null, ApiError.BadRequest("the namespace of the provided object does not match the namespace sent on the request"));
        meta["namespace"] = account.Namespace;
        meta["creationTimestamp"] = Rfc3339.Seconds(clock.GetUtcNow());

        var spec = JsonTree.Ensure(tree, "spec");
        if (JsonTree.Array(spec, "audiences") is not { Count: > 0 }) spec["audiences"] = new JsonArray([.. issuance.ApiAudiences.Select(static a => (JsonNode?)a)]);
        if (JsonTree.Int64(spec, "expirationSeconds") is not { } seconds) spec["expirationSeconds"] = seconds = 3600;
        var faults = new FaultList();
        if (seconds < SecondsMin) faults.Invalid(FieldPath.Of("spec").Child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes");
        if (seconds > SecondsMax) faults.Invalid(FieldPath.Of("spec").Child("expirationSeconds"), seconds, "may not specify a duration larger than 2^32 seconds");
        if (faults.ToError("authentication.k8s.io", "TokenRequest", "") is { } invalid) return (null, invalid);

        var (identity, error) = await BindAsync(new ServiceAccountIdentity(account, stored.Meta.Uid), JsonTree.Object(spec, "boundObjectRef"), cancellationToken).ConfigureAwait(false);
        if (identity is null) return (null, error);
        ImmutableArray<string> audiences = [.. JsonTree.Array(spec, "audiences")!.Select(static a => JsonTree.AsString(a) ?? "")];
        var (token, expires) = dryRun ? ("", clock.GetUtcNow().AddSeconds(seconds))
            : await IssueAsync(identity, audiences, seconds, cancellationToken).ConfigureAwait(false);
        tree["status"] = new JsonObject { ["token"] = token, ["expirationTimestamp"] = Rfc3339.Seconds(expires) };
        return (tree, null);
    }

    /// <summary>A token for an identity that the caller vouches for.</summary>
    /// <param name="seconds">How long it is good for.</param>
    /// <returns>The token, and when the one who holds it needs another.</returns>
    /// <exception cref="TimeoutException">The owner of the key does not answer.</exception>
    public async Task<(string Token, DateTimeOffset Expires)> IssueAsync(
        ServiceAccountIdentity identity, ImmutableArray<string> audiences, long seconds, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var expires = now.AddSeconds(seconds);
        if (audiences.IsEmpty) audiences = issuance.ApiAudiences;
        var extended = seconds == PodSeconds && identity.Pod is not null && audiences.All(a => issuance.ApiAudiences.Contains(a));
        var claims = ServiceAccountClaims.Of(identity, issuance.Issuer, audiences, identities.NewUid(), now,
            extended ? now + Extended : expires, extended ? expires : null);
        return (await signer.SignAsync(claims, cancellationToken).ConfigureAwait(false), expires);
    }

    private async Task<(ServiceAccountIdentity? Identity, ApiError? Error)> BindAsync(ServiceAccountIdentity identity, JsonObject? reference, CancellationToken cancellationToken)
    {
        if (reference is null) return (identity, null);
        var kind = JsonTree.String(reference, "kind") ?? "";
        var version = JsonTree.String(reference, "apiVersion") ?? "";
        var name = JsonTree.String(reference, "name") ?? "";
        // Of the version, only the group counts.
        var ofCore = !version.Contains('/', StringComparison.Ordinal);
        var type = kind switch
        {
            "Pod" when ofCore => ResourceTypes.Pods,
            "Secret" when ofCore => ResourceTypes.Secrets,
            "Node" when ofCore => ResourceTypes.Nodes,
            _ => default,
        };
        // As Go prints a kind with its group: one of core has an empty one.
        if (type == default) return (null, ApiError.BadRequest($"cannot bind token to object of type {(ofCore ? $"/{version}" : version)}, Kind={kind}"));
        var informer = await registries.ConsistentAsync(type, cancellationToken).ConfigureAwait(false);
        var key = new ObjectKey(type == ResourceTypes.Nodes ? "" : identity.Account.Namespace, name);
        if (informer.Get(key) is not { } found) return (null, ApiError.NotFound(type, name));
        if (JsonTree.String(reference, "uid") is { Length: > 0 } uid && uid != found.Meta.Uid)
            return (null, ApiError.Conflict(new ResourceType("", kind), name, string.Create(CultureInfo.InvariantCulture,
                $"the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated")));
        var bound = new BoundObject(name, found.Meta.Uid);
        if (type == ResourceTypes.Secrets) return (identity with { Secret = bound }, null);
        if (type == ResourceTypes.Nodes) return (identity with { Node = bound }, null);
        if (AccountOf(found) is var account && account != identity.Account.Name)
            return (null, ApiError.BadRequest($"cannot bind token for serviceaccount {GoQuote.Quote(identity.Account.Name)} to pod running with different serviceaccount name."));
        return (identity with { Pod = bound, Node = await NodeAsync(PodView.Of(found).NodeName, cancellationToken).ConfigureAwait(false) }, null);
    }

    private async Task<BoundObject?> NodeAsync(string name, CancellationToken cancellationToken)
    {
        if (name.Length == 0) return null;
        var nodes = await registries.InformerAsync(ResourceTypes.Nodes, cancellationToken).ConfigureAwait(false);
        return new BoundObject(name, nodes.Get(new ObjectKey("", name))?.Meta.Uid ?? "");
    }

    private static string AccountOf(StoredObject pod) => JsonTree.String(JsonTree.Object(pod.ToTree(), "spec"), "serviceAccountName") ?? "";
}
