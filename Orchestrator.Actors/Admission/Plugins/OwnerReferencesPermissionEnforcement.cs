using System.Collections.Immutable;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Who gives an object another owner has to be allowed to delete it, for the garbage collector would do so in their place;
/// who makes it hold its owner back has to be allowed to set the owner's finalizers.</summary>
/// <remarks>Source: kube-apiserver, admission plugin OwnerReferencesPermissionEnforcement.</remarks>
public sealed class OwnerReferencesPermissionEnforcement(Func<SchemaCatalog> catalog, AuthorizationCheck authorize) : IAdmissionPlugin
{
    public string Name => "OwnerReferencesPermissionEnforcement";

    public async ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (request.Operation is not (AdmissionOperation.Create or AdmissionOperation.Update) || request.Object is null) return null;
        var now = JsonTree.At(request.Object, ["metadata", "ownerReferences"]) as JsonArray ?? [];
        var before = request.Stored is null ? [] : JsonTree.At(request.Stored.ToTree(), ["metadata", "ownerReferences"]) as JsonArray ?? [];
        if (JsonTree.DeepEquals(now, before)) return null;
        // Who makes an object may say whose it is.
        if (request.Operation == AdmissionOperation.Update
            && !await authorize(request.User, "delete", request.Schema.Type, "", request.Key, cancellationToken).ConfigureAwait(false))
            return Forbidden(request, "cannot set an ownerRef on a resource you can't delete: ");
        foreach (var owner in NewlyBlocking(now, before))
        {
            var apiVersion = JsonTree.String(owner, "apiVersion") ?? "";
            var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
            var (group, version) = slash < 0 ? ("", apiVersion) : (apiVersion[..slash], apiVersion[(slash + 1)..]);
            if (catalog().FindKind(group, version, JsonTree.String(owner, "kind") ?? "") is not { } schema)
                return Forbidden(request, $"cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion {apiVersion} Kind {JsonTree.String(owner, "kind")}");
            var key = new ObjectKey(schema.Namespaced ? request.Key.Namespace : "", JsonTree.String(owner, "name") ?? "");
            if (!await authorize(request.User, "update", schema.Type, "finalizers", key, cancellationToken).ConfigureAwait(false))
                return Forbidden(request, "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ");
        }
        return null;
    }

    private static ImmutableArray<JsonObject> NewlyBlocking(JsonArray now, JsonArray before)
    {
        var blocked = before.OfType<JsonObject>().Where(static o => JsonTree.Bool(o, "blockOwnerDeletion") == true)
            .Select(static o => JsonTree.String(o, "uid")).ToHashSet();
        return [.. now.OfType<JsonObject>().Where(o => JsonTree.Bool(o, "blockOwnerDeletion") == true && !blocked.Contains(JsonTree.String(o, "uid")))];
    }

    private static ApiError Forbidden(AdmissionRequest request, string why) => ApiError.Forbidden(request.Schema.Type, request.Key.Name, why);
}
