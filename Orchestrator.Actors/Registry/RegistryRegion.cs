using Akka.Actor;
using Akka.Cluster.Sharding;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>The shard region <c>registry</c>: one shard and one entity per resource type.</summary>
public static class RegistryRegion
{
    public const string TypeName = "registry";

    /// <summary>The role of the processes that host registries.</summary>
    public const string Role = "control-plane";

    /// <summary>Joins the region as a host of registries.</summary>
    public static Task<IActorRef> StartAsync(ActorSystem system, RegistrySettings settings, LocalRegistries local, TimeProvider clock) =>
        ClusterSharding.Get(system).StartAsync(
            TypeName,
            type => RegistryActor.Props(ResourceType.Parse(type), settings, local, clock),
            ClusterShardingSettings.Create(system).WithRole(Role),
            new Extractor(),
            ShardAllocationStrategy.LeastShardAllocationStrategy(absoluteLimit: 1, relativeLimit: 0.1),
            StopRegistry.Instance);

    /// <summary>Reaches the region from a process that hosts none.</summary>
    public static Task<IActorRef> StartProxyAsync(ActorSystem system) =>
        ClusterSharding.Get(system).StartProxyAsync(TypeName, Role, new Extractor());

    private sealed class Extractor : IMessageExtractor
    {
        public string EntityId(object message) => message is RegistryMessage m ? m.Type.ToString() : null!;

        public object EntityMessage(object message) => message;

        public string ShardId(string entityId, object? messageHint = null) => entityId;
    }
}
