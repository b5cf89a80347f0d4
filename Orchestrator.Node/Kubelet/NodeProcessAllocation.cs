using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;

namespace Orchestrator.Node.Kubelet;

/// <summary>Puts a shard of the region <c>kubelet</c> into the process whose name it bears, or nowhere: a node's pods run on that node alone.</summary>
/// <remarks>
/// A member says by a cluster role which process it is. So the place of a shard follows from the membership, and a coordinator
/// that has just begun, and remembers nothing, finds every kubelet where it is.
/// </remarks>
public sealed class NodeProcessAllocation(Cluster cluster) : IShardAllocationStrategy
{
    private const string RolePrefix = "node-name-";

    private static readonly Task<IImmutableSet<string>> None = Task.FromResult<IImmutableSet<string>>(ImmutableHashSet<string>.Empty);

    /// <summary>The cluster role of the member that is the process of this name.</summary>
    public static string RoleOf(string process) => RolePrefix + process;

    /// <returns>Nobody while the process is not there: the shard stays unallocated, and who has a message for it asks again.</returns>
    public Task<IActorRef> AllocateShard(
        IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations)
    {
        var state = cluster.State;
        // After a crash the process may be there twice, until the others have noticed: the younger member lives.
        var address = Choose(shardId, [.. state.Members.Order(Member.AgeOrdering).Select(m => (m.Address, m.Roles))]);
        var region = currentShardAllocations.Keys.FirstOrDefault(r => AddressOf(r).Equals(address));
        return Task.FromResult(region ?? ActorRefs.Nobody);
    }

    /// <summary>The address of the youngest member that is a process.</summary>
    /// <param name="members">Oldest first.</param>
    internal static Address? Choose(string process, IReadOnlyList<(Address Address, ImmutableHashSet<string> Roles)> members)
    {
        var role = RoleOf(process);
        for (var i = members.Count - 1; i >= 0; i--)
            if (members[i].Roles.Contains(role)) return members[i].Address;
        return null;
    }

    /// <summary>A node is never balanced away.</summary>
    public Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress) => None;

    private Address AddressOf(IActorRef region) => region.Path.Address.HasLocalScope ? cluster.SelfAddress : region.Path.Address;
}
