using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;

namespace Orchestrator.Node.Kubelet;

/// <summary>The shard region <c>kubelet</c>: one shard per node process, in that process; one entity per node.</summary>
/// <remarks>
/// The coordinator keeps its state in memory: where a kubelet belongs follows from the membership, and nodes cannot reach the
/// cluster's journal. A kubelet that runs does not need the coordinator.
/// </remarks>
public static class KubeletRegion
{
    public const string TypeName = "kubelet";

    /// <summary>The role of the processes that host kubelets.</summary>
    public const string Role = "node";

    private const string CoordinatorJournal = "akka.persistence.journal.inmem";
    private const string CoordinatorSnapshots = "akka.persistence.snapshot-store.inmem";

    /// <summary>Joins the region as the process of these nodes.</summary>
    /// <param name="kubelet">The props of the kubelet of a node.</param>
    public static Task<IActorRef> StartAsync(ActorSystem system, Func<string, Props> kubelet) =>
        ClusterSharding.Get(system).StartAsync(
            TypeName,
            kubelet,
            ClusterShardingSettings.Create(system).WithRole(Role).WithJournalPluginId(CoordinatorJournal).WithSnapshotPluginId(CoordinatorSnapshots),
            new Extractor(),
            new NodeProcessAllocation(Cluster.Get(system)),
            StopKubelet.Instance);

    /// <summary>Reaches the region from a process that hosts no node.</summary>
    public static Task<IActorRef> StartProxyAsync(ActorSystem system) =>
        ClusterSharding.Get(system).StartProxyAsync(TypeName, Role, new Extractor());

    private sealed class Extractor : IMessageExtractor
    {
        public string EntityId(object message) => message is IKubeletMessage m ? m.To.Node : null!;

        public object EntityMessage(object message) => message;

        public string ShardId(string entityId, object? messageHint = null) => messageHint is IKubeletMessage m ? m.To.Process : entityId;
    }
}
