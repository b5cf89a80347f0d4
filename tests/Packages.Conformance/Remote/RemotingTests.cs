using System.Collections.Concurrent;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Remote;
using Akka.Remote.Transport;
using static Packages.Conformance.Remote.Systems;

namespace Packages.Conformance.Remote;

public sealed class RemotingTests
{
    [Fact]
    public async Task Ask_AcrossSystems_IsAnswered()
    {
        await using var systems = new Systems();
        var (a, b) = (systems.Remote(), systems.Remote());
        b.ActorOf(Props.Create(() => new Echo()), "echo");
        Assert.Equal("hello", await At(a, b, "/user/echo").Ask<string>("hello", Patience));
        Assert.Equal(42L, await a.ActorSelection(AddressOf(b) + "/user/echo").Ask<long>(42L, Patience));
    }

    [Fact]
    public async Task ResolveOne_FindsARemoteActor_WhichIsEqualToTheOneThatAnswers()
    {
        await using var systems = new Systems();
        var (a, b) = (systems.Remote(), systems.Remote());
        var local = b.ActorOf(Props.Create(() => new Collector(new ConcurrentQueue<object>())), "target");
        var found = await a.ActorSelection(AddressOf(b) + "/user/tar*").ResolveOne(Patience);
        Assert.Equal(local.Path.Uid, found.Path.Uid);
        Assert.Equal(found, await found.Ask<IActorRef>("who", Patience));
    }

    [Fact]
    public async Task ResolveOne_OfNobody_Fails()
    {
        await using var systems = new Systems();
        var (a, b) = (systems.Remote(), systems.Remote());
        await Assert.ThrowsAsync<ActorNotFoundException>(() => a.ActorSelection(AddressOf(b) + "/user/nobody").ResolveOne(Patience));
    }

    [Fact]
    public async Task Messages_BetweenTwoActors_KeepTheirOrder()
    {
        await using var systems = new Systems();
        var (a, b) = (systems.Remote(), systems.Remote());
        var seen = new ConcurrentQueue<object>();
        b.ActorOf(Props.Create(() => new Collector(seen)), "sink");
        var sink = At(a, b, "/user/sink");
        for (var i = 0; i < 20_000; i++)
            sink.Tell(i);
        await Until("all messages are there", () => seen.Count == 20_000);
        Assert.Equal(Enumerable.Range(0, 20_000).Cast<object>(), seen);
    }

    [Fact]
    public async Task Message_LargerThanAFrame_IsDropped_AndTheNextOneArrives()
    {
        await using var systems = new Systems();
        var (a, b) = (systems.Remote("akka.loglevel = OFF"), systems.Remote());
        b.ActorOf(Props.Create(() => new Echo()), "echo");
        var echo = At(a, b, "/user/echo");
        echo.Tell(new string('x', 200_000));
        Assert.Equal("small", await echo.Ask<string>("small", Patience));
        var large = new string('y', 100_000);
        Assert.Equal(large, await echo.Ask<string>(large, Patience));
    }

    [Fact]
    public async Task Watch_OfAnActorThatStops_IsAnswered()
    {
        await using var systems = new Systems();
        var (a, b) = (systems.Remote(), systems.Remote());
        var seen = new ConcurrentQueue<object>();
        var target = b.ActorOf(Props.Create(() => new Collector(new ConcurrentQueue<object>())), "target");
        var remote = await At(a, b, "/user/target").Ask<IActorRef>("who", Patience);
        var watcher = a.ActorOf(Props.Create(() => new Collector(seen)));
        watcher.Tell(remote);
        await Until("it watches", () => seen.Contains("watching"));
        // The watch travels by itself; a stop that overtakes it would rightly be answered as of an actor that is not there.
        await Until("the watch is there", () => ((LocalActorRef)target).Cell.IsWatched);
        target.Tell("stop");
        await Until("the end is told", () => seen.OfType<Terminated>().Any());
        var terminated = seen.OfType<Terminated>().Single();
        Assert.Equal(remote, terminated.ActorRef);
        Assert.True(terminated.ExistenceConfirmed);
        Assert.False(terminated.AddressTerminated);
    }

    [Fact]
    public async Task Watch_OfAnActorThatIsGone_IsAnswered()
    {
        await using var systems = new Systems();
        var (a, b) = (systems.Remote(), systems.Remote());
        var seen = new ConcurrentQueue<object>();
        b.ActorOf(Props.Create(() => new Collector(new ConcurrentQueue<object>())), "target");
        var remote = await At(a, b, "/user/target").Ask<IActorRef>("who", Patience);
        Assert.True(await remote.GracefulStop(Patience));
        a.ActorOf(Props.Create(() => new Collector(seen))).Tell(remote);
        await Until("the end is told", () => seen.OfType<Terminated>().Any());
    }

    [Fact]
    public async Task Watch_OfASystemThatCrashes_IsAnsweredByTheFailureDetector()
    {
        await using var systems = new Systems();
        var (a, b) = (systems.Remote("akka.loglevel = OFF"), systems.Remote("akka.loglevel = OFF"));
        var seen = new ConcurrentQueue<object>();
        b.ActorOf(Props.Create(() => new Collector(new ConcurrentQueue<object>())), "target");
        var remote = await At(a, b, "/user/target").Ask<IActorRef>("who", Patience);
        a.ActorOf(Props.Create(() => new Collector(seen))).Tell(remote);
        await Until("it watches", () => seen.Contains("watching"));
        Crash(b);
        await Until("the end is told", () => seen.OfType<Terminated>().Any());
        Assert.True(seen.OfType<Terminated>().Single().AddressTerminated);
        Assert.True(TransportOf(a).AssociationWith(AddressOf(b)).IsQuarantined);
    }

    [Fact]
    public async Task SystemMessages_LostOnTheWay_AreSentAgain()
    {
        await using var systems = new Systems();
        const string patient = "akka.remote.watch-failure-detector.acceptable-heartbeat-pause = 60 s";
        var (a, b) = (systems.Remote(patient), systems.Remote(patient));
        var seen = new ConcurrentQueue<object>();
        var target = b.ActorOf(Props.Create(() => new Collector(new ConcurrentQueue<object>())), "target");
        var remote = await At(a, b, "/user/target").Ask<IActorRef>("who", Patience);
        a.ActorOf(Props.Create(() => new Collector(seen))).Tell(remote);
        await Until("the watch is known at the other side",
            () => TransportOf(a).AssociationWith(AddressOf(b)).SystemMessages.UnacknowledgedCount == 0 && seen.Contains("watching"));
        TransportOf(b).Faults.Blackhole(AddressOf(a), ThrottleTransportAdapter.Direction.Send);
        target.Tell("stop");
        await Until("the notification waits", () => TransportOf(b).AssociationWith(AddressOf(a)).SystemMessages.UnacknowledgedCount > 0);
        Assert.DoesNotContain(seen, m => m is Terminated);
        TransportOf(b).Faults.PassThrough(AddressOf(a), ThrottleTransportAdapter.Direction.Send);
        await Until("the end is told", () => seen.OfType<Terminated>().Any());
    }

    [Fact]
    public async Task Traffic_CutAndHealed_FlowsAgain()
    {
        await using var systems = new Systems();
        var (a, b) = (systems.Remote("akka.loglevel = OFF"), systems.Remote("akka.loglevel = OFF"));
        b.ActorOf(Props.Create(() => new Echo()), "echo");
        var echo = At(a, b, "/user/echo");
        Assert.Equal("1", await echo.Ask<string>("1", Patience));
        Cut(a, b);
        await Assert.ThrowsAsync<AskTimeoutException>(() => echo.Ask<string>("2", TimeSpan.FromMilliseconds(300)));
        Heal(a, b);
        await Until("it answers again", () => Answers(echo));
    }

    [Fact]
    public async Task Connection_Broken_IsOpenedAgain()
    {
        await using var systems = new Systems();
        var (a, b) = (systems.Remote("akka.loglevel = OFF"), systems.Remote("akka.loglevel = OFF"));
        b.ActorOf(Props.Create(() => new Echo()), "echo");
        var echo = At(a, b, "/user/echo");
        for (var i = 0; i < 3; i++)
        {
            await Until("it answers", () => Answers(echo));
            TransportOf(a).Disconnect(AddressOf(b));
        }

        await Until("it answers", () => Answers(echo));
    }

    [Fact]
    public async Task Peer_ThatComesLate_IsReached_WithoutItsOwnDoing()
    {
        await using var systems = new Systems();
        var (a, early) = (systems.Remote("akka.loglevel = OFF"), systems.Remote("akka.loglevel = OFF"));
        var address = AddressOf(early);
        var echo = At(a, early, "/user/echo");
        await early.Terminate().WaitAsync(Patience);
        // Nobody is there, and what is said meanwhile is lost; but only for as long as the gate is closed.
        await Assert.ThrowsAsync<AskTimeoutException>(() => echo.Ask<string>("1", TimeSpan.FromMilliseconds(300)));
        var late = systems.Remote($"akka.remote.dot-netty.tcp.port = {address.Port}\nakka.loglevel = OFF");
        late.ActorOf(Props.Create(() => new Echo()), "echo");
        await Until("it answers", () => Answers(echo));
    }

    [Fact]
    public async Task Peer_ThatNeitherReadsNorSpeaks_IsGivenUp_ThoughAWriteWaitsForIt()
    {
        await using var systems = new Systems();
        var a = systems.Remote("""
            akka.loglevel = OFF
            akka.remote.transport-failure-detector { heartbeat-interval = 200 ms, acceptable-heartbeat-pause = 500 ms }
            """);
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var address = new Address("akka.tcp", "sys", "127.0.0.1", ((System.Net.IPEndPoint)listener.LocalEndpoint).Port);
        var ended = new TaskCompletionSource();
        a.EventStream.Subscribe(a.ActorOf(Props.Create(() => new Listener<DisassociatedEvent>(_ => ended.TrySetResult()))), typeof(DisassociatedEvent));
        var sink = ((ExtendedActorSystem)a).Provider.ResolveActorRef(address + "/user/sink");
        for (var i = 0; i < 500; i++)
            sink.Tell(new string('x', 100_000));

        using var peer = await listener.AcceptTcpClientAsync();
        await peer.GetStream().ReadAtLeastAsync(new byte[Handshake.MaxLength], FrameCodec.LengthBytes + 1);
        var welcome = Handshake.Encode(new Welcome(Handshake.ProtocolVersion, 1, address));
        await peer.GetStream().WriteAsync((byte[])[.. BitConverter.GetBytes(welcome.Length), .. welcome]);

        await ended.Task.WaitAsync(Patience);
    }

    private sealed class Listener<T> : ReceiveActor
    {
        public Listener(Action<T> heard) => Receive(heard);
    }

    [Fact]
    public void SystemMessages_OfAnIncarnationThatIsGone_DoNotCount()
    {
        var delivery = new SystemMessageDelivery();
        var delivered = new List<ulong>();
        void Receive(int peer, ulong sequence) => delivery.Receive(peer, sequence, () => delivered.Add(sequence));
        delivery.Add(default);
        Assert.Empty(delivery.Begin(1)); // what waited is for whoever answers first
        Receive(1, 1);
        delivery.Acknowledged(1, 1);

        delivery.Begin(2);
        delivery.Add(default);
        delivery.Acknowledged(1, 5);
        Assert.Equal(1, delivery.UnacknowledgedCount);
        Receive(1, 1);
        Receive(2, 1);
        Receive(2, 1);
        Receive(2, 2);
        Assert.Equal([1ul, 1, 2], delivered);
        Assert.Empty(delivery.Begin(2));
        Receive(2, 3);
        Assert.Equal(4, delivered.Count);

        Assert.Single(delivery.GiveUp());
        Receive(2, 4);
        Assert.Equal(4, delivered.Count);
    }

    [Fact]
    public async Task Quarantine_EndsTheTraffic_UntilTheOtherSideIsRestarted()
    {
        await using var systems = new Systems();
        var (a, b) = (systems.Remote("akka.loglevel = OFF"), systems.Remote("akka.loglevel = OFF"));
        b.ActorOf(Props.Create(() => new Echo()), "echo");
        var address = AddressOf(b);
        var echo = At(a, b, "/user/echo");
        Assert.Equal("1", await echo.Ask<string>("1", Patience));
        TransportOf(a).Quarantine(address, TransportOf(b).Uid, "test");
        await Assert.ThrowsAsync<AskTimeoutException>(() => echo.Ask<string>("2", TimeSpan.FromMilliseconds(300)));
        await b.Terminate().WaitAsync(Patience);
        var again = systems.Remote($"akka.remote.dot-netty.tcp.port = {address.Port}\nakka.loglevel = OFF");
        again.ActorOf(Props.Create(() => new Echo()), "echo");
        // The new incarnation makes itself known by talking.
        a.ActorOf(Props.Create(() => new Echo()), "echo");
        Assert.Equal("3", await At(again, a, "/user/echo").Ask<string>("3", Patience));
        await Until("it answers", () => Answers(echo));
    }

    [Fact]
    public async Task Stranger_ThatDoesNotShakeHands_IsDisconnected_AndHarmsNobody()
    {
        await using var systems = new Systems();
        var (a, b) = (systems.Remote("akka.loglevel = OFF"), systems.Remote("akka.loglevel = OFF"));
        b.ActorOf(Props.Create(() => new Echo()), "echo");
        using (var stranger = new TcpClient("127.0.0.1", AddressOf(b).Port!.Value))
        {
            var stream = stranger.GetStream();
            await stream.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            stream.ReadTimeout = (int)Patience.TotalMilliseconds;
            Assert.True(await ReadsEnd(stream));
        }

        Assert.Equal("fine", await At(a, b, "/user/echo").Ask<string>("fine", Patience));
    }

    [Fact]
    public async Task Address_ThatIsNotThatOfThePeer_IsRefused()
    {
        await using var systems = new Systems();
        var (a, b) = (systems.Remote("akka.loglevel = OFF"), systems.Remote("akka.loglevel = OFF"));
        b.ActorOf(Props.Create(() => new Echo()), "echo");
        var wrong = new Address("akka.tcp", "another", "127.0.0.1", AddressOf(b).Port);
        var echo = ((ExtendedActorSystem)a).Provider.ResolveActorRef(wrong + "/user/echo");
        await Assert.ThrowsAsync<AskTimeoutException>(() => echo.Ask<string>("x", TimeSpan.FromMilliseconds(500)));
    }

    [Fact]
    public async Task Deployment_OnAnotherSystem_IsNotSupported()
    {
        await using var systems = new Systems();
        var (a, b) = (systems.Remote(), systems.Remote());
        Assert.Throws<NotSupportedException>(
            () => a.ActorOf(Props.Create(() => new Echo()).WithDeploy(new Deploy(new RemoteScope(AddressOf(b)))), "x"));
    }

    private static bool Answers(IActorRef echo)
    {
        try
        {
            return echo.Ask<string>("?", TimeSpan.FromMilliseconds(500)).GetAwaiter().GetResult() == "?";
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }

    private static async Task<bool> ReadsEnd(NetworkStream stream)
    {
        try
        {
            return await stream.ReadAsync(new byte[16]).AsTask().WaitAsync(Patience) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
