using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ServiceAccounts;

/// <summary>The Secrets of type <c>kubernetes.io/service-account-token</c>: what is in them, and when they go.</summary>
/// <remarks>Source: kube-controller-manager, serviceaccount/tokens_controller.go. Such a token does not expire; it counts for as long as its
/// Secret holds it (<see cref="ServiceAccountTokens"/>).</remarks>
/// <param name="authorityPem">The certificates by which the API server is recognized; empty puts none into the Secrets.</param>
public sealed class TokenSecrets(ResourceStore store, ITokenSigner signer, string authorityPem)
{
    /// <summary>The type of Secrets that this is about.</summary>
    public const string SecretType = "kubernetes.io/service-account-token";

    /// <summary>The annotations that name the account.</summary>
    public const string NameAnnotation = "kubernetes.io/service-account.name", UidAnnotation = "kubernetes.io/service-account.uid";

    private static readonly byte[] TypeText = Encoding.ASCII.GetBytes(SecretType);

    /// <summary>Brings one Secret to what it should hold, or removes it when its account is not there.</summary>
    /// <returns>Why that must be tried again, or null.</returns>
    /// <exception cref="TimeoutException">The owner of the key does not answer.</exception>
    public async Task<ApiError?> SyncAsync(ObjectKey key)
    {
        if (await store.GetAsync(ResourceTypes.Secrets, key).ConfigureAwait(false) is not { Meta.Deleting: false } secret || AccountOf(secret) is not { } name) return null;
        var account = await store.GetAsync(ResourceTypes.ServiceAccounts, name).ConfigureAwait(false);
        var schema = store.SchemaOf(ResourceTypes.Secrets);
        var uid = secret.Meta.Annotations.GetValueOrDefault(UidAnnotation) ?? "";
        if (account is null || (uid.Length > 0 && uid != account.Meta.Uid))
        {
            var deleted = await store.DeleteAsync(schema, key, new DeleteOptions { Uid = secret.Meta.Uid, ResourceVersion = Text(secret.Revision), User = ComponentUsers.ControllerManager }).ConfigureAwait(false);
            return Serious(deleted.Error);
        }
        var missing = await MissingAsync(secret, account).ConfigureAwait(false);
        if (missing.Count == 0 && uid.Length > 0) return null;
        var written = await store.PatchAsync(schema, key, tree =>
        {
            var metadata = JsonTree.Ensure(tree, "metadata");
            if (JsonTree.String(metadata, "resourceVersion") != Text(secret.Revision)) return (null, ApiError.Modified(ResourceTypes.Secrets, key.Name));
            JsonTree.Ensure(metadata, "annotations")[UidAnnotation] = account.Meta.Uid;
            var data = JsonTree.Ensure(tree, "data");
            foreach (var (entry, value) in missing) data[entry] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value));
            return (tree, null);
        }, "", new WriteOptions { FieldManager = FieldManagers.ControllerManager, User = ComponentUsers.ControllerManager }).ConfigureAwait(false);
        return Serious(written.Error);
    }

    // What changed meanwhile comes as a change of its own.
    private static ApiError? Serious(ApiError? error) => error is { Reason: not ("NotFound" or "Conflict") } ? error : null;

    private async Task<List<(string Entry, string Value)>> MissingAsync(StoredObject secret, StoredObject account)
    {
        var missing = new List<(string, string)>();
        var data = JsonTree.Object(secret.ToTree(), "data");
        if (authorityPem.Length > 0 && JsonTree.String(data, "ca.crt") != Convert.ToBase64String(Encoding.UTF8.GetBytes(authorityPem))) missing.Add(("ca.crt", authorityPem));
        if (string.IsNullOrEmpty(JsonTree.String(data, "namespace"))) missing.Add(("namespace", account.Key.Namespace));
        if (string.IsNullOrEmpty(JsonTree.String(data, "token")))
            missing.Add(("token", await signer.SignAsync(ServiceAccountClaims.OfSecret(account.Key, account.Meta.Uid, secret.Key.Name), CancellationToken.None).ConfigureAwait(false)));
        return missing;
    }

    /// <summary>The account that a Secret wants a token of; null for other Secrets.</summary>
    public static ObjectKey? AccountOf(StoredObject secret)
    {
        // Most Secrets do not even contain the words.
        if (secret.Json.Span.IndexOf(TypeText) < 0) return null;
        using var document = JsonDocument.Parse(secret.Json);
        return document.RootElement.TryGetProperty("type", out var type) && type.ValueEquals(SecretType)
            && secret.Meta.Annotations.GetValueOrDefault(NameAnnotation) is { Length: > 0 } name
                ? new ObjectKey(secret.Key.Namespace, name) : null;
    }

    private static string Text(long revision) => revision.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
