using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authorization;

/// <summary>Decides for one process who may do what: the chain of an <see cref="AuthorizationConfiguration"/> behind the right of the masters.</summary>
/// <remarks>Called from many threads. The configuration may be replaced while requests are decided; each is decided by one of them.</remarks>
public sealed class AccessControl : IAuthorizer
{
    private readonly NodeAuthorizer _nodes;
    private readonly Func<ConfiguredAuthorizer, IAuthorizer>? _webhooks;
    private volatile AuthorizerChain _chain;

    /// <param name="configuration">Holds until another is used.</param>
    /// <param name="registries">Where roles and what nodes use are read.</param>
    /// <param name="webhooks">Makes the authorizers of the type Webhook; null where there are none.</param>
    public AccessControl(AuthorizationConfiguration configuration, IRegistries registries, Func<ConfiguredAuthorizer, IAuthorizer>? webhooks = null)
    {
        Rbac = new RbacAuthorizer(registries);
        _nodes = new NodeAuthorizer(registries);
        _webhooks = webhooks;
        _chain = ChainOf(configuration);
    }

    /// <summary>What roles grant, for the checks against escalation; it is there whether or not it is in the chain.</summary>
    public RbacAuthorizer Rbac { get; }

    /// <summary>What each authorizer of the chain decided.</summary>
    public DecisionCounts Decisions { get; } = new();

    /// <summary>Decides by another configuration from now on. The authorizers that live in this process go on with what they know.</summary>
    public void Use(AuthorizationConfiguration configuration) => _chain = ChainOf(configuration);

    public ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken) => _chain.DecideAsync(request, cancellationToken);

    public ValueTask<UserRules> RulesAsync(UserInfo user, string ns, CancellationToken cancellationToken) => _chain.RulesAsync(user, ns, cancellationToken);

    /// <summary>Whether a user may do something, for admission.</summary>
    public async ValueTask<bool> AllowsAsync(
        UserInfo user, string verb, ResourceType type, string subresource, ObjectKey key, CancellationToken cancellationToken) =>
        (await DecideAsync(AccessRequest.OfResource(user, verb, type.Group, type.Plural, key.Namespace, key.Name, subresource), cancellationToken).ConfigureAwait(false)).Allowed;

    private AuthorizerChain ChainOf(AuthorizationConfiguration configuration) => new([new MastersAuthorizer(), .. configuration.Authorizers.Select(a => Decisions.Counted(a, a.Type switch
    {
        "AlwaysAllow" => (IAuthorizer)new AlwaysAllowAuthorizer(),
        "AlwaysDeny" => new AlwaysDenyAuthorizer(),
        "RBAC" => Rbac,
        "Node" => _nodes,
        AuthorizationConfiguration.WebhookType when _webhooks is not null => _webhooks(a),
        _ => throw new ArgumentException($"unknown authorization mode {a.Type} specified", nameof(configuration)),
    }))]);
}
