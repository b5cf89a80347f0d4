using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.Node.Tests.Kubelet;

public sealed class FilePodRunJournalTests : IDisposable
{
    private static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly string _root = Directory.CreateTempSubdirectory("journal").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static StoredObject Pod()
    {
        var json = Encoding.UTF8.GetBytes("""{"metadata":{"name":"p","namespace":"d","uid":"u1","resourceVersion":"7"},"spec":{"containers":[]}}""");
        return new StoredObject(new ObjectKey("d", "p"), 7, json);
    }

    [Fact]
    public async Task WhatWasStored_IsThereForTheNextOne_AndGoneOnceForgotten()
    {
        var journal = new FilePodRunJournal(_root);
        Assert.Empty(await journal.LoadAsync("n", default));
        await journal.SaveAsync("n", Pod(), default);
        await journal.AppendAsync("n", "u1", [new PodAccepted(Time), new SandboxStarted("s", "192.0.2.1", 0, Time)], default);
        await journal.AppendAsync("n", "u1", [new ContainerStarted("c", "id", 0, "i", "i", TimeSpan.Zero, Time)], default);

        var pod = Assert.Single(await new FilePodRunJournal(_root).LoadAsync("n", default));

        Assert.Equal(7, pod.Pod.Revision);
        Assert.Equal("s", pod.Run.Sandbox?.Id);
        Assert.True(pod.Run.Of("c")?.Running);
        Assert.Empty(await journal.LoadAsync("other", default));
        await journal.ForgetAsync("n", "u1", default);
        Assert.Empty(await journal.LoadAsync("n", default));
    }

    [Fact]
    public async Task LineThatACrashCutShort_IsDropped_AndDoesNotSpoilWhatFollows()
    {
        var journal = new FilePodRunJournal(_root);
        await journal.LoadAsync("n", default);
        await journal.SaveAsync("n", Pod(), default);
        await journal.AppendAsync("n", "u1", [new PodAccepted(Time)], default);
        var file = Directory.GetFiles(_root, "u1.events", SearchOption.AllDirectories).Single();
        await File.AppendAllTextAsync(file, """{"Kind":"SandboxSta""");

        journal = new FilePodRunJournal(_root);
        Assert.Equal(Time, Assert.Single(await journal.LoadAsync("n", default)).Run.AcceptedAt);
        await journal.AppendAsync("n", "u1", [new SandboxStarted("s", "192.0.2.1", 0, Time)], default);

        Assert.Equal("s", Assert.Single(await new FilePodRunJournal(_root).LoadAsync("n", default)).Run.Sandbox?.Id);
    }

    [Fact]
    public async Task Appends_KeepTheirOrder_WithoutWaitingForEachOther()
    {
        var journal = new FilePodRunJournal(_root);
        await journal.LoadAsync("n", default);
        await journal.SaveAsync("n", Pod(), default);
        await journal.AppendAsync("n", "u1", [new PodAccepted(Time), new SandboxStarted("s", "", 0, Time)], default);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(i =>
            journal.AppendAsync("n", "u1", [new ContainerStarted("c", $"id-{i}", i, "i", "i", TimeSpan.Zero, Time)], default)));

        Assert.Equal("id-49", Assert.Single(await new FilePodRunJournal(_root).LoadAsync("n", default)).Run.Of("c")?.Id);
    }

    [Fact]
    public async Task Epochs_GrowOverRestarts_AndTheIdentityStays()
    {
        Assert.Equal(1, await new FilePodRunJournal(_root).NextEpochAsync("n", default));
        Assert.Equal(2, await new FilePodRunJournal(_root).NextEpochAsync("n", default));
        Assert.Equal(NodeIdentity.Of(_root), NodeIdentity.Of(_root));
        Assert.NotEqual(NodeIdentity.Of(_root), NodeIdentity.Of(Path.Combine(_root, "another")));
    }
}
