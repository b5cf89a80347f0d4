using Akka.Actor;

namespace Packages.Conformance.AkkaCore;

public sealed class StressTests : ActorSpec
{
    private sealed class SometimesAsync : ReceiveActor
    {
        private readonly Dictionary<int, int> _last = [];
        private int _seen;

        public SometimesAsync(int total, IActorRef probe)
        {
            void Count((int Producer, int Number) m)
            {
                if (_last.GetValueOrDefault(m.Producer, -1) + 1 != m.Number) probe.Tell($"producer {m.Producer}: {m.Number} after {_last[m.Producer]}");
                _last[m.Producer] = m.Number;
                if (++_seen == total) probe.Tell("all");
            }

            ReceiveAsync<(int Producer, int Number)>(m => m.Number % 50 == 0, async m =>
            {
                await Task.Yield();
                Count(m);
            });
            Receive<(int, int)>(Count);
        }
    }

    [Fact]
    public void Tell_FromManyThreads_LosesNothingAndKeepsTheOrderOfEach()
    {
        const int producers = 4;
        const int each = 5000;
        var actor = Sys.ActorOf(Props.Create(() => new SometimesAsync(producers * each, TestActor)));
        Parallel.For(0, producers, p =>
        {
            for (var i = 0; i < each; i++) actor.Tell((p, i), ActorRefs.NoSender);
        });
        ExpectMsg("all", TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void Watch_OfManyActorsThatStopAtOnce_TellsEachOnce()
    {
        const int count = 500;
        var watcher = Sys.ActorOf(Scripted.Props((a, m) =>
        {
            if (m is Terminated t) TestActor.Tell(t.ActorRef);
            else
                for (var i = 0; i < count; i++) a.Cx.Watch(a.Cx.ActorOf(Scripted.Props((c, _) => c.Cx.Stop(c.Me)), "c" + i)).Tell("stop");
        }));
        watcher.Tell("go");
        var stopped = ReceiveN(count, TimeSpan.FromSeconds(60));
        Assert.Equal(count, stopped.Distinct().Count());
    }

    [Fact]
    public void Failures_OfManyChildren_AreAllHandled()
    {
        const int count = 200;
        var parent = Sys.ActorOf(Scripted.Props(
            (a, _) =>
            {
                for (var i = 0; i < count; i++)
                {
                    var child = a.Cx.ActorOf(Scripted.Props((_, m) =>
                    {
                        if (m is "fail") throw new InvalidOperationException("x");
                        TestActor.Tell(m);
                    }));
                    child.Tell("fail");
                    child.Tell(i);
                }
            },
            new Scripted.Hooks { Strategy = () => new OneForOneStrategy(_ => Directive.Restart, loggingEnabled: false) }));
        parent.Tell("go");
        Assert.Equal(Enumerable.Range(0, count), ReceiveN(count, TimeSpan.FromSeconds(60)).Cast<int>().Order());
    }
}
