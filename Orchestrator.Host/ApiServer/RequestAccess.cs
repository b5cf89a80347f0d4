using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>Asks the authorizers about HTTP requests.</summary>
public static class RequestAccess
{
    /// <summary>What is to be decided about a request.</summary>
    public static AccessRequest Of(HttpContext context, RequestInfo request, UserInfo user)
    {
        if (!request.IsResource) return new AccessRequest(user, request.Verb) { Path = request.Path };
        var access = new AccessRequest(user, request.Verb)
        {
            IsResource = true,
            Group = request.Group,
            Version = request.Version,
            Resource = request.Resource,
            Subresource = request.Subresource,
            Name = request.Name,
            Namespace = request.Namespace,
            Path = request.Path,
        };
        return request.Verb is "list" or "watch" or "deletecollection" && context.Request.QueryString.HasValue
            ? WithSelector(access, context.Request.Query["fieldSelector"].ToString()) with { LabelSelector = context.Request.Query["labelSelector"].ToString() }
            : access;
    }

    /// <summary>The refusal, or null.</summary>
    /// <param name="attempts">Counts what is decided; null for what is no request of its own.</param>
    public static ValueTask<ApiError?> CheckAsync(IAuthorizer authorizer, AccessRequest access, AccessAttempts? attempts, CancellationToken cancellationToken)
    {
        var begun = attempts is null ? 0 : Stopwatch.GetTimestamp();
        var pending = authorizer.DecideAsync(access, cancellationToken);
        return pending.IsCompletedSuccessfully
            ? ValueTask.FromResult(Refusal(access, pending.Result, attempts, begun))
            : WaitAsync(pending, access, attempts, begun);
    }

    private static async ValueTask<ApiError?> WaitAsync(ValueTask<AccessDecision> pending, AccessRequest access, AccessAttempts? attempts, long begun) =>
        Refusal(access, await pending.ConfigureAwait(false), attempts, begun);

    private static ApiError? Refusal(AccessRequest access, AccessDecision decision, AccessAttempts? attempts, long begun)
    {
        attempts?.AddAuthorization(decision, begun);
        return decision.Allowed ? null
            : decision.Failed ? new ApiError(500, "InternalError", $"Internal Server Error: {GoQuote.Quote(access.Path)}: {decision.EvaluationError}")
            : AccessRefusal.Of(access, decision.Reason);
    }

    // A list or a watch of one object by its name may be allowed by a rule that names it; a deletion of several may not.
    private static AccessRequest WithSelector(AccessRequest access, string selector)
    {
        if (selector.Length == 0) return access;
        access = access with { FieldSelector = selector };
        if (access.Name.Length > 0 || access.Verb == "deletecollection") return access;
        foreach (var term in FieldSelector.TermsOf(selector))
            if (term is { Key: "metadata.name", Equal: true }) return ObjectNames.PathSegment(term.Value) is null ? access with { Name = term.Value } : access;
        return access;
    }
}
