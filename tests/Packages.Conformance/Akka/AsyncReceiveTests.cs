using Akka.Actor;

namespace Packages.Conformance.AkkaCore;

public sealed class AsyncReceiveTests : ActorSpec
{
    private sealed class Awaiting : ReceiveActor
    {
        public Awaiting(Task gate, IActorRef probe)
        {
            ReceiveAsync<string>(s => s == "wait", async _ =>
            {
                var sender = Sender;
                probe.Tell("waiting");
                await gate;
                await Task.Yield();
                probe.Tell((Same: Equals(sender, Sender), Inside: Equals(Self, Context.Self)));
                Sender.Tell("waited");
            });
            ReceiveAsync<string>(s => s == "fail", async _ =>
            {
                await Task.Yield();
                throw new InvalidOperationException("late");
            });
            ReceiveAny(m => Sender.Tell(m));
        }

        protected override void PreRestart(Exception reason, object message) => Context.System.EventStream.Publish((reason.Message, message));
    }

    [Fact]
    public void ReceiveAsync_SuspendsOtherMessagesAndKeepsTheSender()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var actor = Sys.ActorOf(Props.Create(() => new Awaiting(gate.Task, TestActor)));
        var other = CreateTestProbe();
        actor.Tell("wait", TestActor);
        ExpectMsg("waiting");
        actor.Tell("other", other);
        other.ExpectNoMsg(100);
        gate.SetResult();
        ExpectMsg((true, true));
        ExpectMsg("waited");
        other.ExpectMsg("other");
    }

    [Fact]
    public void ReceiveAsync_Failing_IsSupervisedWithItsMessage()
    {
        Sys.EventStream.Subscribe(TestActor, typeof((string, object)));
        var actor = Sys.ActorOf(Props.Create(() => new Awaiting(Task.CompletedTask, TestActor)));
        actor.Tell("fail", TestActor);
        actor.Tell("next", TestActor);
        ExpectMsg(("late", (object)"fail"));
        ExpectMsg("next");
    }

    [Fact]
    public void ReceiveAsync_StoppedWhileItWaits_StillStops()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var actor = Watch(Sys.ActorOf(Props.Create(() => new Awaiting(gate.Task, TestActor))));
        actor.Tell("wait", TestActor);
        ExpectMsg("waiting");
        Sys.Stop(actor);
        ExpectTerminated(actor);
        gate.SetResult();
    }
}
