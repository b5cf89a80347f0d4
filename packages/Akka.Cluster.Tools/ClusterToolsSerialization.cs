using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Cluster.Tools.PublishSubscribe.Serialization;
using Akka.Cluster.Tools.Singleton;
using Akka.Cluster.Tools.Singleton.Serialization;

namespace Akka.Cluster.Tools;

/// <summary>
/// Makes the serializers of this package known to a system. They are not among the defaults of the system itself, and its
/// serialization has been set up before anything of this package is used.
/// </summary>
internal static class ClusterToolsSerialization
{
    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<ActorSystem, object> Registered = [];

    public static void Register(ActorSystem system)
    {
        lock (Registered)
        {
            if (!Registered.TryAdd(system, Registered))
                return;
        }

        var extended = (ExtendedActorSystem)system;
        var singleton = new ClusterSingletonMessageSerializer(extended);
        var pubSub = new DistributedPubSubMessageSerializer(extended);
        system.Serialization.AddSerializer("akka-singleton", singleton);
        system.Serialization.AddSerializationMap(typeof(IClusterSingletonMessage), singleton);
        system.Serialization.AddSerializer("akka-pubsub", pubSub);
        system.Serialization.AddSerializationMap(typeof(IDistributedPubSubMessage), pubSub);
    }
}
