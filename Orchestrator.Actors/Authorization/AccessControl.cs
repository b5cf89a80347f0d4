using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authorization;

/// <summary>Decides for one process who may do what: the chain of <c>--authorization-mode</c> behind the right of the masters.</summary>
public sealed class AccessControl
{
    /// <summary>The modes that are named without anything else. Source: kube-apiserver, <c>--authorization-mode</c>.</summary>
    public static ImmutableArray<string> Modes { get; } = ["AlwaysAllow", "AlwaysDeny", "Webhook", "RBAC", "Node"];

    public static ImmutableArray<string> DefaultModes { get; } = ["Node", "RBAC"];

    /// <param name="modes">Of <see cref="Modes"/>, in their order.</param>
    /// <param name="registries">Where roles and what nodes use are read.</param>
    /// <param name="webhook">The authorizer of the mode Webhook; null where it is not among the modes.</param>
    /// <exception cref="ArgumentException">A mode is unknown.</exception>
    public AccessControl(IEnumerable<string> modes, IRegistries registries, IAuthorizer? webhook = null)
    {
        Rbac = new RbacAuthorizer(registries);
        Nodes = new NodeAuthorizer(registries);
        Authorizer = new AuthorizerChain([new MastersAuthorizer(), .. modes.Select(mode => mode switch
        {
            "AlwaysAllow" => new AlwaysAllowAuthorizer(),
            "AlwaysDeny" => new AlwaysDenyAuthorizer(),
            "RBAC" => Rbac,
            "Node" => Nodes,
            "Webhook" when webhook is not null => webhook,
            _ => throw new ArgumentException($"unknown authorization mode {mode}", nameof(modes)),
        })]);
    }

    /// <summary>The whole chain.</summary>
    public IAuthorizer Authorizer { get; }

    /// <summary>What roles grant, for the checks against escalation; it is there whether or not it is among the modes.</summary>
    public RbacAuthorizer Rbac { get; }

    private NodeAuthorizer Nodes { get; }

    /// <summary>Whether a user may do something, for admission.</summary>
    public async ValueTask<bool> AllowsAsync(
        UserInfo user, string verb, ResourceType type, string subresource, ObjectKey key, CancellationToken cancellationToken) =>
        (await Authorizer.DecideAsync(AccessRequest.OfResource(user, verb, type.Group, type.Plural, key.Namespace, key.Name, subresource), cancellationToken).ConfigureAwait(false)).Allowed;
}
