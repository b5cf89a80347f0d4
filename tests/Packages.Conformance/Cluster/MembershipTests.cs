using System.Collections.Immutable;
using Akka.Cluster;
using static Packages.Conformance.Cluster.ClusterSamples;

namespace Packages.Conformance.Cluster;

public sealed class MembershipTests
{
    [Fact]
    public void Age_IsDecidedByUpNumber_AndThenByAddress()
    {
        var first = Member(9, upNumber: 1);
        var second = Member(1, upNumber: 2);
        var tie = Member(5, upNumber: 2);
        Assert.True(first.IsOlderThan(second));
        Assert.True(second.IsOlderThan(tie));
        Assert.False(tie.IsOlderThan(second));
        Assert.Equal([first, second, tie], new[] { tie, second, first }.Order(Akka.Cluster.Member.AgeOrdering));
    }

    [Fact]
    public void Age_OfUpNumbersBeyondNine_IsNumeric()
    {
        var members = Enumerable.Range(1, 30).Select(n => Member(31 - n, upNumber: n)).ToList();
        Assert.Equal(members, members.AsEnumerable().Reverse().Order(Akka.Cluster.Member.AgeOrdering));
    }

    [Fact]
    public void Copy_AgainstTheLifeOfAMember_IsRefused()
    {
        Assert.Throws<InvalidOperationException>(() => Member(1, MemberStatus.Down).Copy(MemberStatus.Up));
        Assert.Throws<InvalidOperationException>(() => Member(1, MemberStatus.Exiting).Copy(MemberStatus.Leaving));
        Assert.Equal(MemberStatus.Down, Member(1, MemberStatus.Exiting).Copy(MemberStatus.Down).Status);
    }

    [Fact]
    public void VectorClocks_AreComparedByContainment()
    {
        var a = VectorClock.Empty.Increment(Node(1));
        var b = a.Increment(Node(2));
        var c = a.Increment(Node(3));
        Assert.Equal(Ordering.Before, a.CompareTo(b));
        Assert.Equal(Ordering.After, b.CompareTo(a));
        Assert.Equal(Ordering.Concurrent, b.CompareTo(c));
        Assert.Equal(Ordering.Same, b.Merge(c).CompareTo(c.Merge(b)));
        Assert.Equal(b.Merge(c).Digest, c.Merge(b).Digest);
        Assert.NotEqual(b.Digest, c.Digest);
    }

    [Fact]
    public void Merge_OfConcurrentChanges_IsTheSameOnBothSides()
    {
        var start = Gossip(Member(1), Member(2), Member(3, MemberStatus.Joining));
        var left = start.Update([Member(2, MemberStatus.Leaving)]).Increment(Node(1));
        var right = start.Update([Member(3, MemberStatus.Up, upNumber: 3)]).Increment(Node(2));
        var merged = left.Merge(right);
        var other = right.Merge(left);
        Assert.Equal(merged.Members.Select(m => (m, m.Status)), other.Members.Select(m => (m, m.Status)));
        Assert.Equal(merged.Version.Digest, other.Version.Digest);
        Assert.Equal(MemberStatus.Leaving, merged.FindMember(Node(2))!.Status);
        Assert.Equal(MemberStatus.Up, merged.FindMember(Node(3))!.Status);
    }

    [Fact]
    public void Merge_WithAStateFromBeforeARemoval_DoesNotBringTheMemberBack()
    {
        var old = Gossip(Member(1), Member(2), Member(3));
        var removed = old.Remove(Node(3), 1).Increment(Node(1));
        var concurrent = old.Update([Member(2, MemberStatus.Leaving)]).Increment(Node(2));
        Assert.False(removed.Merge(concurrent).HasMember(Node(3)));
        Assert.False(concurrent.Merge(removed).HasMember(Node(3)));
        Assert.Equal(removed.Merge(concurrent).Version.Digest, concurrent.Merge(removed).Version.Digest);
    }

    [Fact]
    public void Reachability_OfTwoStates_TakesTheNewerRowOfEachObserver()
    {
        ImmutableHashSet<UniqueAddress> all = [Node(1), Node(2), Node(3)];
        var one = Reachability.Empty.Unreachable(Node(1), Node(3));
        var two = one.Reachable(Node(1), Node(3)).Unreachable(Node(2), Node(3));
        var merged = one.Merge(all, two);
        Assert.True(merged.IsReachable(Node(1), Node(3)));
        Assert.False(merged.IsReachable(Node(2), Node(3)));
        Assert.False(merged.IsReachable(Node(3)));
        Assert.Equal(merged.Records, two.Merge(all, one).Records);
    }

    [Fact]
    public void Reachability_Terminated_IsFinal()
    {
        var gone = Reachability.Empty.Terminated(Node(1), Node(2));
        Assert.Same(gone, gone.Reachable(Node(1), Node(2)));
        Assert.Equal(ReachabilityStatus.Terminated, gone.Status(Node(2)));
    }

    [Fact]
    public void Convergence_NeedsAllThatTakePartToHaveSeen()
    {
        var gossip = Gossip(Member(1), Member(2), Member(3, MemberStatus.Joining));
        Assert.False(new MembershipState(gossip, Node(1)).Convergence(ImmutableHashSet<UniqueAddress>.Empty));
        Assert.True(new MembershipState(gossip.MarkSeen(Node(2)), Node(1)).Convergence(ImmutableHashSet<UniqueAddress>.Empty));
    }

    [Fact]
    public void Convergence_WithAnUnreachableMember_IsNotReachedUntilItIsDown()
    {
        var gossip = Gossip(Member(1), Member(2), Member(3)).MarkSeen(Node(2))
            .WithReachability(Reachability.Empty.Unreachable(Node(1), Node(3)));
        Assert.False(new MembershipState(gossip, Node(1)).Convergence(ImmutableHashSet<UniqueAddress>.Empty));
        var downed = gossip.Update([Member(3, MemberStatus.Down)]);
        Assert.True(new MembershipState(downed, Node(1)).Convergence(ImmutableHashSet<UniqueAddress>.Empty));
    }

    [Fact]
    public void Leader_IsTheLowestReachableMemberThatIsUp()
    {
        var gossip = Gossip(Member(1, MemberStatus.Joining), Member(2), Member(3))
            .WithReachability(Reachability.Empty.Unreachable(Node(3), Node(2)));
        Assert.Equal(Node(3), new MembershipState(gossip, Node(3)).Leader);
        Assert.Equal(Node(2), new MembershipState(gossip, Node(2)).Leader);
        Assert.Equal(Node(1), new MembershipState(Gossip(Member(1, MemberStatus.Joining)), Node(1)).Leader);
    }

    [Fact]
    public void Ring_GivesEveryMemberABoundedNumberOfMonitors_AndNobodyNone()
    {
        var nodes = Enumerable.Range(1, 200).Select(n => Node(n)).ToList();
        var monitors = nodes.ToDictionary(n => n, _ => 0);
        foreach (var node in nodes)
        {
            var ring = new HeartbeatNodeRing(node, nodes, new HashSet<UniqueAddress>(), 9);
            Assert.Equal(9, ring.MyReceivers.Count);
            foreach (var receiver in ring.MyReceivers)
                monitors[receiver]++;
        }

        Assert.All(monitors.Values, count => Assert.Equal(9, count));
    }

    [Fact]
    public void Ring_SkipsUnreachableMembersWithoutForgettingThem()
    {
        var nodes = Enumerable.Range(1, 20).Select(n => Node(n)).ToList();
        var ring = new HeartbeatNodeRing(Node(1), nodes, new HashSet<UniqueAddress>(), 3);
        var lost = ring.MyReceivers.First();
        var without = ring.WithUnreachable(lost);
        Assert.Contains(lost, without.MyReceivers);
        Assert.Equal(4, without.MyReceivers.Count);
        Assert.Equal(ring.MyReceivers, without.WithReachable(lost).MyReceivers);
    }

    [Fact]
    public void Diff_TellsEveryChangeOnce()
    {
        var before = new MembershipState(Gossip(Member(1), Member(2), Member(3, MemberStatus.Joining)), Node(1));
        var after = new MembershipState(before.LatestGossip
            .Update([Member(3, MemberStatus.Up)])
            .Remove(Node(2), 1)
            .Increment(Node(1)), Node(1));
        var events = ClusterEvent.Diff(before, after);
        Assert.Equal(Node(3), Assert.Single(events.OfType<ClusterEvent.MemberUp>()).Member.UniqueAddress);
        var removed = Assert.Single(events.OfType<ClusterEvent.MemberRemoved>());
        Assert.Equal((Node(2), MemberStatus.Up), (removed.Member.UniqueAddress, removed.PreviousStatus));
        Assert.Empty(ClusterEvent.Diff(after, after));
    }
}
