using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authorization;

/// <summary>One subject of one binding: what the index of subjects finds.</summary>
public sealed class Grant(BindingView binding, Subject subject)
{
    private string? _reason;

    public ObjectKey Binding => binding.Key;

    public RoleRef Role => binding.Role;

    /// <summary>Why a request is allowed by it, in upstream's words; made once.</summary>
    public string Reason => _reason ??= $"RBAC: allowed by {DescribeBinding()} of {Role.Kind} {GoQuote.Quote(Role.Name)} to {DescribeSubject()}";

    private string DescribeBinding() => Binding.Namespace.Length == 0
        ? $"ClusterRoleBinding {GoQuote.Quote(Binding.Name)}"
        : $"RoleBinding {GoQuote.Quote($"{Binding.Name}/{Binding.Namespace}")}";

    private string DescribeSubject()
    {
        if (subject.Kind != "ServiceAccount") return $"{subject.Kind} {GoQuote.Quote(subject.Name)}";
        var ns = subject.Namespace.Length > 0 ? subject.Namespace : Binding.Namespace;
        return $"{subject.Kind} {GoQuote.Quote($"{subject.Name}/{ns}")}";
    }
}
