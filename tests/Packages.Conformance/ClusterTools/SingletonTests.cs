using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Cluster.Tools.Singleton;
using Packages.Conformance.Remote;
using static Packages.Conformance.Remote.Systems;
using Cluster_ = Akka.Cluster.Cluster;

namespace Packages.Conformance.ClusterTools;

public sealed class SingletonTests
{
    private const string Quiet = "akka.loglevel = OFF";

    [Fact]
    public async Task Singleton_RunsOnTheOldest_AndIsReachedFromAll()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(3);
        var lives = new Lives();
        foreach (var member in members)
            StartSingleton(member, lives);
        foreach (var member in members)
            Assert.Equal(AddressOf(members[0]).ToString(), await StartProxy(member).Ask<string>("where", Patience));
        Assert.Equal(1, lives.Started);
    }

    [Fact]
    public async Task Leave_OfTheOldest_HandsOverToTheNext_WithoutTwoAtATime()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(3);
        var lives = new Lives();
        foreach (var member in members)
            StartSingleton(member, lives);
        var proxy = StartProxy(members[2]);
        Assert.Equal(AddressOf(members[0]).ToString(), await proxy.Ask<string>("where", Patience));
        await Cluster_.Get(members[0]).LeaveAsync().WaitAsync(Patience);
        Assert.Equal(AddressOf(members[1]).ToString(), await AskUntilAnswered(proxy));
        await Cluster_.Get(members[1]).LeaveAsync().WaitAsync(Patience);
        Assert.Equal(AddressOf(members[2]).ToString(), await AskUntilAnswered(proxy));
        Assert.Equal(3, lives.Started);
        Assert.Equal(1, lives.Most);
    }

    [Fact]
    public async Task Crash_OfTheOldest_MovesTheSingleton_AfterItHasBeenTakenOut()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(3, Quiet + "\nakka.cluster.down-removal-margin = 500 ms");
        var lives = new Lives();
        foreach (var member in members)
            StartSingleton(member, lives);
        var proxy = StartProxy(members[2]);
        Assert.Equal(AddressOf(members[0]).ToString(), await proxy.Ask<string>("where", Patience));
        Crash(members[0]);
        await Until("it is taken out", () => AreUp(2, members[1], members[2]));
        Assert.Equal(AddressOf(members[1]).ToString(), await AskUntilAnswered(proxy));
    }

    [Fact]
    public async Task Partition_WithTheOldestInTheMinority_EndsItThere_AndStartsItInTheMajority()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(3, Quiet + "\nakka.cluster.down-removal-margin = 3 s");
        var lives = new Lives();
        foreach (var member in members)
            StartSingleton(member, lives);
        var proxy = StartProxy(members[2]);
        Assert.Equal(AddressOf(members[0]).ToString(), await proxy.Ask<string>("where", Patience));
        Cut(members[0], members[1]);
        Cut(members[0], members[2]);
        Assert.Equal(AddressOf(members[1]).ToString(), await AskUntilAnswered(proxy, AddressOf(members[1]).ToString()));
        Assert.Equal(2, lives.Started);
        Assert.Equal(1, lives.Most);
    }

    [Fact]
    public async Task Proxy_WithoutASingleton_KeepsMessagesUntilThereIsOne()
    {
        await using var systems = new Systems();
        var members = await systems.Cluster(2);
        var proxy = StartProxy(members[1]);
        var answer = proxy.Ask<string>("where", Patience);
        var lives = new Lives();
        StartSingleton(members[0], lives);
        StartSingleton(members[1], lives);
        Assert.Equal(AddressOf(members[0]).ToString(), await answer);
    }

    [Fact]
    public async Task Singleton_OfARole_RunsOnTheOldestWithTheRole()
    {
        await using var systems = new Systems();
        var first = systems.Member();
        await Cluster_.Get(first).JoinAsync(AddressOf(first)).WaitAsync(Patience);
        var second = systems.Member("akka.cluster.roles = [worker]");
        await Cluster_.Get(second).JoinAsync(AddressOf(first)).WaitAsync(Patience);
        var lives = new Lives();
        second.ActorOf(ClusterSingletonManager.Props(Props.Create(() => new Holder(lives)), "end",
            ClusterSingletonManagerSettings.Create(second).WithRole("worker")), "single");
        var proxy = first.ActorOf(ClusterSingletonProxy.Props("/user/single", ClusterSingletonProxySettings.Create(first).WithRole("worker")));
        Assert.Equal(AddressOf(second).ToString(), await proxy.Ask<string>("where", Patience));
    }

    private static void StartSingleton(ActorSystem system, Lives lives) => system.ActorOf(ClusterSingletonManager.Props(
        Props.Create(() => new Holder(lives)), "end", ClusterSingletonManagerSettings.Create(system)), "single");

    private static IActorRef StartProxy(ActorSystem system) =>
        system.ActorOf(ClusterSingletonProxy.Props("/user/single", ClusterSingletonProxySettings.Create(system)));

    private static async Task<string> AskUntilAnswered(IActorRef proxy, string? wanted = null)
    {
        var deadline = DateTime.UtcNow + Patience + Patience;
        while (true)
        {
            try
            {
                var answer = await proxy.Ask<string>("where", TimeSpan.FromSeconds(1));
                if (wanted is null || answer == wanted)
                    return answer;
                await Task.Delay(50);
            }
            catch (AskTimeoutException) when (DateTime.UtcNow < deadline)
            {
                // A message on its way to the old place is lost.
            }
        }
    }

    /// <summary>Counts how many singletons are alive.</summary>
    internal sealed class Lives
    {
        private readonly object _gate = new();

        public int Started { get; private set; }

        public int Alive { get; private set; }

        public int Most { get; private set; }

        public void Begin()
        {
            lock (_gate)
            {
                Started++;
                Most = Math.Max(Most, ++Alive);
            }
        }

        public void End()
        {
            lock (_gate)
                Alive--;
        }
    }

    internal sealed class Holder : UntypedActor
    {
        private readonly Lives _lives;

        public Holder(Lives lives)
        {
            _lives = lives;
        }

        protected override void PreStart() => _lives.Begin();

        protected override void PostStop() => _lives.End();

        protected override void OnReceive(object message)
        {
            if (message is "where")
                Sender.Tell(AddressOf(Context.System).ToString());
            else if (message is "end")
                Context.Stop(Self);
        }
    }
}
