using System.Collections.Immutable;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Roles;

/// <summary>Gathers the rules of roles into those that aggregate them by label, such as admin, edit and view.</summary>
/// <remarks>Source: pkg/controller/clusterroleaggregation of Kubernetes.</remarks>
public sealed class ClusterRoleAggregationController : KindController
{
    public override string Name => "clusterrole-aggregation";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.ClusterRoles];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (change.Kind != ChangeKind.Deleted && RoleView.Of(change.Object).IsAggregated) yield return change.Object.Key;
        // Aggregating roles are few, and roles change seldom.
        foreach (var role in caches[ResourceTypes.ClusterRoles].Objects.EnumerateFrom())
        {
            if (role.Key == change.Object.Key) continue;
            var view = RoleView.Of(role);
            if (view.IsAggregated && (Selects(view, change.Object) || (change.Previous is { } before && Selects(view, before)))) yield return role.Key;
        }
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        var roles = caches[ResourceTypes.ClusterRoles];
        return roles.Get(key) is { } role ? Reconcile(role, roles.Objects.EnumerateFrom()) : ReconcileResult.None;
    }

    /// <summary>The rules of all roles that the role selects, each once, in order of the roles' names.</summary>
    internal static ReconcileResult Reconcile(StoredObject role, IEnumerable<StoredObject> all)
    {
        var view = RoleView.Of(role);
        if (!view.IsAggregated || role.Meta.Deleting) return ReconcileResult.None;
        var rules = new List<PolicyRule>();
        foreach (var source in all.Where(r => r.Key != role.Key && Selects(view, r)))
            foreach (var rule in RoleView.Of(source).Rules)
                if (!rules.Contains(rule)) rules.Add(rule);
        return rules.SequenceEqual(view.Rules)
            ? ReconcileResult.None
            : new ReconcileResult([new PatchAction(ResourceTypes.ClusterRoles, role.Key, role.Meta.Uid,
                new JsonObject { ["rules"] = new JsonArray([.. rules.Select(static r => (JsonNode?)Tree(r))]) })]);
    }

    private static bool Selects(RoleView view, StoredObject role) => view.Selectors.Any(s => s.Matches(role.Meta.Labels));

    private static JsonObject Tree(PolicyRule rule)
    {
        var tree = new JsonObject();
        Add("apiGroups", rule.ApiGroups);
        Add("nonResourceURLs", rule.NonResourceUrls);
        Add("resourceNames", rule.ResourceNames);
        Add("resources", rule.Resources);
        Add("verbs", rule.Verbs);
        return tree;

        void Add(string name, ImmutableArray<string> values)
        {
            if (!values.IsEmpty) tree[name] = new JsonArray([.. values.Select(static v => (JsonNode?)v)]);
        }
    }
}
