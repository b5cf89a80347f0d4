using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;

namespace Orchestrator.Actors.Authorization;

/// <summary>Members of <c>system:masters</c> may do everything; it is asked before all others.</summary>
public sealed class MastersAuthorizer : IAuthorizer
{
    private static readonly AccessDecision Allowed = new(AccessVerdict.Allow);

    public ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(request.User.IsMaster ? Allowed : AccessDecision.NoOpinion);
}

/// <summary>The mode AlwaysAllow.</summary>
public sealed class AlwaysAllowAuthorizer : IAuthorizer
{
    private static readonly ImmutableArray<PolicyRule> Everything =
        [new PolicyRule { Verbs = ["*"], ApiGroups = ["*"], Resources = ["*"] }, new PolicyRule { Verbs = ["*"], NonResourceUrls = ["*"] }];

    public ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new AccessDecision(AccessVerdict.Allow));

    public ValueTask<UserRules> RulesAsync(UserInfo user, string ns, CancellationToken cancellationToken) => ValueTask.FromResult(new UserRules(Everything));
}

/// <summary>The mode AlwaysDeny, for tests of clients. As upstream it has no opinion, so that an authorizer behind it can allow.</summary>
public sealed class AlwaysDenyAuthorizer : IAuthorizer
{
    public ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new AccessDecision(AccessVerdict.NoOpinion, "Everything is forbidden."));
}
