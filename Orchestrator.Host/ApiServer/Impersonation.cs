using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>Requests in the name of another user: kubectl's <c>--as</c>. Each thing that is taken on needs the verb impersonate.</summary>
/// <remarks>Ignoring these headers would carry out with one's own rights what was to be tried as someone else.
/// Source: k8s.io/apiserver, endpoints/filters/impersonation.go.</remarks>
public static class Impersonation
{
    private const string UserHeader = "Impersonate-User";
    private const string GroupHeader = "Impersonate-Group";
    private const string UidHeader = "Impersonate-Uid";
    private const string ExtraPrefix = "Impersonate-Extra-";
    private const string AuthenticationGroup = "authentication.k8s.io";

    /// <summary>Whether a request asks to act as someone else; nearly none does.</summary>
    public static bool IsAsked(IHeaderDictionary headers)
    {
        foreach (var header in headers)
            if (header.Key.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    /// <summary>The user that the request acts as, or why it may not.</summary>
    public static async ValueTask<(UserInfo? User, ApiError? Error)> ApplyAsync(
        IHeaderDictionary headers, UserInfo user, IAuthorizer authorizer, CancellationToken cancellationToken)
    {
        var name = First(headers, UserHeader);
        ImmutableArray<string> groups = [.. headers[GroupHeader].Where(static g => !string.IsNullOrEmpty(g)).Select(static g => g!)];
        var uid = First(headers, UidHeader);
        var extra = Extra(headers);
        if (name.Length == 0)
            return groups.Length > 0 || uid.Length > 0 || extra.Count > 0
                // Upstream says 500 to this, though it is the client's fault.
                ? (null, ApiError.BadRequest($"requested [{string.Join(' ', References(groups, uid, extra))}] without impersonating a user"))
                : (user, null);

        foreach (var access in Needed(user, name, groups, uid, extra))
            if (await RequestAccess.CheckAsync(authorizer, access, attempts: null, cancellationToken).ConfigureAwait(false) is { } refused) return (null, refused);
        if (groups.IsEmpty && ServiceAccountName.TryParse(name) is { } account) groups = ServiceAccountName.GroupsOf(account.Namespace);
        return (new UserInfo(name, uid, WithStanding(name, groups)) { Extra = extra }, null);
    }

    private static string First(IHeaderDictionary headers, string name) => headers[name] is { Count: > 0 } values ? values[0] ?? "" : "";

    // As Go prints the references that it makes of the headers: kind, namespace, name, uid, apiVersion, resourceVersion, fieldPath.
    private static IEnumerable<string> References(ImmutableArray<string> groups, string uid, ImmutableDictionary<string, ImmutableArray<string>> extra) =>
        groups.Select(static g => $"{{Group  {g}    }}")
            .Concat(extra.SelectMany(static e => e.Value.Select(v => $"{{UserExtra  {v}  {AuthenticationGroup}/v1  {e.Key}}}")))
            .Concat(uid.Length > 0 ? [$"{{UID  {uid}  {AuthenticationGroup}/v1  }}"] : []);

    private static IEnumerable<AccessRequest> Needed(
        UserInfo user, string name, ImmutableArray<string> groups, string uid, ImmutableDictionary<string, ImmutableArray<string>> extra)
    {
        var who = ServiceAccountName.TryParse(name) is { } account
            ? AccessRequest.OfResource(user, "impersonate", "", "serviceaccounts", account.Namespace, account.Name)
            : AccessRequest.OfResource(user, "impersonate", "", "users", name: name);
        yield return who with { Version = "" };
        foreach (var group in groups) yield return AccessRequest.OfResource(user, "impersonate", "", "groups", name: group) with { Version = "" };
        foreach (var (key, values) in extra)
            foreach (var value in values)
                yield return AccessRequest.OfResource(user, "impersonate", AuthenticationGroup, "userextras", name: value, subresource: key) with { Version = "v1" };
        if (uid.Length > 0) yield return AccessRequest.OfResource(user, "impersonate", AuthenticationGroup, "uids", name: uid) with { Version = "v1" };
    }

    /// <summary>Everyone but the anonymous user counts as known.</summary>
    private static ImmutableArray<string> WithStanding(string name, ImmutableArray<string> groups)
    {
        if (groups.Contains(UserInfo.Unauthenticated)) return groups;
        if (name == UserInfo.Anonymous) return groups.Add(UserInfo.Unauthenticated);
        return groups.Contains(UserInfo.Authenticated) ? groups : groups.Add(UserInfo.Authenticated);
    }

    private static ImmutableDictionary<string, ImmutableArray<string>> Extra(IHeaderDictionary headers)
    {
        var extra = ImmutableDictionary<string, ImmutableArray<string>>.Empty;
        foreach (var header in headers)
        {
            if (!header.Key.StartsWith(ExtraPrefix, StringComparison.OrdinalIgnoreCase)) continue;
            var key = Uri.UnescapeDataString(header.Key[ExtraPrefix.Length..].ToLowerInvariant());
            extra = extra.SetItem(key, extra.GetValueOrDefault(key, []).AddRange(header.Value.Select(static v => v ?? "")));
        }
        return extra;
    }
}
