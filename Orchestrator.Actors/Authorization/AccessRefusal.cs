using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authorization;

/// <summary>The 403 of a request that nobody allowed.</summary>
/// <remarks>Source: k8s.io/apiserver, endpoints/handlers/responsewriters, Forbidden.</remarks>
public static class AccessRefusal
{
    public static ApiError Of(AccessRequest request, string reason)
    {
        var message = Describe(request);
        if (reason.Length > 0) message += $": {reason}";
        var type = new ResourceType(request.Group, request.Resource);
        var subject = !request.IsResource ? "forbidden"
            : request.Name.Length == 0 ? $"{type} is forbidden"
            : $"{type} {GoQuote.Quote(request.Name)} is forbidden";
        return new ApiError(403, "Forbidden", $"{subject}: {message}")
        {
            Group = request.Group,
            Kind = request.IsResource ? request.Resource : "",
            Name = request.Name,
        };
    }

    /// <summary>Such as <c>User "x" cannot list resource "pods" in API group "" in the namespace "default"</c>.</summary>
    public static string Describe(AccessRequest request)
    {
        var user = GoQuote.Quote(request.User.Name);
        if (!request.IsResource) return $"User {user} cannot {request.Verb} path {GoQuote.Quote(request.Path)}";
        var where = request.Namespace.Length > 0 ? $"in the namespace {GoQuote.Quote(request.Namespace)}" : "at the cluster scope";
        return $"User {user} cannot {request.Verb} resource {GoQuote.Quote(request.QualifiedResource)} in API group {GoQuote.Quote(request.Group)} {where}";
    }
}
