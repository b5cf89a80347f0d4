using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Nobody grants what he does not hold himself, be it by the rules of a role or by binding one.</summary>
/// <remarks>Exempt are masters and who has the verb <c>escalate</c> on the role, or <c>bind</c> for bindings. Upstream has this check in the
/// storage of the kinds, where it cannot be switched off. Source: pkg/registry/rbac/*/policybased of Kubernetes.</remarks>
public sealed class RoleEscalation(AccessControl control) : IAdmissionPlugin
{
    public const string PluginName = "RoleEscalation";

    private static readonly ImmutableArray<PolicyRule> Everything =
        [new PolicyRule { Verbs = ["*"], ApiGroups = ["*"], Resources = ["*"] }, new PolicyRule { Verbs = ["*"], NonResourceUrls = ["*"] }];

    public string Name => PluginName;

    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        request.Schema.Group == ResourceTypes.Roles.Group && request.Operation is AdmissionOperation.Create or AdmissionOperation.Update
            && !request.User.IsMaster && request.Object is not null
            ? CheckAsync(request, cancellationToken)
            : ValueTask.FromResult<ApiError?>(null);

    private async ValueTask<ApiError?> CheckAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request.Stored is { } stored && ChangesOwnersAlone(request.Object!, stored.ToTree())) return null;
        var binding = request.Schema.Plural is "rolebindings" or "clusterrolebindings";
        return binding
            ? await CheckBindingAsync(request, cancellationToken).ConfigureAwait(false)
            : await CheckRoleAsync(request, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<ApiError?> CheckRoleAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        var type = request.Schema.Type;
        // A create names nothing in its path, so that a right on single names does not reach it.
        var named = request.Operation == AdmissionOperation.Create ? request.Key with { Name = "" } : request.Key;
        if (await control.AllowsAsync(request.User, "escalate", type, "", named, cancellationToken).ConfigureAwait(false)) return null;
        var rules = PolicyRule.ReadAll(JsonSerializer.SerializeToElement(request.Object!["rules"]));
        if (await MissingAsync(request.User, request.Key.Namespace, rules, cancellationToken).ConfigureAwait(false) is { } missing)
            return ApiError.Forbidden(type, request.Key.Name, missing);
        // Who takes such a rule away gives a role that others make another meaning.
        if (!IsAggregated(request.Object) && !IsAggregated(request.Stored?.ToTree())) return null;
        return await MissingAsync(request.User, "", Everything, cancellationToken).ConfigureAwait(false) is null
            ? null
            : ApiError.Forbidden(type, request.Key.Name, "must have cluster-admin privileges to use aggregationRule");
    }

    private static bool IsAggregated(JsonObject? role) => JsonTree.Array(JsonTree.Object(role, "aggregationRule"), "clusterRoleSelectors") is { Count: > 0 };

    private async ValueTask<ApiError?> CheckBindingAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        var reference = JsonTree.Object(request.Object, "roleRef");
        var role = new RoleRef(JsonTree.String(reference, "kind") ?? "", JsonTree.String(reference, "name") ?? "");
        var ns = request.Key.Namespace;
        var type = role.Kind == "ClusterRole" ? ResourceTypes.ClusterRoles : ResourceTypes.Roles;
        if (await control.AllowsAsync(request.User, "bind", type, "", new ObjectKey(ns, role.Name), cancellationToken).ConfigureAwait(false)) return null;
        if (await control.Rbac.RulesOfRoleAsync(role, ns, cancellationToken).ConfigureAwait(false) is not { } rules) return ApiError.NotFound(type, role.Name);
        return await MissingAsync(request.User, ns, rules, cancellationToken).ConfigureAwait(false) is { } missing
            ? ApiError.Forbidden(request.Schema.Type, request.Key.Name, missing)
            : null;
    }

    /// <summary>What the user would grant without holding it, as a sentence; null when nothing.</summary>
    private async ValueTask<string?> MissingAsync(UserInfo user, string ns, ImmutableArray<PolicyRule> wanted, CancellationToken cancellationToken)
    {
        var held = await control.Rbac.RulesAsync(user, ns, cancellationToken).ConfigureAwait(false);
        var missing = RuleCover.Uncovered(held.Rules, wanted);
        if (missing.IsEmpty) return null;
        var groups = string.Join(' ', user.Groups.Select(GoQuote.Quote));
        var text = $"user {GoQuote.Quote(user.Name)} (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n"
            + string.Join('\n', RuleCover.Compact(missing));
        return held.Error.Length > 0 ? $"{text}; resolution errors: {held.Error}" : text;
    }

    /// <summary>The garbage collector's writes go through whatever the role grants.</summary>
    private static bool ChangesOwnersAlone(JsonObject tree, JsonObject stored)
    {
        return JsonTree.DeepEquals(Rest(tree), Rest(stored));

        static JsonObject Rest(JsonObject tree)
        {
            var copy = tree.DeepClone().AsObject();
            var meta = JsonTree.Ensure(copy, "metadata");
            foreach (var field in (string[])["ownerReferences", "finalizers", "managedFields", "resourceVersion", "generation"]) meta.Remove(field);
            return copy;
        }
    }
}
