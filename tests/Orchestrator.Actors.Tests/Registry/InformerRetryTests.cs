using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Tests.Admission;

namespace Orchestrator.Actors.Tests.Registry;

/// <summary>How often an informer asks a registry that does not answer, on a clock that the test moves.</summary>
public sealed class InformerRetryTests() : TestKit("""akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" """)
{
    private readonly Informer _informer = new(TestObjects.ConfigMaps, new InMemoryHistory());

    private TestScheduler Scheduler => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task Silence_IsAskedLessAndLessOften_AndAfreshAfterAnAnswer()
    {
        var registry = Sys.ActorOf(Props.Create(static () => new SilentRegistry()));
        var informer = Sys.ActorOf(InformerActor.Props(_informer, registry));
        Assert.Equal(1, await AskedAsync(registry, informer, TimeSpan.Zero));
        Assert.InRange(await AskedAsync(registry, informer, TimeSpan.FromSeconds(2)), 1, 3);
        Assert.InRange(await AskedAsync(registry, informer, TimeSpan.FromSeconds(60)), 9, 18);

        informer.Tell(new ObjectsListed(TestObjects.ConfigMaps, 1, [], First: true, Last: true), registry);
        Assert.Equal(0, await AskedAsync(registry, informer, TimeSpan.FromSeconds(30)));

        // A gap makes it follow anew, and again soon when that goes unanswered.
        informer.Tell(new ObjectsChanged(TestObjects.ConfigMaps, 5, 6, []), registry);
        Assert.InRange(await AskedAsync(registry, informer, TimeSpan.FromSeconds(2)), 2, 4);
    }

    /// <summary>How often it asks while time goes on.</summary>
    private async Task<int> AskedAsync(IActorRef registry, IActorRef informer, TimeSpan time)
    {
        for (var left = time; ; left -= TimeSpan.FromMilliseconds(100))
        {
            // What it was sent before has been dealt with when it answers.
            await informer.Ask<ActorIdentity>(new Identify(0));
            if (left <= TimeSpan.Zero) return await registry.Ask<int>("count");
            Scheduler.Advance(TimeSpan.FromMilliseconds(100));
        }
    }

    /// <summary>Counts how often it is asked.</summary>
    private sealed class SilentRegistry : ReceiveActor
    {
        private int _asked;

        public SilentRegistry()
        {
            Receive<FollowObjects>(_ => _asked++);
            Receive<string>(_ =>
            {
                Sender.Tell(_asked);
                _asked = 0;
            });
        }
    }
}
