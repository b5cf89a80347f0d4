using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Remote.TestKit;

namespace Akka.Cluster.TestKit;

/// <summary>Base of multi-node tests whose nodes form a cluster.</summary>
public abstract class MultiNodeClusterSpec : MultiNodeSpec
{
    private static readonly TimeSpan MembershipTimeout = TimeSpan.FromSeconds(25);

    private static readonly Config ClusterDefaults = ConfigurationFactory.ParseString("""
        akka {
          actor.provider = cluster
          cluster {
            gossip-interval = 200 ms
            leader-actions-interval = 200 ms
            unreachable-nodes-reaper-interval = 500 ms
            periodic-tasks-initial-delay = 300 ms
            publish-stats-interval = 0 s
            failure-detector.heartbeat-interval = 500 ms
            run-coordinated-shutdown-when-down = off
          }
          loglevel = INFO
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
        }
        """);

    protected MultiNodeClusterSpec(MultiNodeConfig config, Type type) : base(config, type) { }

    public Cluster Cluster => Cluster.Get(Sys);

    protected override int InitialParticipantsValueFactory => Roles.Count;

    /// <summary>Quick membership, for tests that are not about the times of production.</summary>
    public static Config ClusterConfig() => ClusterDefaults;

    /// <summary>Address of the role's system in the cluster.</summary>
    public Address GetAddress(RoleName role) => Node(role).Address;

    /// <summary>Founds a cluster of this node alone, or waits until this node is in the one that it has joined.</summary>
    public void StartClusterNode()
    {
        if (Cluster.State.Members.IsEmpty)
        {
            Cluster.Join(GetAddress(Myself));
            AwaitAssert(() => Assert(Cluster.State.Members.Any(m => m.Address.Equals(GetAddress(Myself))), "not a member of its own cluster"), MembershipTimeout);
        }
        else
        {
            AwaitAssert(() => Assert(Cluster.IsUp, "not up"), MembershipTimeout);
        }
    }

    /// <summary>Forms a cluster of the roles; the first one founds it. Every node calls this, also the roles that stay out.</summary>
    public void AwaitClusterUp(params RoleName[] roles)
    {
        RunOn(StartClusterNode, roles[0]);
        EnterBarrier(roles[0].Name + "-started");
        if (roles.Skip(1).Contains(Myself)) Cluster.Join(GetAddress(roles[0]));
        if (roles.Contains(Myself)) AwaitMembersUp(roles.Length);
        EnterBarrier(string.Join("-", roles.Select(r => r.Name)) + "-joined");
    }

    /// <summary>Joins by a member, again and again until this node is one.</summary>
    public void JoinWithin(RoleName joinNode, TimeSpan? max = null, TimeSpan? interval = null)
    {
        Cluster.Join(GetAddress(joinNode));
        AwaitCondition(() =>
        {
            Cluster.Join(GetAddress(joinNode));
            return Cluster.State.Members.Any(m => m.Address.Equals(GetAddress(Myself)) && m.Status == MemberStatus.Up);
        }, max ?? RemainingOr(MembershipTimeout), interval ?? TimeSpan.FromSeconds(1));
    }

    /// <summary>Expects exactly these members.</summary>
    public void AssertMembers(IEnumerable<Member> gotMembers, params Address[] expectedAddresses) =>
        Assert(
            gotMembers.Select(m => m.Address).ToHashSet().SetEquals(expectedAddresses),
            $"members are [{string.Join(", ", gotMembers)}] and not [{string.Join<Address>(", ", expectedAddresses)}]");

    /// <summary>Waits, on each of the given nodes, until the one that orders first leads.</summary>
    public void AssertLeader(params RoleName[] nodesInCluster)
    {
        if (IsNode(nodesInCluster)) AssertLeaderIn([.. nodesInCluster]);
    }

    /// <summary>Waits until the first of the nodes, in the order of members, leads.</summary>
    public void AssertLeaderIn(ImmutableList<RoleName> nodesInCluster)
    {
        var expected = RoleOfLeader(nodesInCluster);
        AwaitAssert(() => Assert(
            GetAddress(expected).Equals(Cluster.State.Leader), $"the leader is {Cluster.State.Leader} and not {expected.Name}"), RemainingOr(MembershipTimeout));
    }

    /// <summary>Waits until this node sees so many members, all Up and none of them one of the excluded.</summary>
    public void AwaitMembersUp(int numbersOfMembers, ImmutableHashSet<Address>? canNotBePartOfMemberRing = null, TimeSpan? timeout = null)
    {
        AwaitAssert(() =>
        {
            var members = Cluster.State.Members;
            var text = string.Join(", ", members);
            Assert(members.Count == numbersOfMembers, $"expected {numbersOfMembers} members, have [{text}]");
            Assert(members.All(m => m.Status == MemberStatus.Up), $"not all are up: [{text}]");
            if (canNotBePartOfMemberRing is not null)
                Assert(!members.Any(m => canNotBePartOfMemberRing.Contains(m.Address)), $"members that should be gone: [{text}]");
        }, timeout ?? RemainingOr(MembershipTimeout));
    }

    /// <summary>Waits until nobody is seen as unreachable.</summary>
    public void AwaitAllReachable() =>
        AwaitAssert(() => Assert(Cluster.State.Unreachable.IsEmpty, $"unreachable: [{string.Join(", ", Cluster.State.Unreachable)}]"), RemainingOr(MembershipTimeout));

    /// <summary>The node that leads when these are the members.</summary>
    public RoleName RoleOfLeader(ImmutableList<RoleName> nodesInCluster) =>
        nodesInCluster.OrderBy(GetAddress, Member.AddressOrdering).First();

    private static void Assert(bool condition, string message) => Xunit.Assert.True(condition, message);
}
