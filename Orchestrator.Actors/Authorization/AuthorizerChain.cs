using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;

namespace Orchestrator.Actors.Authorization;

/// <summary>Asks authorizers in order; the first that allows or denies decides.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/authorization/union.</remarks>
public sealed class AuthorizerChain(ImmutableArray<IAuthorizer> authorizers) : IAuthorizer
{
    public ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken)
    {
        // Nearly every decision is made from memory, so the usual request allocates no state machine.
        var reasons = default(Reasons);
        for (var i = 0; i < authorizers.Length; i++)
        {
            var pending = authorizers[i].DecideAsync(request, cancellationToken);
            if (!pending.IsCompletedSuccessfully) return ContinueAsync(pending, i + 1, reasons, request, cancellationToken);
            var decision = pending.Result;
            if (decision.Verdict != AccessVerdict.NoOpinion) return ValueTask.FromResult(decision);
            reasons.Add(decision);
        }
        return ValueTask.FromResult(reasons.ToDecision());
    }

    public async ValueTask<UserRules> RulesAsync(UserInfo user, string ns, CancellationToken cancellationToken)
    {
        var rules = ImmutableArray.CreateBuilder<PolicyRule>();
        var incomplete = false;
        var errors = new List<string>();
        foreach (var authorizer in authorizers)
        {
            var found = await authorizer.RulesAsync(user, ns, cancellationToken).ConfigureAwait(false);
            rules.AddRange(found.Rules);
            incomplete |= found.Incomplete;
            if (found.Error.Length > 0) errors.Add(found.Error);
        }
        return new UserRules(rules.ToImmutable(), incomplete, Aggregate(errors));
    }

    /// <summary>Several faults as one, in the words of Go's aggregate.</summary>
    internal static string Aggregate(IReadOnlyList<string> errors) => errors.Count switch
    {
        0 => "",
        1 => errors[0],
        _ => $"[{string.Join(", ", errors.Distinct(StringComparer.Ordinal))}]",
    };

    private async ValueTask<AccessDecision> ContinueAsync(
        ValueTask<AccessDecision> pending, int next, Reasons reasons, AccessRequest request, CancellationToken cancellationToken)
    {
        while (true)
        {
            var decision = await pending.ConfigureAwait(false);
            if (decision.Verdict != AccessVerdict.NoOpinion) return decision;
            reasons.Add(decision);
            if (next == authorizers.Length) return reasons.ToDecision();
            pending = authorizers[next++].DecideAsync(request, cancellationToken);
        }
    }

    /// <summary>Why nobody allowed it.</summary>
    private struct Reasons
    {
        private string? _reasons;
        private List<string>? _errors;
        private bool _failed;

        public void Add(AccessDecision decision)
        {
            if (decision.Reason.Length > 0) _reasons = _reasons is null ? decision.Reason : $"{_reasons}\n{decision.Reason}";
            _failed |= decision.Failed;
            if (decision.EvaluationError.Length > 0) (_errors ??= []).Add(decision.EvaluationError);
        }

        public readonly AccessDecision ToDecision() => new(AccessVerdict.NoOpinion, _reasons ?? "", _errors is null ? "" : Aggregate(_errors)) { Failed = _failed };
    }
}
