using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Roles;

/// <summary>The rules of a Role or a ClusterRole: verbs on resources or on paths, never on both.</summary>
/// <param name="namespaced">A Role: it has no paths that are no resources.</param>
/// <remarks>Source: kubernetes pkg/apis/rbac/validation.</remarks>
public sealed class RoleValidation(bool namespaced) : IKindValidation
{
    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        foreach (var (index, rule) in tree.Entries("rules")) ValidateRule(rule, FieldPath.Of("rules").Index(index), faults);
        if (JsonTree.Object(tree, "aggregationRule") is not { } aggregation) return;
        var path = FieldPath.Of("aggregationRule").Child("clusterRoleSelectors");
        if (aggregation.CountOf("clusterRoleSelectors") == 0) faults.Required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil");
        foreach (var (index, selector) in aggregation.Entries("clusterRoleSelectors")) SelectorValidation.Validate(selector, path.Index(index), faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
    }

    private void ValidateRule(JsonObject rule, FieldPath path, FaultList faults)
    {
        if (rule.CountOf("verbs") == 0) faults.Required(path.Child("verbs"), "verbs must contain at least one value");
        if (rule.CountOf("nonResourceURLs") > 0)
        {
            var urls = path.Child("nonResourceURLs");
            if (namespaced) faults.Invalid(urls, rule["nonResourceURLs"], "namespaced rules cannot apply to non-resource URLs");
            if (rule.CountOf("apiGroups") > 0 || rule.CountOf("resources") > 0 || rule.CountOf("resourceNames") > 0)
                faults.Invalid(urls, rule["nonResourceURLs"], "rules cannot apply to both regular resources and non-resource URLs");
            return;
        }
        if (rule.CountOf("apiGroups") == 0) faults.Required(path.Child("apiGroups"), "resource rules must supply at least one api group");
        if (rule.CountOf("resources") == 0) faults.Required(path.Child("resources"), "resource rules must supply at least one resource");
    }
}
