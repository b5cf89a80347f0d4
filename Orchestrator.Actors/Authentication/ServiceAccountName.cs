using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authentication;

/// <summary>The user and the groups that a service account is.</summary>
/// <remarks>Source: k8s.io/apiserver, authentication/serviceaccount.</remarks>
public static class ServiceAccountName
{
    /// <summary>The group of all service accounts; with a namespace behind it, of those in it.</summary>
    public const string Group = "system:serviceaccounts";

    private const string Prefix = "system:serviceaccount:";

    public static string Of(ObjectKey account) => $"{Prefix}{account.Namespace}:{account.Name}";

    public static ImmutableArray<string> GroupsOf(string ns) => [Group, $"{Group}:{ns}"];

    /// <summary>The account that a user name names, or null when it names none.</summary>
    public static ObjectKey? TryParse(string user)
    {
        if (!user.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        var parts = user[Prefix.Length..].Split(':');
        return parts.Length == 2 && parts[0].Length > 0 && parts[1].Length > 0 ? new ObjectKey(parts[0], parts[1]) : null;
    }
}
