using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Packages.Conformance.Remote;
using static Packages.Conformance.Remote.Systems;

namespace Packages.Conformance.ClusterTools;

public sealed class PubSubTests
{
    [Fact]
    public async Task Publish_ReachesAllSubscribers_OnAllMembers()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(3);
        var seen = members.Select(_ => new ConcurrentQueue<object>()).ToArray();
        for (var i = 0; i < 3; i++)
            await Subscribe(members[i], "news", seen[i]);
        await PublishUntil(members[0], new Publish("news", "hello"), () => seen.All(s => s.Contains("hello")));
        Assert.All(seen, s => Assert.Contains("hello", s));
    }

    [Fact]
    public async Task Publish_ToGroups_ReachesOneOfEach()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(2);
        var (one, two) = (new ConcurrentQueue<object>(), new ConcurrentQueue<object>());
        foreach (var member in members)
        {
            await Subscribe(member, "jobs", one, "g1");
            await Subscribe(member, "jobs", two, "g2");
        }

        await Until("both groups are known at both", () => TopicKeys(members).All(k => k == 1));
        await PublishUntil(members[1], new Publish("jobs", "warm", true), () => !one.IsEmpty && !two.IsEmpty);
        one.Clear();
        two.Clear();
        var mediator = DistributedPubSub.Get(members[0]).Mediator;
        for (var i = 0; i < 20; i++)
            mediator.Tell(new Publish("jobs", i, true));
        await Until("all jobs are there", () => one.OfType<int>().Count() >= 20 && two.OfType<int>().Count() >= 20);
        Assert.Equal(Enumerable.Range(0, 20), one.OfType<int>().Order());
        Assert.Equal(Enumerable.Range(0, 20), two.OfType<int>().Order());
    }

    [Fact]
    public async Task Send_ByPath_ReachesOne_AndSendToAllEvery()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(3);
        var seen = new ConcurrentQueue<object>();
        foreach (var member in members.Take(2))
        {
            var actor = member.ActorOf(Props.Create(() => new Collector(seen)), "service");
            DistributedPubSub.Get(member).Mediator.Tell(new Put(actor));
        }

        await PublishUntil(members[2], new SendToAll("/user/service", "all"), () => seen.Count(m => m is "all") >= 2);
        seen.Clear();
        DistributedPubSub.Get(members[2]).Mediator.Tell(new Send("/user/service", "one"));
        await Until("one has it", () => seen.Contains("one"));
        Assert.Equal(1, seen.Count(m => m is "one"));
    }

    [Fact]
    public async Task Subscriber_ThatStops_IsForgottenEverywhere()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(2);
        var seen = new ConcurrentQueue<object>();
        var subscriber = await Subscribe(members[0], "news", seen);
        await Until("the topic is known at the other", () => Topics(members[1]).Contains("news"));
        subscriber.Tell("stop");
        await Until("the topic is forgotten", () => members.All(m => !Topics(m).Contains("news")));
    }

    [Fact]
    public void Registry_OfAPart_ClaimsOnlyThatPart()
    {
        var (a, b) = (new Address("akka.tcp", "s", "a", 1), new Address("akka.tcp", "s", "b", 1));
        var now = 1000L;
        var source = new Registry(a, () => ++now);
        for (var i = 0; i < 10; i++)
            source.SetOwn($"k{i}", true);
        var copy = new Registry(b, () => ++now);
        for (var round = 0; round < 4; round++)
        {
            foreach (var bucket in source.Delta(copy.Versions, 3))
                copy.Apply(bucket);
        }

        Assert.Equal(source.Digest, copy.Digest);
        Assert.All(Enumerable.Range(0, 10), i => Assert.Equal([a], copy.OwnersOf($"k{i}")));
    }

    [Fact]
    public void Registry_AChangeAfterAMissedOne_IsNotTakenForTheWhole()
    {
        var (a, b) = (new Address("akka.tcp", "s", "a", 1), new Address("akka.tcp", "s", "b", 1));
        var now = 1000L;
        var source = new Registry(a, () => ++now);
        source.SetOwn("missed", true);
        var second = source.SetOwn("second", true)!;
        var copy = new Registry(b, () => ++now);
        copy.Apply(second);
        Assert.Empty(copy.OwnersOf("second"));
        foreach (var bucket in source.Delta(copy.Versions, 100))
            copy.Apply(bucket);
        Assert.Equal([a], copy.OwnersOf("missed"));
        source.SetOwn("missed", false);
        foreach (var bucket in source.Delta(copy.Versions, 100))
            copy.Apply(bucket);
        Assert.Empty(copy.OwnersOf("missed"));
        copy.RemoveOwner(a);
        Assert.Empty(copy.Keys);
    }

    private static async Task<IActorRef> Subscribe(ActorSystem system, string topic, ConcurrentQueue<object> seen, string? group = null)
    {
        var subscriber = system.ActorOf(Props.Create(() => new Collector(seen)));
        await DistributedPubSub.Get(system).Mediator.Ask<SubscribeAck>(new Subscribe(topic, subscriber, group), Patience);
        return subscriber;
    }

    private static Task PublishUntil(ActorSystem from, object message, Func<bool> arrived) => Until("the message has arrived", () =>
    {
        DistributedPubSub.Get(from).Mediator.Tell(message);
        return arrived();
    });

    private static IImmutableSet<string> Topics(ActorSystem system) =>
        DistributedPubSub.Get(system).Mediator.Ask<CurrentTopics>(GetTopics.Instance, Patience).GetAwaiter().GetResult().Topics;

    private static IEnumerable<int> TopicKeys(IEnumerable<ActorSystem> members) => members.Select(m => Topics(m).Count);
}
