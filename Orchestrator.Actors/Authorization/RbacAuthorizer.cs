using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authorization;

/// <summary>The mode RBAC: allows what a role grants that is bound to the user or to one of its groups.</summary>
/// <remarks>It reads from the informers of this process. Before it refuses, it makes sure that these are not behind, so that who has
/// just been granted something may do it at once. Source: plugin/pkg/auth/authorizer/rbac of Kubernetes.</remarks>
public sealed class RbacAuthorizer : IAuthorizer
{
    /// <summary>How long a refusal waits for what has been committed elsewhere.</summary>
    private static readonly TimeSpan CatchUpMax = TimeSpan.FromSeconds(1);

    private readonly IRegistries _registries;
    private volatile Sources? _sources;

    public RbacAuthorizer(IRegistries registries) => _registries = registries;

    /// <summary>Starts the informers of the four types and waits until they have everything; the first decision does so too.</summary>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (_sources is not null) return;
        var informers = await Task.WhenAll(
            _registries.InformerAsync(ResourceTypes.Roles, cancellationToken).AsTask(),
            _registries.InformerAsync(ResourceTypes.ClusterRoles, cancellationToken).AsTask(),
            _registries.InformerAsync(ResourceTypes.RoleBindings, cancellationToken).AsTask(),
            _registries.InformerAsync(ResourceTypes.ClusterRoleBindings, cancellationToken).AsTask()).ConfigureAwait(false);
        _sources = new Sources(informers[0], informers[1], informers[2], informers[3], new SubjectIndex(informers[2]), new SubjectIndex(informers[3]));
    }

    public ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken)
    {
        if (_sources is not { } sources) return AgainAsync(request, cancellationToken);
        var decision = Decide(sources, request);
        return decision.Allowed || IsCurrent(sources) ? ValueTask.FromResult(decision) : AgainAsync(request, cancellationToken);
    }

    /// <summary>Decides by what this process knows now.</summary>
    private static AccessDecision Decide(Sources sources, AccessRequest request)
    {
        List<string>? missing = null;
        if (Try(sources, sources.ClusterBound, "", request, ref missing) is { } cluster) return new AccessDecision(AccessVerdict.Allow, cluster.Reason);
        if (request.Namespace.Length > 0 && Try(sources, sources.Bound, request.Namespace, request, ref missing) is { } bound)
            return new AccessDecision(AccessVerdict.Allow, bound.Reason);
        if (missing is null) return AccessDecision.NoOpinion;
        var error = AuthorizerChain.Aggregate(missing);
        return new AccessDecision(AccessVerdict.NoOpinion, $"RBAC: {error}", error);
    }

    /// <summary>All rules that apply to the user in a namespace; empty: in the whole cluster.</summary>
    private static (ImmutableArray<PolicyRule> Rules, ImmutableArray<string> Missing) RulesOf(Sources sources, UserInfo user, string ns)
    {
        var rules = ImmutableArray.CreateBuilder<PolicyRule>();
        List<string>? missing = null;
        foreach (var grant in GrantsOf(sources.ClusterBound, user, "")) rules.AddRange(RulesOf(sources, grant, ref missing));
        if (ns.Length > 0)
            foreach (var grant in GrantsOf(sources.Bound, user, ns)) rules.AddRange(RulesOf(sources, grant, ref missing));
        return (rules.ToImmutable(), missing is null ? [] : [.. missing]);
    }

    /// <summary>The rules of a role as seen from a binding in a namespace; null when there is no such role.</summary>
    public async ValueTask<ImmutableArray<PolicyRule>?> RulesOfRoleAsync(RoleRef role, string ns, CancellationToken cancellationToken)
    {
        var sources = await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        return Find(sources, role, ns)?.Rules;
    }

    public async ValueTask<UserRules> RulesAsync(UserInfo user, string ns, CancellationToken cancellationToken)
    {
        var sources = await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        var (rules, missing) = RulesOf(sources, user, ns);
        return new UserRules(rules, !missing.IsEmpty, AuthorizerChain.Aggregate(missing));
    }

    private static Grant? Try(Sources sources, SubjectIndex index, string ns, AccessRequest request, ref List<string>? missing)
    {
        foreach (var entry in index.OfUser(request.User.Name, ns))
            if (Allows(sources, entry.Item, request, ref missing)) return entry.Item;
        foreach (var group in request.User.Groups)
            foreach (var entry in index.OfGroup(group, ns))
                if (Allows(sources, entry.Item, request, ref missing)) return entry.Item;
        return null;
    }

    private static bool Allows(Sources sources, Grant grant, AccessRequest request, ref List<string>? missing)
    {
        foreach (var rule in RulesOf(sources, grant, ref missing))
            if (rule.Allows(request)) return true;
        return false;
    }

    private static ImmutableArray<PolicyRule> RulesOf(Sources sources, Grant grant, ref List<string>? missing)
    {
        if (Find(sources, grant.Role, grant.Binding.Namespace) is { } role) return role.Rules;
        var type = grant.Role.Kind == "ClusterRole" ? "clusterrole" : "role";
        (missing ??= []).Add($"{type}.rbac.authorization.k8s.io {GoQuote.Quote(grant.Role.Name)} not found");
        return [];
    }

    private static RoleView? Find(Sources sources, RoleRef role, string ns)
    {
        var stored = role.Kind switch
        {
            "ClusterRole" => sources.ClusterRoles.Get(new ObjectKey("", role.Name)),
            "Role" => sources.Roles.Get(new ObjectKey(ns, role.Name)),
            _ => null,
        };
        return stored is null ? null : RoleView.Of(stored);
    }

    private static IEnumerable<Grant> GrantsOf(SubjectIndex index, UserInfo user, string ns) =>
        index.OfUser(user.Name, ns).Concat(user.Groups.SelectMany(g => index.OfGroup(g, ns))).Select(static e => e.Item);

    private bool IsCurrent(Sources sources)
    {
        // Where the registry is in this process, this is a comparison in memory.
        return Current(sources.Roles) && Current(sources.ClusterRoles) && Current(sources.RoleBindings) && Current(sources.ClusterRoleBindings);

        bool Current(Informer informer)
        {
            var pending = _registries.ConsistentAsync(informer.Type);
            if (pending.IsCompletedSuccessfully) return true;
            // Asked again with a bound below; this question ends by itself.
            _ = pending.AsTask().ContinueWith(static t => t.Exception, TaskScheduler.Default);
            return false;
        }
    }

    private async ValueTask<AccessDecision> AgainAsync(AccessRequest request, CancellationToken cancellationToken) =>
        Decide(await CatchUpAsync(cancellationToken).ConfigureAwait(false), request);

    private async ValueTask<Sources> CatchUpAsync(CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken).ConfigureAwait(false);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(CatchUpMax);
        try
        {
            foreach (var type in (ResourceType[])[ResourceTypes.ClusterRoles, ResourceTypes.Roles, ResourceTypes.ClusterRoleBindings, ResourceTypes.RoleBindings])
                await _registries.ConsistentAsync(type, bound.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // A registry that is moving does not keep anyone from what he may do by what is known.
        }
        return _sources!;
    }

    private sealed record Sources(
        Informer Roles, Informer ClusterRoles, Informer RoleBindings, Informer ClusterRoleBindings, SubjectIndex Bound, SubjectIndex ClusterBound);
}
