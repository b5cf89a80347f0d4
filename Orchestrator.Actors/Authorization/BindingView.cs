using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authorization;

/// <summary>Whom a binding names.</summary>
/// <param name="Kind">User, Group or ServiceAccount.</param>
/// <param name="Namespace">Of service accounts; empty is the namespace of the binding.</param>
public sealed record Subject(string Kind, string Name, string Namespace);

/// <summary>Which role a binding grants.</summary>
/// <param name="Kind">Role or ClusterRole.</param>
public sealed record RoleRef(string Kind, string Name);

/// <summary>A RoleBinding or ClusterRoleBinding; parsed once per version.</summary>
public sealed class BindingView
{
    private BindingView(StoredObject o, JsonElement root)
    {
        Key = o.Key;
        Role = root.TryGetProperty("roleRef", out var role) ? new RoleRef(Text(role, "kind"), Text(role, "name")) : new RoleRef("", "");
        Subjects = root.TryGetProperty("subjects", out var subjects) && subjects.ValueKind == JsonValueKind.Array
            ? [.. subjects.EnumerateArray().Select(static s => new Subject(Text(s, "kind"), Text(s, "name"), Text(s, "namespace")))] : [];
    }

    /// <summary>Its namespace is empty for a ClusterRoleBinding.</summary>
    public ObjectKey Key { get; }

    public RoleRef Role { get; }
    public ImmutableArray<Subject> Subjects { get; }

    public static BindingView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new BindingView(o, document.RootElement);
    });

    private static string Text(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
