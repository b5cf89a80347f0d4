using Akka.Actor;
using Akka.Pattern;

namespace Packages.Conformance.AkkaCore;

public sealed class PatternTests : ActorSpec
{
    [Fact]
    public async Task CircuitBreaker_OpensAfterFailures_AndClosesAfterASuccessfulTrial()
    {
        var breaker = CircuitBreaker.Create(Sys.Scheduler, 2, Long, TimeSpan.FromMilliseconds(100));
        for (var i = 0; i < 2; i++)
            await Assert.ThrowsAsync<FormatException>(() => breaker.WithCircuitBreaker(() => Task.FromException<int>(new FormatException())));
        // Half-open comes by itself, so only one of the two may be seen.
        Assert.False(breaker.IsClosed);
        await AwaitConditionAsync(() => breaker.IsHalfOpen);
        Assert.Equal(1, await breaker.WithCircuitBreaker(() => Task.FromResult(1)));
        Assert.True(breaker.IsClosed);
    }

    [Fact]
    public async Task CircuitBreaker_Open_FailsAtOnce()
    {
        var breaker = CircuitBreaker.Create(Sys.Scheduler, 1, Long, Never);
        breaker.Fail();
        Assert.True(breaker.IsOpen);
        var called = false;
        await Assert.ThrowsAsync<OpenCircuitException>(() => breaker.WithCircuitBreaker(() =>
        {
            called = true;
            return Task.CompletedTask;
        }));
        Assert.False(called);
    }

    [Fact]
    public async Task CircuitBreaker_CallThatIsTooLong_CountsAsFailure()
    {
        var breaker = CircuitBreaker.Create(Sys.Scheduler, 1, TimeSpan.FromMilliseconds(50), Never);
        await Assert.ThrowsAsync<TimeoutException>(() => breaker.WithCircuitBreaker(() => new TaskCompletionSource<int>().Task));
        Assert.True(breaker.IsOpen);
    }

    private Props Child() => Scripted.Props(
        (a, m) =>
        {
            if (m is "stop") a.Cx.Stop(a.Me);
            else if (m is "fail") throw new InvalidOperationException("x");
            else TestActor.Tell(m);
        },
        new Scripted.Hooks { Started = _ => TestActor.Tell("started") });

    [Theory]
    [InlineData(true, "fail")]
    [InlineData(false, "stop")]
    public void BackoffSupervisor_StartsTheChildAgain(bool onFailure, string message)
    {
        var min = TimeSpan.FromMilliseconds(20);
        var options = onFailure ? Backoff.OnFailure(Child(), "child", min, Long, 0.0, -1) : Backoff.OnStop(Child(), "child", min, Long, 0.0, -1);
        var supervisor = Sys.ActorOf(BackoffSupervisor.Props(options));
        ExpectMsg("started");
        supervisor.Tell(message);
        ExpectMsg("started");
        supervisor.Tell("hello");
        ExpectMsg("hello");
    }

    [Fact]
    public void BackoffSupervisor_MoreRestartsThanAllowed_Stops()
    {
        var options = Backoff.OnStop(Child(), "child", TimeSpan.FromMilliseconds(10), Long, 0.0, 1).WithManualReset();
        var supervisor = Watch(Sys.ActorOf(BackoffSupervisor.Props(options)));
        ExpectMsg("started");
        supervisor.Tell("stop");
        ExpectMsg("started");
        supervisor.Tell("stop");
        ExpectTerminated(supervisor);
    }

    [Fact]
    public void BackoffSupervisor_FinalStopMessage_StopsForGood()
    {
        var options = Backoff.OnStop(Child(), "child", TimeSpan.FromMilliseconds(10), Long, 0.0, -1).WithFinalStopMessage(m => m is "stop");
        var supervisor = Watch(Sys.ActorOf(BackoffSupervisor.Props(options)));
        ExpectMsg("started");
        supervisor.Tell("stop");
        ExpectTerminated(supervisor);
    }
}
