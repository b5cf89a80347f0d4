using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Authorization;

/// <summary>The mode Node: a kubelet sees of secrets and the like only what the pods on its node use.</summary>
/// <remarks>Source: plugin/pkg/auth/authorizer/node of Kubernetes 1.32. Nodes of our own write as members of the cluster and not
/// through the API, so the index is made only when someone comes with a kubelet's credentials.</remarks>
public sealed class NodeAuthorizer(IRegistries registries) : IAuthorizer
{
    private const string Group = "system:nodes";
    private const string NamePrefix = "system:node:";
    private const string LeaseNamespace = "kube-node-lease";

    private static readonly AccessDecision Allow = new(AccessVerdict.Allow);

    // What is the same for all nodes, from the default role system:node.
    private static readonly Lazy<PolicyRule[]> NodeRules = new(static () =>
    {
        var role = DefaultRoles.Read().First(static o => o.Key.Name == "system:node").Tree;
        return [.. PolicyRule.ReadAll(System.Text.Json.JsonSerializer.SerializeToElement(role["rules"]))];
    });

    private volatile InformerIndex<NodeReference, bool>? _used;
    private volatile InformerIndex<ObjectKey, ObjectKey>? _secretsOfVolumes;

    public ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken)
    {
        if (!IsNode(request.User, out var node)) return ValueTask.FromResult(AccessDecision.NoOpinion);
        var related = (request.Group == "" && request.Resource is "secrets" or "configmaps" or "persistentvolumeclaims" or "persistentvolumes" or "serviceaccounts" or "pods")
            || (request.Group == "storage.k8s.io" && request.Resource == "volumeattachments");
        return request.IsResource && related
            ? RelatedAsync(request, node, cancellationToken)
            : ValueTask.FromResult(request.IsResource ? Own(request, node) : ByRules(request));
    }

    public ValueTask<UserRules> RulesAsync(UserInfo user, string ns, CancellationToken cancellationToken) => ValueTask.FromResult(
        IsNode(user, out _) ? new UserRules([], Incomplete: true, "node authorizer does not support user rule resolution") : UserRules.None);

    /// <summary>Whether a user is a kubelet, and of which node.</summary>
    public static bool IsNode(UserInfo user, out string node)
    {
        var isNode = user.Name.StartsWith(NamePrefix, StringComparison.Ordinal) && user.Groups.Contains(Group);
        node = isNode ? user.Name[NamePrefix.Length..] : "";
        return isNode && node.Length > 0;
    }

    private static AccessDecision ByRules(AccessRequest request)
    {
        foreach (var rule in NodeRules.Value)
            if (rule.Allows(request)) return Allow;
        return AccessDecision.NoOpinion;
    }

    private static AccessDecision No(string why) => new(AccessVerdict.NoOpinion, why);

    private static AccessDecision Own(AccessRequest request, string node) => (request.Group, request.Resource) switch
    {
        ("", "nodes") => OwnNode(request, node),
        ("coordination.k8s.io", "leases") => OwnLease(request, node),
        ("storage.k8s.io", "csinodes") => OwnCsiNode(request, node),
        _ => ByRules(request),
    };

    private static AccessDecision OwnNode(AccessRequest request, string node) => (request.Subresource, request.Verb) switch
    {
        // Which node it writes is checked at admission, which sees the name of a create.
        ("", "create" or "update" or "patch") or ("status", "update" or "patch") => Allow,
        ("", "get" or "list" or "watch") when request.Name == node => Allow,
        ("", "get" or "list" or "watch") => No(request.Name.Length == 0
            ? $"node '{node}' cannot read all nodes, only its own Node object"
            : $"node '{node}' cannot read '{request.Name}', only its own Node object"),
        _ => AccessDecision.NoOpinion,
    };

    private static AccessDecision OwnLease(AccessRequest request, string node)
    {
        if (request.Verb is not ("get" or "create" or "update" or "patch" or "delete")) return No("can only get, create, update, patch, or delete a node lease");
        if (request.Namespace != LeaseNamespace) return No($"can only access leases in the {GoQuote.Quote(LeaseNamespace)} system namespace");
        return request.Verb == "create" || request.Name == node ? Allow : No("can only access node lease with the same name as the requesting node");
    }

    private static AccessDecision OwnCsiNode(AccessRequest request, string node)
    {
        if (request.Verb is not ("get" or "create" or "update" or "patch" or "delete")) return No("can only get, create, update, patch, or delete a CSINode");
        if (request.Subresource.Length > 0) return No("cannot authorize CSINode subresources");
        return request.Verb == "create" || request.Name == node ? Allow : No("can only access CSINode with the same name as the requesting node");
    }

    private async ValueTask<AccessDecision> RelatedAsync(AccessRequest request, string node, CancellationToken cancellationToken)
    {
        var (needsRelation, decision) = request.Resource switch
        {
            "pods" => Pod(request, node),
            "serviceaccounts" when request.Verb != "create" || request.Name.Length == 0 => (false, No("can only create tokens for individual service accounts")),
            "serviceaccounts" => request.Subresource == "token" ? (true, default) : (false, No("can only create token subresource of serviceaccount")),
            "persistentvolumeclaims" when request.Subresource == "status" => request.Verb is "update" or "patch" ? (true, default)
                : (false, No("can only get/update/patch this type")),
            "persistentvolumeclaims" or "persistentvolumes" or "volumeattachments" => Get(request),
            _ => Read(request),
        };
        if (!needsRelation) return decision;
        if (request.Name.Length == 0) return No("No Object name found");
        var key = new ObjectKey(request.Namespace, request.Name);
        var allowed = request.Resource switch
        {
            "persistentvolumes" => await IsVolumeUsedAsync(node, request.Name, cancellationToken).ConfigureAwait(false),
            "volumeattachments" => await IsAttachedAsync(node, request.Name, cancellationToken).ConfigureAwait(false),
            "secrets" => await IsUsedAsync(new NodeReference(node, request.Resource, key.Namespace, key.Name), cancellationToken).ConfigureAwait(false)
                || await IsSecretOfVolumeAsync(node, key, cancellationToken).ConfigureAwait(false),
            _ => await IsUsedAsync(new NodeReference(node, request.Resource, key.Namespace, key.Name), cancellationToken).ConfigureAwait(false),
        };
        return allowed
            ? Allow
            : No($"no relationship found between node '{node}' and this object");
    }

    private static (bool, AccessDecision) Pod(AccessRequest request, string node) => (request.Subresource, request.Verb) switch
    {
        ("", "get") => (true, default),
        ("", "list" or "watch") when request.FieldSelector is { } selector && SelectsNode(selector, node) => (false, Allow),
        ("", "list" or "watch") when request.Name.Length > 0 => (true, default),
        ("", "list" or "watch") => (false, No("can only list/watch pods with spec.nodeName field selector")),
        // Which pods it writes is checked at admission.
        ("", "create" or "delete") or ("status", "update" or "patch") or ("eviction", "create") => (false, Allow),
        _ => (false, AccessDecision.NoOpinion),
    };

    private static bool SelectsNode(string selector, string node) =>
        FieldSelector.TermsOf(selector).Any(term => term is { Key: "spec.nodeName", Equal: true } && term.Value == node);

    private static (bool, AccessDecision) Get(AccessRequest request) => request switch
    {
        { Verb: not "get" } => (false, No("can only get individual resources of this type")),
        { Subresource.Length: > 0 } => (false, No("cannot get subresource")),
        _ => (true, default),
    };

    private static (bool, AccessDecision) Read(AccessRequest request) => request switch
    {
        { IsReadOnly: false } => (false, No("can only read resources of this type")),
        { Subresource.Length: > 0 } => (false, No("cannot read subresource")),
        { Namespace.Length: 0 } => (false, No("can only read namespaced object of this type")),
        _ => (true, default),
    };

    /// <summary>A volume is used where a pod uses the claim that it is bound to.</summary>
    private async ValueTask<bool> IsVolumeUsedAsync(string node, string name, CancellationToken cancellationToken)
    {
        var volumes = await registries.ConsistentAsync(ResourceTypes.PersistentVolumes, cancellationToken).ConfigureAwait(false);
        return volumes.Get(new ObjectKey("", name)) is { } volume && VolumeSecrets.ClaimOf(volume) is { } claim
            && await IsUsedAsync(new NodeReference(node, "persistentvolumeclaims", claim.Namespace, claim.Name), cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<bool> IsAttachedAsync(string node, string name, CancellationToken cancellationToken)
    {
        var attachments = await registries.ConsistentAsync(ResourceTypes.VolumeAttachments, cancellationToken).ConfigureAwait(false);
        if (attachments.Get(new ObjectKey("", name)) is not { } attachment) return false;
        using var document = System.Text.Json.JsonDocument.Parse(attachment.Json);
        return document.RootElement.Get("spec").Text("nodeName") == node;
    }

    private async ValueTask<bool> IsSecretOfVolumeAsync(string node, ObjectKey secret, CancellationToken cancellationToken)
    {
        var volumes = await registries.ConsistentAsync(ResourceTypes.PersistentVolumes, cancellationToken).ConfigureAwait(false);
        var index = _secretsOfVolumes ??= new InformerIndex<ObjectKey, ObjectKey>(volumes, VolumeSecrets.Of);
        foreach (var (_, claim) in index.Find(secret))
            if (await IsUsedAsync(new NodeReference(node, "persistentvolumeclaims", claim.Namespace, claim.Name), cancellationToken).ConfigureAwait(false)) return true;
        return false;
    }

    private async ValueTask<bool> IsUsedAsync(NodeReference reference, CancellationToken cancellationToken)
    {
        // A kubelet asks for what a pod uses as soon as it hears of the pod, perhaps through another process.
        var pods = await registries.ConsistentAsync(ResourceTypes.Pods, cancellationToken).ConfigureAwait(false);
        var used = _used ??= new InformerIndex<NodeReference, bool>(pods, NodeReferences.Of);
        return !used.Find(reference).IsEmpty;
    }
}
