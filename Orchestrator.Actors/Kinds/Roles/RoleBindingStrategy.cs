using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Roles;

/// <summary>The group of a binding's subjects follows from their kind.</summary>
/// <remarks>Source: kubernetes pkg/apis/rbac/v1/defaults.go.</remarks>
public sealed class RoleBindingStrategy : IKindStrategy
{
    public const string Group = "rbac.authorization.k8s.io";

    public void ApplyDefaults(JsonObject tree)
    {
        foreach (var (_, subject) in tree.Entries("subjects"))
            if (string.IsNullOrEmpty(JsonTree.String(subject, "apiGroup")) && JsonTree.String(subject, "kind") is "User" or "Group") subject["apiGroup"] = Group;
    }
}
