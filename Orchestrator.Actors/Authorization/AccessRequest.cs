using Orchestrator.Actors.Authentication;

namespace Orchestrator.Actors.Authorization;

/// <summary>What is to be decided: who wants to do what to what. Every authorizer sees nothing but this.</summary>
/// <param name="User">Who.</param>
/// <param name="Verb">get, list, watch, create, update, patch, delete, deletecollection or a special one such as <c>bind</c>; of other paths the method in lower case.</param>
public sealed record AccessRequest(UserInfo User, string Verb)
{
    /// <summary>Whether it is about a resource and not a path such as <c>/metrics</c>.</summary>
    public bool IsResource { get; init; }

    /// <summary>Empty is the core group.</summary>
    public string Group { get; init; } = "";

    public string Version { get; init; } = "";

    /// <summary>The lower-case plural.</summary>
    public string Resource { get; init; } = "";

    public string Subresource { get; init; } = "";

    /// <summary>Empty for lists and creates.</summary>
    public string Name { get; init; } = "";

    /// <summary>Empty is cluster-scoped or all namespaces.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Of requests that are about no resource.</summary>
    public string Path { get; init; } = "";

    /// <summary>The field selector of a list, watch or deletecollection as it was sent; null for none.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>The label selector of the same, as it was sent; empty for none.</summary>
    public string LabelSelector { get; init; } = "";

    /// <summary>The resource as rules name it: <c>pods</c> or <c>pods/log</c>.</summary>
    public string QualifiedResource => field ??= Subresource.Length == 0 ? Resource : $"{Resource}/{Subresource}";

    /// <summary>Reading does not change anything.</summary>
    public bool IsReadOnly => Verb is "get" or "list" or "watch";

    public static AccessRequest OfResource(UserInfo user, string verb, string group, string resource, string ns = "", string name = "", string subresource = "") =>
        new(user, verb) { IsResource = true, Group = group, Version = "*", Resource = resource, Namespace = ns, Name = name, Subresource = subresource };
}
