using Akka.Actor;
using Akka.Cluster.Tools.Singleton;

namespace Akka.Cluster.Sharding.Internal;

/// <summary>Start a region, or a proxy when there is nothing to make entities with.</summary>
internal sealed record StartRegion(
    string TypeName, Func<string, Props>? EntityProps, ClusterShardingSettings Settings, IMessageExtractor Extractor,
    IShardAllocationStrategy? Strategy, object StopMessage);

/// <summary>The parent of all regions, and of the singletons that run the coordinators.</summary>
internal sealed class ClusterShardingGuardian : UntypedActor
{
    protected override void OnReceive(object message)
    {
        if (message is not StartRegion start)
        {
            Unhandled(message);
            return;
        }
        try
        {
            Sender.Tell(start.EntityProps is null ? StartProxy(start) : StartWithEntities(start), Self);
        }
        catch (Exception e)
        {
            Sender.Tell(new Status.Failure(e), Self);
        }
    }

    private static string CoordinatorName(string typeName) => ClusterSharding.Encode(typeName) + "Coordinator";

    /// <summary>Where the coordinator is below the root of the member that runs it.</summary>
    private string CoordinatorPath(string typeName) =>
        Self.Path.ToStringWithoutAddress().TrimEnd('/') + "/" + CoordinatorName(typeName) + "/singleton/coordinator";

    private IActorRef StartProxy(StartRegion start)
    {
        var name = ClusterSharding.Encode(start.TypeName) + "Proxy";
        return Existing(name) ?? Context.ActorOf(RegionProps(start), name);
    }

    private IActorRef StartWithEntities(StartRegion start)
    {
        var name = ClusterSharding.Encode(start.TypeName);
        if (Existing(name) is { } region) return region;
        var (typeName, settings, strategy) = (start.TypeName, start.Settings, start.Strategy!);
        if (Existing(CoordinatorName(typeName)) is null)
        {
            var dispatcher = Context.Props.Dispatcher;
            var coordinator = Props.Create(() => new ShardCoordinator(typeName, settings, strategy)).WithDispatcher(dispatcher);
            var supervisor = Props.Create(() => new CoordinatorSupervisor(coordinator, settings.TuningParameters.CoordinatorFailureBackoff));
            var singleton = settings.CoordinatorSingletonSettings.WithSingletonName("singleton").WithRole(settings.Role);
            Context.ActorOf(
                ClusterSingletonManager.Props(supervisor.WithDispatcher(dispatcher), PoisonPill.Instance, singleton).WithDispatcher(dispatcher),
                CoordinatorName(typeName));
        }
        return Context.ActorOf(RegionProps(start), name);
    }

    private Props RegionProps(StartRegion start)
    {
        var path = CoordinatorPath(start.TypeName);
        return Props.Create(() => new ShardRegion(
            start.TypeName, start.EntityProps, start.Settings, path, start.Extractor, start.StopMessage)).WithDispatcher(Context.Props.Dispatcher);
    }

    private static IActorRef? Existing(string name)
    {
        var child = Context.Child(name);
        return child.IsNobody() ? null : child;
    }
}
