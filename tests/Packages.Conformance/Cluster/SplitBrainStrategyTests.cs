using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.SBR;
using static Packages.Conformance.Cluster.ClusterSamples;

namespace Packages.Conformance.Cluster;

public sealed class SplitBrainStrategyTests
{
    [Theory]
    [InlineData(5, 3)]
    [InlineData(5, 4)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(2, 1)]
    [InlineData(9, 5)]
    public void KeepMajority_InACleanPartition_KeepsExactlyOneSide(int members, int firstSide)
    {
        var left = Enumerable.Range(1, firstSide).ToArray();
        var right = Enumerable.Range(firstSide + 1, members - firstSide).ToArray();
        var (keptLeft, keptRight) = Partition(new KeepMajority(null), Members(members), left, right);
        Assert.Equal(left.Select(n => Node(n)), keptLeft.Order());
        Assert.Empty(keptRight);
    }

    [Fact]
    public void KeepMajority_OfAPartitionInThree_KeepsAtMostOneSide()
    {
        var members = Members(5);
        int[][] sides = [[1, 2], [3, 4], [5]];
        var survivors = sides.Select(side => Survivors(new KeepMajority(null), members, side, [.. sides.SelectMany(s => s).Except(side)]));
        Assert.True(survivors.Count(s => !s.IsEmpty) <= 1);
    }

    [Fact]
    public void KeepMajority_WhenTheOtherSideMayHaveGrown_GivesUpRatherThanSplit()
    {
        // Three are up here, two over there; two more are joining and could have been moved up over there.
        ImmutableSortedSet<Member> members =
            [Member(1), Member(2), Member(3), Member(4), Member(5), Member(6, MemberStatus.Joining), Member(7, MemberStatus.Joining)];
        var view = View(members, 1, [1, 2, 3], [4, 5, 6, 7]);
        Assert.Equal(Decision.DownAll, new KeepMajority(null).Decide(view));
    }

    [Fact]
    public void KeepMajority_ByRole_CountsOnlyThose()
    {
        ImmutableSortedSet<Member> members = [Member(1, roles: ["cp"]), Member(2), Member(3), Member(4, roles: ["cp"]), Member(5, roles: ["cp"])];
        var (left, right) = Partition(new KeepMajority("cp"), members, [1, 2, 3], [4, 5]);
        Assert.Empty(left);
        Assert.Equal(2, right.Count);
    }

    [Fact]
    public void StaticQuorum_KeepsTheSideWithTheQuorum()
    {
        var (left, right) = Partition(new StaticQuorum(3, null), Members(5), [1, 2], [3, 4, 5]);
        Assert.Empty(left);
        Assert.Equal(3, right.Count);
        var (small, smaller) = Partition(new StaticQuorum(3, null), Members(4), [1, 2], [3, 4]);
        Assert.Empty(small);
        Assert.Empty(smaller);
    }

    [Fact]
    public void StaticQuorum_WithTooManyMembers_KeepsNobody()
    {
        var (left, right) = Partition(new StaticQuorum(2, null), Members(4), [1, 2], [3, 4]);
        Assert.Empty(left);
        Assert.Empty(right);
    }

    [Fact]
    public void KeepOldest_KeepsTheSideOfTheOldest_UnlessItIsAlone()
    {
        var (left, right) = Partition(new KeepOldest(true, null), Members(5), [1, 2], [3, 4, 5]);
        Assert.Equal(2, left.Count);
        Assert.Empty(right);
        (left, right) = Partition(new KeepOldest(true, null), Members(5), [1], [2, 3, 4, 5]);
        Assert.Empty(left);
        Assert.Equal(4, right.Count);
        (left, right) = Partition(new KeepOldest(false, null), Members(5), [1], [2, 3, 4, 5]);
        Assert.Single(left);
        Assert.Empty(right);
    }

    [Fact]
    public void DownAll_KeepsNobody()
    {
        var (left, right) = Partition(new DownAllNodes(), Members(3), [1], [2, 3]);
        Assert.Empty(left);
        Assert.Empty(right);
    }

    [Fact]
    public void IndirectlyConnected_AreTakenOut_AndTheRestStays()
    {
        // 2 and 3 do not reach each other, but everybody else reaches both.
        var reachability = Reachability.Empty.Unreachable(Node(2), Node(3)).Unreachable(Node(3), Node(2));
        var view = new PartitionView(Node(1), Members(5), reachability, [.. Members(5).Select(m => m.Address)]);
        var strategy = new KeepMajority(null);
        var decision = strategy.Decide(view);
        Assert.Equal(Decision.DownIndirectlyConnected, decision);
        Assert.Equal([Node(2), Node(3)], strategy.NodesToDown(view, decision).Order());
    }

    [Fact]
    public void NothingUnreachable_IsNoDecision() => Assert.Equal(Decision.None,
        new KeepMajority(null).Decide(new PartitionView(Node(1), Members(3), Reachability.Empty, [])));

    private static (ImmutableHashSet<UniqueAddress> Left, ImmutableHashSet<UniqueAddress> Right) Partition(DowningStrategy strategy,
        ImmutableSortedSet<Member> members, int[] left, int[] right) =>
        (Survivors(strategy, members, left, right), Survivors(strategy, members, right, left));

    private static ImmutableHashSet<UniqueAddress> Survivors(DowningStrategy strategy, ImmutableSortedSet<Member> members, int[] side, int[] others)
    {
        var view = View(members, side[0], side, others);
        return side.Select(n => Node(n)).ToImmutableHashSet().Except(strategy.NodesToDown(view, strategy.Decide(view)));
    }

    private static PartitionView View(ImmutableSortedSet<Member> members, int self, int[] side, int[] others)
    {
        var reachability = side.SelectMany(_ => others, (observer, subject) => (observer, subject))
            .Aggregate(Reachability.Empty, (r, pair) => r.Unreachable(Node(pair.observer), Node(pair.subject)));
        ImmutableHashSet<Address> seen = [.. side.Select(n => Node(n).Address)];
        return new PartitionView(Node(self), members, reachability, seen);
    }
}
