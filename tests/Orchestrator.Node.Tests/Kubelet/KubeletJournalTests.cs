using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence;
using Akka.TestKit.Xunit2;
using Orchestrator.Node.Kubelet;
using static Orchestrator.Node.Tests.Kubelet.KubeletBench;

namespace Orchestrator.Node.Tests.Kubelet;

/// <summary>How the kubelet writes its journal: in batches, with snapshots, and anew after a failure.</summary>
public sealed class KubeletJournalTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public async Task Journal_WhileItWrites_GathersWhatComesIntoOneBatch_AndAnswersAfterwards()
    {
        await using var bench = new KubeletBench("gated");
        var kubelet = bench.StartKubelet();
        await PassAsync<KubeletStarted>();
        Task<PodRunStored> Store(string reason) => kubelet.Ask<PodRunStored>(new StorePodRun("u-9", [new PodFailed(reason, "", At)]), Patience);

        var first = Store("first");
        var writing = await NextAsync();
        Task<PodRunStored>[] gathered = [Store("second"), Store("third"), Store("fourth")];
        // Behind the three in the mailbox: when this is answered, they have been taken.
        await kubelet.Ask<KubeletPods>(new GetKubeletPods(Id), Patience);
        Assert.False(first.IsCompleted);
        writing.Passed.SetResult();
        await first;

        var batch = await NextAsync();
        Assert.Equal(["second", "third", "fourth"], batch.Events.Select(e => ((PodFailed)((PodRan)e).Event).Reason));
        Assert.DoesNotContain(gathered, t => t.IsCompleted);
        batch.Passed.SetResult();
        await Task.WhenAll(gathered);
    }

    [Fact]
    public async Task Journal_ThatFails_EndsTheKubelet_AndTheNextOneAdoptsWhatRuns()
    {
        await using var bench = new KubeletBench("gated");
        var kit = new TestKit(bench.System);
        var kubelet = bench.StartKubelet();
        await PassAsync<KubeletStarted>();
        kit.Watch(kubelet);
        kubelet.Tell(new NodePodsListed([Pod(1)], 1));
        await PassAsync<PodSeen>();
        await PassAsync<PodRan>();
        var container = await NextAsync();
        Assert.IsType<ContainerStarted>(((PodRan)container.Events[0]).Event);
        container.Passed.SetException(new IOException("the disk is full"));
        await kit.ExpectTerminatedAsync(kubelet, Patience);

        kubelet = bench.StartKubelet();
        await PassAsync<KubeletStarted>();
        await PassAsync<PodRan>();
        var after = await UntilRunningAsync(kubelet);
        Assert.Equal(2, after.Epoch);
        Assert.Equal(0, after.Pods[0].Containers[0].RestartCount);
        Assert.Equal(after.Pods[0].Containers[0].Id, Assert.Single(await bench.Runtime.ListContainersAsync(NodeName, null, default)).Id);
    }

    [Fact]
    public async Task Journal_GrowsNoFurtherThanTwoSnapshots_AndRecoversFromTheNewest()
    {
        const int changes = 40;
        await using var bench = new KubeletBench(snapshotAfterMin: 5);
        var kubelet = bench.StartKubelet();
        kubelet.Tell(new NodePodsListed([Pod(1)], 1));
        var before = await UntilRunningAsync(kubelet);
        for (var i = 2; i < changes + 2; i++)
        {
            kubelet.Tell(new NodePodChanged(Pod(i, metadata: $",\"generation\":{i}"), Deleted: false));
            // Answered when it is durable, and so is the change before it.
            await kubelet.Ask<PodRunStored>(new StorePodRun("u-9", [new PodFailed("", "", At)]), Patience);
        }

        using var timeout = new CancellationTokenSource(Patience);
        var left = await ReadAsync(bench.System, fromSnapshot: false);
        // Deleting goes on behind the writes.
        while (left.Events > changes / 2 || (await ReadAsync(bench.System, fromSnapshot: true)) is not { Snapshot: not null })
        {
            timeout.Token.ThrowIfCancellationRequested();
            left = await ReadAsync(bench.System, fromSnapshot: false);
        }
        await bench.RestartAsync();
        kubelet = bench.StartKubelet();
        var after = await UntilRunningAsync(kubelet);
        Assert.Equal(2, after.Epoch);
        Assert.Equal(before.Pods[0].Containers[0], after.Pods[0].Containers[0]);
    }

    private static async Task<GatedWrite> NextAsync()
    {
        using var timeout = new CancellationTokenSource(Patience);
        return await GatedJournal.Writes.Reader.ReadAsync(timeout.Token);
    }

    private static async Task PassAsync<T>()
    {
        var write = await NextAsync();
        Assert.IsType<T>(write.Events[0]);
        write.Passed.SetResult();
    }

    private static async Task<Recovered> ReadAsync(ActorSystem system, bool fromSnapshot)
    {
        var read = new TaskCompletionSource<Recovered>(TaskCreationOptions.RunContinuationsAsynchronously);
        var reader = system.ActorOf(Props.Create(() => new Reader(fromSnapshot, read)));
        var recovered = await read.Task.WaitAsync(Patience);
        system.Stop(reader);
        return recovered;
    }

    private sealed record Recovered(KubeletSnapshot? Snapshot, int Events);

    /// <summary>Replays the journal of the kubelet beside it.</summary>
    private sealed class Reader : UntypedPersistentActor
    {
        private readonly TaskCompletionSource<Recovered> _read;
        private readonly bool _fromSnapshot;
        private Recovered _recovered = new(null, 0);

        public Reader(bool fromSnapshot, TaskCompletionSource<Recovered> read)
        {
            (_fromSnapshot, _read) = (fromSnapshot, read);
            JournalPluginId = "akka.persistence.journal.kubelet";
            SnapshotPluginId = "akka.persistence.snapshot-store.kubelet";
        }

        public override string PersistenceId => KubeletActor.PersistenceIdOf(NodeName);

        public override Recovery Recovery => _fromSnapshot ? Recovery.Default : new Recovery(SnapshotSelectionCriteria.None);

        protected override void OnRecover(object message)
        {
            switch (message)
            {
                case SnapshotOffer offer: _recovered = _recovered with { Snapshot = (KubeletSnapshot)offer.Snapshot }; break;
                case KubeletEvent: _recovered = _recovered with { Events = _recovered.Events + 1 }; break;
                case RecoveryCompleted: _read.SetResult(_recovered); break;
            }
        }

        protected override void OnCommand(object message)
        {
        }
    }
}
