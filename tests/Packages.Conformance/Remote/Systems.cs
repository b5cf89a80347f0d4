using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Akka.Remote;
using Akka.Remote.Transport;

namespace Packages.Conformance.Remote;

/// <summary>Actor systems of one test, on ports of their own, and all ended with it.</summary>
internal sealed class Systems : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private const string Quick = """
        akka {
          loglevel = WARNING
          stdout-loglevel = WARNING
          log-dead-letters = off
          coordinated-shutdown { run-by-clr-shutdown-hook = off, exit-clr = off }
          remote {
            retry-gate-closed-for = 200 ms
            resend-interval = 300 ms
            flush-wait-on-shutdown = 500 ms
            dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
            watch-failure-detector {
              heartbeat-interval = 200 ms
              acceptable-heartbeat-pause = 2 s
              expected-response-after = 200 ms
              unreachable-nodes-reaper-interval = 200 ms
            }
          }
          cluster {
            periodic-tasks-initial-delay = 50 ms
            gossip-interval = 150 ms
            leader-actions-interval = 150 ms
            unreachable-nodes-reaper-interval = 150 ms
            seed-node-timeout = 2 s
            retry-unsuccessful-join-after = 2 s
            allow-weakly-up-members = off
            failure-detector {
              heartbeat-interval = 200 ms
              expected-response-after = 500 ms
              acceptable-heartbeat-pause = 2 s
            }
            split-brain-resolver.stable-after = 2 s
            pub-sub.gossip-interval = 150 ms
            singleton.hand-over-retry-interval = 200 ms
            singleton-proxy.singleton-identification-interval = 200 ms
          }
        }
        """;

    private readonly List<ActorSystem> _systems = [];

    public ActorSystem Remote(string extra = "", string name = "sys") => Start("remote", extra, name);

    public ActorSystem Member(string extra = "", string name = "sys") => Start("cluster", extra, name);

    public static RemoteTransport TransportOf(ActorSystem system) => ProviderOf(system).Transport;

    public static Address AddressOf(ActorSystem system) => ProviderOf(system).DefaultAddress;

    /// <summary>Ends a system as a crash of its process would: its connections break and nothing is said.</summary>
    public static void Crash(ActorSystem system)
    {
        TransportOf(system).Abort();
    }

    public static void Cut(ActorSystem here, ActorSystem there)
    {
        TransportOf(here).Faults.Blackhole(AddressOf(there), ThrottleTransportAdapter.Direction.Both);
        TransportOf(there).Faults.Blackhole(AddressOf(here), ThrottleTransportAdapter.Direction.Both);
    }

    public static void Heal(ActorSystem here, ActorSystem there)
    {
        TransportOf(here).Faults.PassThrough(AddressOf(there), ThrottleTransportAdapter.Direction.Both);
        TransportOf(there).Faults.PassThrough(AddressOf(here), ThrottleTransportAdapter.Direction.Both);
    }

    public static IActorRef At(ActorSystem from, ActorSystem to, string path) =>
        ((ExtendedActorSystem)from).Provider.ResolveActorRef(AddressOf(to) + path);

    /// <summary>Waits for a condition; says what was waited for when it does not come.</summary>
    public static async Task Until(string what, Func<bool> condition, TimeSpan? patience = null)
    {
        var deadline = DateTime.UtcNow + (patience ?? Patience);
        while (!condition())
        {
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException($"Waited in vain until {what}.");
            await Task.Delay(20);
        }
    }

    public static bool AreUp(int count, params ActorSystem[] members) => members.All(m =>
    {
        var state = Akka.Cluster.Cluster.Get(m).State;
        return state.Members.Count == count && state.Members.All(x => x.Status == MemberStatus.Up) && state.Unreachable.IsEmpty;
    });

    /// <summary>Forms a cluster around the first.</summary>
    public async Task<ActorSystem[]> Cluster(int count, string extra = "")
    {
        var members = Enumerable.Range(0, count).Select(_ => Member(extra)).ToArray();
        var seed = AddressOf(members[0]);
        await Akka.Cluster.Cluster.Get(members[0]).JoinAsync(seed).WaitAsync(Patience);
        foreach (var member in members.Skip(1))
            await Akka.Cluster.Cluster.Get(member).JoinSeedNodesAsync([seed]).WaitAsync(Patience);
        await Until($"{count} members are up", () => AreUp(count, members));
        return members;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var system in _systems)
        {
            // A test that failed must not wait for members that are gone.
            if (ProviderOf(system).Transport is { } transport)
                transport.Abort();
            ((ExtendedActorSystem)system).Abort();
        }

        await Task.WhenAny(Task.WhenAll(_systems.Select(s => s.WhenTerminated)), Task.Delay(TimeSpan.FromSeconds(10)));
    }

    private ActorSystem Start(string provider, string extra, string name)
    {
        var config = ConfigurationFactory.ParseString($"akka.actor.provider = {provider}\n{extra}")
            .WithFallback(ConfigurationFactory.ParseString(Quick));
        var system = ActorSystem.Create(name, config);
        _systems.Add(system);
        return system;
    }

    private static RemoteActorRefProvider ProviderOf(ActorSystem system) => (RemoteActorRefProvider)((ExtendedActorSystem)system).Provider;
}

/// <summary>Collects what it is told, and answers what it is asked.</summary>
internal sealed class Collector : UntypedActor
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<object> _seen;

    public Collector(System.Collections.Concurrent.ConcurrentQueue<object> seen)
    {
        _seen = seen;
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case "who":
                Sender.Tell(Self);
                break;
            case "stop":
                Context.Stop(Self);
                break;
            case IActorRef watchee:
                Context.Watch(watchee);
                _seen.Enqueue("watching");
                break;
            default:
                _seen.Enqueue(message);
                break;
        }
    }
}

/// <summary>Answers with what it is told.</summary>
internal sealed class Echo : UntypedActor
{
    protected override void OnReceive(object message) => Sender.Tell(message);
}
