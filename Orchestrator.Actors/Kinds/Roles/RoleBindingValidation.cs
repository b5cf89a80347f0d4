using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Roles;

/// <summary>The role of a binding, which stays, and its subjects.</summary>
/// <param name="namespaced">A RoleBinding: it may name a Role, and service accounts of its own namespace without saying so.</param>
/// <remarks>Source: kubernetes pkg/apis/rbac/validation.</remarks>
public sealed class RoleBindingValidation(bool namespaced) : IKindValidation
{
    private static readonly FieldPath RoleRef = FieldPath.Of("roleRef");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "roleRef") is { } role)
        {
            if (JsonTree.String(role, "apiGroup") is var group && group != RoleBindingStrategy.Group)
                faults.NotSupported(RoleRef.Child("apiGroup"), group ?? "", [RoleBindingStrategy.Group]);
            string[] kinds = namespaced ? ["Role", "ClusterRole"] : ["ClusterRole"];
            var kind = JsonTree.String(role, "kind") ?? "";
            if (!kinds.Contains(kind, StringComparer.Ordinal)) faults.NotSupported(RoleRef.Child("kind"), kind, kinds);
            var name = FieldRules.Required(role, "name", RoleRef, faults);
            if (name.Length > 0 && ObjectNames.PathSegment(name) is { } fault) faults.Invalid(RoleRef.Child("name"), name, fault);
        }
        foreach (var (index, subject) in tree.Entries("subjects")) ValidateSubject(subject, FieldPath.Of("subjects").Index(index), faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (!JsonTree.DeepEquals(tree["roleRef"], stored["roleRef"])) faults.Invalid(RoleRef, GoSyntax.Struct("rbac.RoleRef", JsonTree.Object(tree, "roleRef"), ("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name")), "cannot change roleRef");
    }

    private void ValidateSubject(JsonObject subject, FieldPath path, FaultList faults)
    {
        var name = FieldRules.Required(subject, "name", path, faults);
        var group = JsonTree.String(subject, "apiGroup") ?? "";
        switch (JsonTree.String(subject, "kind"))
        {
            case "ServiceAccount":
                if (name.Length > 0 && ObjectNames.Subdomain(name) is { } fault) faults.Invalid(path.Child("name"), name, fault);
                if (group.Length > 0) faults.NotSupported(path.Child("apiGroup"), group, [""]);
                if (!namespaced) FieldRules.Required(subject, "namespace", path, faults);
                break;
            case "User" or "Group":
                if (group != RoleBindingStrategy.Group) faults.NotSupported(path.Child("apiGroup"), group, [RoleBindingStrategy.Group]);
                break;
            case var kind:
                faults.NotSupported(path.Child("kind"), kind ?? "", ["ServiceAccount", "User", "Group"]);
                break;
        }
    }
}
