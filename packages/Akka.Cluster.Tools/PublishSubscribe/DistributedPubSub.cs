using Akka.Actor;
using Akka.Configuration;

namespace Akka.Cluster.Tools.PublishSubscribe;

/// <summary>Makes the <see cref="DistributedPubSub"/> of an actor system.</summary>
public sealed class DistributedPubSubExtensionProvider : ExtensionIdProvider<DistributedPubSub>
{
    /// <inheritdoc />
    public override DistributedPubSub CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>Publishing to topics, and sending by path, across the cluster. Delivery is at most once.</summary>
public sealed class DistributedPubSub : IExtension
{
    private readonly ExtendedActorSystem _system;
    private readonly string? _role;

    public DistributedPubSub(ExtendedActorSystem system)
    {
        _system = system;
        var settings = DistributedPubSubSettings.Create(system);
        _role = settings.Role;
        ClusterToolsSerialization.Register(system);
        if (IsTerminated)
        {
            Mediator = system.DeadLetters;
            return;
        }

        var name = system.Settings.Config.GetString("akka.cluster.pub-sub.name", "distributedPubSubMediator");
        var dispatcher = system.Settings.Config.GetString("akka.cluster.pub-sub.use-dispatcher", "");
        var props = DistributedPubSubMediator.Props(settings);
        Mediator = system.SystemActorOf(string.IsNullOrEmpty(dispatcher) ? props : props.WithDispatcher(dispatcher), name);
    }

    /// <summary>Whether this member has left, or lacks the role.</summary>
    public bool IsTerminated
    {
        get
        {
            var cluster = Cluster.Get(_system);
            return cluster.IsTerminated || (!string.IsNullOrEmpty(_role) && !cluster.SelfRoles.Contains(_role));
        }
    }

    /// <summary>Takes <see cref="Publish"/>, <see cref="Subscribe"/> and the others.</summary>
    public IActorRef Mediator { get; }

    public static DistributedPubSub Get(ActorSystem system) => system.WithExtension<DistributedPubSub, DistributedPubSubExtensionProvider>();

    /// <summary>The defaults of <c>akka.cluster.pub-sub</c>.</summary>
    public static Config DefaultConfig() => ClusterToolsConfig.Default();
}
