using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;

namespace Orchestrator.Actors.Authorization;

/// <summary>One link of the chain of <c>--authorization-mode</c>. Called from many threads, once per request.</summary>
public interface IAuthorizer
{
    ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken);

    /// <summary>All that the user may do in a namespace, as far as this authorizer can tell by rules.</summary>
    ValueTask<UserRules> RulesAsync(UserInfo user, string ns, CancellationToken cancellationToken) => ValueTask.FromResult(UserRules.None);
}

/// <summary>The rules that apply to a user.</summary>
/// <param name="Incomplete">There may be more that cannot be listed; <paramref name="Error"/> says why.</param>
public sealed record UserRules(ImmutableArray<PolicyRule> Rules, bool Incomplete = false, string Error = "")
{
    public static UserRules None { get; } = new([]);
}
