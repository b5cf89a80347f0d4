using System.Diagnostics;
using Akka.Actor;
using Akka.Cluster;
using Packages.Conformance.Remote;
using static Packages.Conformance.Remote.Systems;
using Cluster_ = Akka.Cluster.Cluster;

namespace Packages.Conformance.Cluster;

public sealed class ClusterFormationTests
{
    private const string Quiet = "akka.loglevel = OFF";

    [Fact]
    public async Task Single_JoiningItself_IsUpWithoutWaitingForAnyRound()
    {
        await using var systems = new Systems();
        // With the default intervals of a second, so that a wait for a round would be seen.
        var member = systems.Member("""
            akka.cluster { gossip-interval = 30s, leader-actions-interval = 30s, periodic-tasks-initial-delay = 30s }
            """);
        var cluster = Cluster_.Get(member);
        await cluster.JoinAsync(cluster.SelfAddress).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(MemberStatus.Up, cluster.SelfMember.Status);
        Assert.Equal(cluster.SelfAddress, cluster.State.Leader);
    }

    [Fact]
    public async Task State_ReadWhileItIsReplaced_IsNotTheOneBefore()
    {
        await using var systems = new Systems();
        var cluster = Cluster_.Get(systems.Member());
        Gossip[] gossips = [ClusterSamples.Gossip(ClusterSamples.Member(1)), ClusterSamples.Gossip(ClusterSamples.Member(1), ClusterSamples.Member(2))];
        using var stopping = new CancellationTokenSource();
        var reader = Task.Run(() =>
        {
            while (!stopping.IsCancellationRequested) _ = cluster.State;
        });
        for (var i = 0; i < 20_000; i++)
        {
            cluster.Update(new MembershipState(gossips[i % 2], ClusterSamples.Node(1)));
            Thread.Yield();
            Assert.Equal((i % 2) + 1, cluster.State.Members.Count);
        }
        await stopping.CancelAsync();
        await reader;
    }

    [Fact]
    public async Task Three_AgreeOnMembersLeaderAndAge()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(3, "akka.cluster.roles = [a, b]\nakka.cluster.app-version = \"1.2.3\"");
        var states = members.Select(m => Cluster_.Get(m).State).ToList();
        Assert.Single(states.Select(s => s.Leader).Distinct());
        Assert.All(states, s => Assert.Equal(["a", "b"], s.AllRoles.Order()));
        Assert.All(states, s => Assert.All(s.Members, m => Assert.Equal("1.2.3", m.AppVersion.Version)));
        var ages = states.Select(s => string.Join(",", s.Members.Order(Member.AgeOrdering).Select(m => m.Address))).Distinct();
        Assert.Equal(string.Join(",", members.Select(AddressOf)), Assert.Single(ages));
    }

    [Fact]
    public async Task Five_StartedAtOnceWithSeedNodes_FormOneCluster()
    {
        await using var systems = new Systems();
        var members = Enumerable.Range(0, 5).Select(_ => systems.Member()).ToArray();
        var seeds = members.Take(2).Select(AddressOf).ToList();
        await Task.WhenAll(members.Select(m => Cluster_.Get(m).JoinSeedNodesAsync(seeds))).WaitAsync(Patience);
        await Until("all five are up", () => AreUp(5, members));
    }

    [Fact]
    public async Task MinNrOfMembers_HoldsAllBackUntilThereAreEnough()
    {
        await using var systems = new Systems();
        const string two = "akka.cluster.min-nr-of-members = 2";
        var (a, b) = (systems.Member(two), systems.Member(two));
        Cluster_.Get(a).Join(AddressOf(a));
        await Until("the first is joining", () => Cluster_.Get(a).SelfMember.Status == MemberStatus.Joining);
        await Task.Delay(500);
        Assert.Equal(MemberStatus.Joining, Cluster_.Get(a).SelfMember.Status);
        Cluster_.Get(b).Join(AddressOf(a));
        await Until("both are up", () => AreUp(2, a, b));
    }

    [Fact]
    public async Task Leave_RemovesTheMember_AndEndsItsSystem()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(3);
        await Cluster_.Get(members[2]).LeaveAsync().WaitAsync(Patience);
        await Until("two are left", () => AreUp(2, members[0], members[1]));
        await members[2].WhenTerminated.WaitAsync(Patience);
        Assert.True(Cluster_.Get(members[2]).IsTerminated);
    }

    [Fact]
    public async Task Leave_OfTheLeader_IsCompletedByTheOthers()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(3);
        var leader = Cluster_.Get(members[0]).State.Leader;
        var leaving = members.Single(m => AddressOf(m).Equals(leader));
        var others = members.Except([leaving]).ToArray();
        await Cluster_.Get(leaving).LeaveAsync().WaitAsync(Patience);
        await Until("two are left", () => AreUp(2, others));
    }

    [Fact]
    public async Task Terminate_OfASystem_LeavesInGoodOrder()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(3);
        await members[1].Terminate().WaitAsync(Patience);
        await Until("two are left", () => AreUp(2, members[0], members[2]));
    }

    [Fact]
    public async Task Crash_IsNoticed_AndTheMemberIsTakenOut()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(3, Quiet);
        Crash(members[2]);
        await Until("it is unreachable", () => Cluster_.Get(members[0]).State.Unreachable.Any(m => m.Address.Equals(AddressOf(members[2]))));
        await Until("it is taken out", () => AreUp(2, members[0], members[1]));
    }

    [Fact]
    public async Task Restart_OnTheSameAddress_ReplacesTheOldIncarnation()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(3, Quiet + "\nakka.cluster.split-brain-resolver.stable-after = 300s");
        var address = AddressOf(members[2]);
        var oldUid = Cluster_.Get(members[2]).SelfUniqueAddress.Uid;
        Crash(members[2]);
        ((ExtendedActorSystem)members[2]).Abort();
        var again = systems.Member($"{Quiet}\nakka.remote.dot-netty.tcp.port = {address.Port}");
        Assert.Equal(address, AddressOf(again));
        await Cluster_.Get(again).JoinSeedNodesAsync([AddressOf(members[0])]).WaitAsync(Patience);
        await Until("the new incarnation is up everywhere", () => AreUp(3, members[0], members[1], again));
        Assert.DoesNotContain(Cluster_.Get(members[0]).State.Members, m => m.UniqueAddress.Uid == oldUid);
    }

    [Fact]
    public async Task Partition_KeepsTheMajority_AndEndsTheMinority()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(5, Quiet);
        ActorSystem[] majority = [members[0], members[2], members[4]];
        ActorSystem[] minority = [members[1], members[3]];
        foreach (var left in majority)
            foreach (var right in minority)
                Cut(left, right);
        await Until("the majority is alone", () => AreUp(3, majority));
        await Task.WhenAll(minority.Select(m => m.WhenTerminated)).WaitAsync(Patience);
        Assert.All(majority, m => Assert.False(m.WhenTerminated.IsCompleted));
    }

    [Fact]
    public async Task Partition_HealedInTime_LosesNobody()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(3, Quiet + "\nakka.cluster.split-brain-resolver.stable-after = 300s");
        Cut(members[0], members[2]);
        Cut(members[1], members[2]);
        await Until("it is unreachable", () => !Cluster_.Get(members[0]).State.Unreachable.IsEmpty);
        Heal(members[0], members[2]);
        Heal(members[1], members[2]);
        await Until("all are reachable again", () => AreUp(3, members));
    }

    [Fact]
    public async Task Subscriber_AsEvents_GetsTheLivesOfAllMembers()
    {
        await using var systems = new Systems();
        var first = systems.Member();
        var seen = new System.Collections.Concurrent.ConcurrentQueue<object>();
        var subscriber = first.ActorOf(Props.Create(() => new Collector(seen)));
        Cluster_.Get(first).Subscribe(subscriber, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.LeaderChanged));
        await Cluster_.Get(first).JoinAsync(AddressOf(first)).WaitAsync(Patience);
        var second = systems.Member();
        await Cluster_.Get(second).JoinAsync(AddressOf(first)).WaitAsync(Patience);
        await Until("the second is told to be up", () => seen.OfType<ClusterEvent.MemberUp>().Any(e => e.Member.Address.Equals(AddressOf(second))));
        await Cluster_.Get(second).LeaveAsync().WaitAsync(Patience);
        await Until("the second is told to be removed", () => seen.OfType<ClusterEvent.MemberRemoved>().Any());
        var life = seen.OfType<ClusterEvent.IMemberEvent>().Where(e => e.Member.Address.Equals(AddressOf(second))).Select(e => e.Member.Status);
        Assert.Equal([MemberStatus.Joining, MemberStatus.Up, MemberStatus.Leaving, MemberStatus.Exiting, MemberStatus.Removed], life);
        Assert.Equal(MemberStatus.Exiting, seen.OfType<ClusterEvent.MemberRemoved>().Single().PreviousStatus);
    }

    [Fact]
    public async Task Watch_OfAnActorOnAMemberThatCrashes_IsAnsweredWhenItIsRemoved()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(3, Quiet);
        var seen = new System.Collections.Concurrent.ConcurrentQueue<object>();
        members[2].ActorOf(Props.Create(() => new Collector(new System.Collections.Concurrent.ConcurrentQueue<object>())), "target");
        var remote = await At(members[0], members[2], "/user/target").Ask<IActorRef>("who", Patience);
        members[0].ActorOf(Props.Create(() => new Collector(seen))).Tell(remote);
        await Until("it watches", () => seen.Contains("watching"));
        Crash(members[2]);
        await Until("the end is told", () => seen.OfType<Terminated>().Any());
    }
}
