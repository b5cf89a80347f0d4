using System.Collections.Concurrent;
using Orchestrator.Actors.Authentication;

namespace Orchestrator.Actors.Authorization;

/// <summary>How often each authorizer of a chain allowed or denied, for the metrics of the server. Called from many threads.</summary>
/// <remarks>Who has no opinion decides nothing and is not counted. Source: k8s.io/apiserver, pkg/authorization/metrics.</remarks>
public sealed class DecisionCounts
{
    private readonly ConcurrentDictionary<(string Type, string Name), Tally> _tallies = new();

    /// <summary>What was decided at least once; <c>Decision</c> is <c>allowed</c> or <c>denied</c>.</summary>
    public IEnumerable<(string Type, string Name, string Decision, long Count)> All
    {
        get
        {
            foreach (var ((type, name), tally) in _tallies)
            {
                if (Interlocked.Read(ref tally.Allowed) is > 0 and var allowed) yield return (type, name, "allowed", allowed);
                if (Interlocked.Read(ref tally.Denied) is > 0 and var denied) yield return (type, name, "denied", denied);
            }
        }
    }

    /// <summary>The same authorizer, counted. What was counted under its name before a reload goes on.</summary>
    internal IAuthorizer Counted(ConfiguredAuthorizer configured, IAuthorizer authorizer) =>
        new CountedAuthorizer(authorizer, _tallies.GetOrAdd((configured.Type, configured.Name), static _ => new Tally()));

    private sealed class Tally
    {
        public long Allowed;
        public long Denied;

        public void Add(AccessVerdict verdict)
        {
            if (verdict == AccessVerdict.Allow) Interlocked.Increment(ref Allowed);
            else if (verdict == AccessVerdict.Deny) Interlocked.Increment(ref Denied);
        }
    }

    private sealed class CountedAuthorizer(IAuthorizer authorizer, Tally tally) : IAuthorizer
    {
        public ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken)
        {
            var pending = authorizer.DecideAsync(request, cancellationToken);
            if (!pending.IsCompletedSuccessfully) return ContinueAsync(pending);
            var decision = pending.Result;
            tally.Add(decision.Verdict);
            return ValueTask.FromResult(decision);
        }

        public ValueTask<UserRules> RulesAsync(UserInfo user, string ns, CancellationToken cancellationToken) => authorizer.RulesAsync(user, ns, cancellationToken);

        private async ValueTask<AccessDecision> ContinueAsync(ValueTask<AccessDecision> pending)
        {
            var decision = await pending.ConfigureAwait(false);
            tally.Add(decision.Verdict);
            return decision;
        }
    }
}
