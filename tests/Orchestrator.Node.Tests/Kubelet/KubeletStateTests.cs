using System.Text;
using Orchestrator.Actors.Serialization;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.Node.Tests.Kubelet;

public sealed class KubeletStateTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly KubeletEvent[] History =
    [
        new KubeletStarted(3, At),
        new PodSeen(KubeletBench.Pod(7)),
        new PodRan("u-1", new PodAccepted(At)),
        new PodRan("u-1", new SandboxStarted("s-1", "10.1.0.1", 0, At)),
        new PodRan("u-1", new ContainerStarted("main", "c-1", 0, "any:1", "hollow://any", TimeSpan.FromSeconds(10), At)),
        new PodRan("u-1", new ContainerStartupFinished("main", At)),
        new PodRan("u-1", new ContainerExited("main", "c-1", 3, "Error", "gone", At, At.AddSeconds(5))),
        new PodRan("u-1", new ContainerStarted("main", "c-2", 1, "any:1", "hollow://any", TimeSpan.FromSeconds(20), At)),
        new PodRan("u-1", new SandboxRemoved("s-0", At)),
        new PodRan("u-1", new PodFailed("Evicted", "no room", At)),
        new PodSeen(KubeletBench.Pod(8, "u-2")),
        new PodForgotten("u-2"),
    ];

    [Fact]
    public void State_IsTheFoldOfItsEvents()
    {
        var state = Fold(History);
        Assert.Equal(3, state.Epoch);
        var run = Assert.Single(state.Pods).Value.Run;
        Assert.Equal(1, run.Of("main")!.RestartCount);
        Assert.Equal("c-1", run.Of("main")!.Previous!.Id);
        Assert.Equal(TimeSpan.FromSeconds(20), run.Of("main")!.BackOff);
    }

    [Fact]
    public void State_NewVersionOfAPod_KeepsWhatRanOfIt_AndALateWordAboutAForgottenOneIsNothing()
    {
        var state = Fold([.. History, new PodSeen(KubeletBench.Pod(9)), new PodRan("u-2", new SandboxRemoved("s-9", At))]);
        var pod = Assert.Single(state.Pods).Value;
        Assert.Equal(9, pod.Pod.Revision);
        Assert.Equal("c-2", pod.Run.Of("main")!.Id);
    }

    [Fact]
    public void EventsAndSnapshots_AreReadAsTheyWereWritten()
    {
        var read = new KubeletState();
        foreach (var e in History) read.Apply((KubeletEvent)ThroughBytes(e));
        AssertSame(Fold(History), read);

        var restored = new KubeletState();
        restored.Restore((KubeletSnapshot)ThroughBytes(Fold(History).ToSnapshot()));
        AssertSame(Fold(History), restored);
    }

    [Theory]
    [InlineData("container-started", """{"pod":"u-1","event":{"container":"main","id":"c-1","attempt":2,"image":"any:1","imageId":"hollow://any","backOff":"00:00:10","at":"2026-01-02T03:04:05+00:00"}}""")]
    [InlineData("container-exited", """{"pod":"u-1","event":{"container":"main","id":"c-1","exitCode":3,"reason":"Error","message":"gone","startedAt":"2026-01-02T03:04:05+00:00","at":"2026-01-02T03:04:10+00:00"}}""")]
    [InlineData("kubelet-started", """{"epoch":3,"at":"2026-01-02T03:04:05+00:00"}""")]
    [InlineData("pod-forgotten", """{"uid":"u-2"}""")]
    public void Events_OfEarlierVersions_AreReadAndWrittenTheSame(string manifest, string stored)
    {
        var codec = KubeletCodecs.All.Single(c => c.Manifest == manifest);
        Assert.Equal(stored, Encoding.UTF8.GetString(codec.Write(codec.Read(Encoding.UTF8.GetBytes(stored)))));
    }

    private static KubeletState Fold(IEnumerable<KubeletEvent> events)
    {
        var state = new KubeletState();
        foreach (var e in events) state.Apply(e);
        return state;
    }

    private static object ThroughBytes(object message)
    {
        WireCodec[] codecs = [.. KubeletCodecs.All];
        var codec = codecs.Single(c => c.Type == message.GetType() && (c.Variant is null || c.Variant(message)));
        return codecs.Single(c => c.Manifest == codec.Manifest).Read(codec.Write(message));
    }

    private static void AssertSame(KubeletState expected, KubeletState actual)
    {
        Assert.Equal(expected.Epoch, actual.Epoch);
        Assert.Equal(expected.Pods.Keys.Order(), actual.Pods.Keys.Order());
        foreach (var (uid, pod) in expected.Pods)
        {
            Assert.Equal(pod.Pod.Revision, actual.Pods[uid].Pod.Revision);
            Assert.Equal(pod.Pod.Json.ToArray(), actual.Pods[uid].Pod.Json.ToArray());
            Assert.Equal(pod.Run with { Containers = actual.Pods[uid].Run.Containers }, actual.Pods[uid].Run);
            Assert.Equal(pod.Run.Containers.OrderBy(c => c.Key), actual.Pods[uid].Run.Containers.OrderBy(c => c.Key));
        }
    }
}
