using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>Requests in the name of another user: kubectl's <c>--as</c>. Only masters may.</summary>
/// <remarks>Ignoring these headers would carry out as a master what was to be tried as someone else.</remarks>
public static class Impersonation
{
    public static (UserInfo? User, ApiError? Error) Apply(IHeaderDictionary headers, UserInfo user)
    {
        var name = headers["Impersonate-User"].ToString();
        if (name.Length == 0)
            return headers.ContainsKey("Impersonate-Group") || headers.ContainsKey("Impersonate-Uid")
                ? (null, ApiError.BadRequest("requested impersonation of a group or a uid without impersonating a user"))
                : (user, null);
        if (!user.IsMaster)
            return (null, ApiError.Forbidden(ResourceType.Core("users"), name, $"User \"{user.Name}\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope"));
        ImmutableArray<string> groups = [.. headers["Impersonate-Group"].Where(g => !string.IsNullOrEmpty(g)).Select(g => g!)];
        if (!groups.Contains(UserInfo.Authenticated)) groups = groups.Add(UserInfo.Authenticated);
        return (new UserInfo(name, headers["Impersonate-Uid"].ToString(), groups), null);
    }
}
