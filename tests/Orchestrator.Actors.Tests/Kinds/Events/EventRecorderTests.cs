using System.Collections.Immutable;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Kinds.Events;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Admission;

namespace Orchestrator.Actors.Tests.Kinds.Events;

/// <summary>What is said again is counted; what is about another part, or told after a while, is told anew.</summary>
public sealed class EventRecorderTests
{
    private static readonly EventSource Kubelet = new("kubelet", FieldManagers.Kubelet, "n1");

    [Fact]
    public async Task Repetitions_AreCounted_PerPartOfTheObject()
    {
        var store = await StoreFixture.WithNamespaceAsync();
        var recorder = new EventRecorder(store.Registries, store.Clock, "here");
        for (var n = 0; n < 3; n++) recorder.Record(Event("spec.containers{a}"), Kubelet);
        recorder.Record(Event("spec.containers{b}"), Kubelet);
        await UntilAsync(store, static found => found.Sum(Count) == 4);
        store.Clock.Now += TimeSpan.FromMinutes(5);
        recorder.Record(Event("spec.containers{a}"), Kubelet);
        var events = await UntilAsync(store, static found => found.Sum(Count) == 5);

        Assert.Equal([(4L, "spec.containers{a}"), (1L, "spec.containers{b}")],
            events.Select(static e => (Count(e), (string?)e.ToTree()["involvedObject"]!["fieldPath"] ?? "")).OrderDescending());
        var tree = events.First(static e => Count(e) == 4).ToTree();
        Assert.Equal(("n1", "n1", "7", "Warning"), ((string?)tree["source"]!["host"], (string?)tree["reportingInstance"], (string?)tree["involvedObject"]!["resourceVersion"], (string?)tree["type"]));
        Assert.Equal(("2026-01-02T03:04:05Z", "2026-01-02T03:09:05Z"), ((string?)tree["firstTimestamp"], (string?)tree["lastTimestamp"]));

        store.Clock.Now += TimeSpan.FromMinutes(11);
        recorder.Record(Event("spec.containers{a}"), Kubelet);
        Assert.Equal(3, (await UntilAsync(store, static found => found.Length == 3)).Length);
    }

    [Fact]
    public async Task Repetition_OfAnEventThatWasDeleted_IsToldAgain()
    {
        var store = await StoreFixture.WithNamespaceAsync();
        var recorder = new EventRecorder(store.Registries, store.Clock, "here");
        recorder.Record(Event(""), Kubelet);
        var told = Assert.Single(await UntilAsync(store, static found => found.Length == 1));
        Assert.Null((await store.Store.DeleteAsync(store.Store.SchemaOf(ResourceTypes.Events), told.Key, DeleteOptions.Default)).Error);
        await UntilAsync(store, static found => found.IsEmpty);
        recorder.Record(Event(""), Kubelet);
        Assert.Equal(2, Count(Assert.Single(await UntilAsync(store, static found => found.Length == 1))));
    }

    [Fact]
    public async Task ManyMessagesOfOneReason_BecomeOneEvent()
    {
        var store = await StoreFixture.WithNamespaceAsync();
        var recorder = new EventRecorder(store.Registries, store.Clock, "here");
        for (var n = 0; n < 15; n++) recorder.Record(Event("") with { Message = $"Created pod: p-{n}" }, Kubelet);
        recorder.Record(Event("") with { Reason = "Other" }, Kubelet);
        var events = await UntilAsync(store, static found => found.Sum(Count) == 16);

        Assert.Equal(12, events.Length);
        var combined = Assert.Single(events, static e => Count(e) > 1);
        Assert.Equal((5L, "(combined from similar events): Created pod: p-14"), (Count(combined), (string?)combined.ToTree()["message"]));

        // What was told by itself before is still counted by itself.
        recorder.Record(Event("") with { Message = "Created pod: p-3" }, Kubelet);
        events = await UntilAsync(store, static found => found.Sum(Count) == 17);
        Assert.Equal(2, Count(Assert.Single(events, static e => (string?)e.ToTree()["message"] == "Created pod: p-3")));
    }

    private static EventAction Event(string part) =>
        new(ResourceTypes.Pods, new ObjectKey("default", "p"), "v1", "Pod", "uid", true, "BackOff", "Back-off restarting") { FieldPath = part, Revision = 7 };

    private static long Count(StoredObject e) => (long)e.ToTree()["count"]!;

    private static async Task<ImmutableArray<StoredObject>> UntilAsync(StoreFixture store, Func<ImmutableArray<StoredObject>, bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var informer = await store.Registries.InformerAsync(ResourceTypes.Events);
        while (true)
        {
            var revision = informer.Revision;
            ImmutableArray<StoredObject> found = [.. informer.Objects.EnumerateFrom()];
            if (condition(found)) return found;
            await informer.WaitForAsync(revision + 1, patience.Token);
        }
    }
}
