using Akka.Actor;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Events;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Scheduling;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Registry;

namespace Orchestrator.Actors.Tests.Scheduling;

/// <summary>The mailbox around the scheduling cycle, on real registries.</summary>
public sealed class SchedulerActorTests : RegistryRegionKit
{
    [Fact]
    public async Task Pods_ThatWait_AreBoundInOneBatch()
    {
        await NodesAsync(2);
        await PodsAsync("p", 50);

        Start();
        await AllBoundAsync(50);

        var batch = Assert.Single(Written, w => w.Writes.Any(x => x is BindPod));
        Assert.Equal(50, batch.Writes.Length);
    }

    [Fact]
    public async Task FailedBinding_ReturnsThePodToTheQueue_AndTellsWhy()
    {
        await NodesAsync(1);
        await PodsAsync("p", 1);
        var refusals = 1;
        Refuse = w => w.Writes.Any(x => x is BindPod) && Interlocked.Decrement(ref refusals) >= 0 ? ApiError.Timeout("the disk is slow") : null;

        Start();
        await AllBoundAsync(1);

        Assert.Equal(2, Written.Count(w => w.Writes.Any(x => x is BindPod)));
        await EventAsync("FailedScheduling", "binding rejected: the disk is slow");
        await EventAsync("Scheduled", "Successfully assigned d/p-0 to node-0");
    }

    [Fact]
    public async Task NoNodeFits_IsAnEventAndACondition_AndANodeThatComesHelps()
    {
        await PodsAsync("p", 1);
        Start();

        await EventAsync("FailedScheduling", "no nodes available to schedule pods");
        var informer = await Registries.InformerAsync(ResourceTypes.Pods);
        await AwaitAssertAsync(() =>
        {
            var condition = PodView.Of(informer.Get(new ObjectKey("d", "p-0"))!).Condition("PodScheduled");
            Assert.Equal(("False", "Unschedulable", "no nodes available to schedule pods"), (condition?.Status, condition?.Reason, condition?.Message));
        }, Patience);

        await NodesAsync(1);
        await AllBoundAsync(1);
        Assert.Equal("True", PodView.Of(informer.Get(new ObjectKey("d", "p-0"))!).Condition("PodScheduled")?.Status);
    }

    [Fact]
    public async Task MoreImportantPod_DisplacesALesserOne_WhichIsToldWhy()
    {
        await CreateAsync(ResourceTypes.Nodes, SchedulingFixture.Node("node-0", cpu: "2").Source);
        await CreateAsync(ResourceTypes.Pods, SchedulingFixture.Stored("d", "victim", """
            {"metadata":{"name":"victim","namespace":"d","uid":"victim"},"spec":{"nodeName":"node-0","terminationGracePeriodSeconds":30,"priority":1,"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"2"}}}]},"status":{"phase":"Running"}}
            """));
        await CreateAsync(ResourceTypes.Pods, SchedulingFixture.Pod("p-0", """{"cpu":"1"}""", ",\"priority\":9").Source);
        Start();

        var informer = await Registries.InformerAsync(ResourceTypes.Pods);
        await AwaitAssertAsync(() =>
        {
            var victim = PodView.Of(informer.Get(new ObjectKey("d", "victim"))!);
            Assert.True(victim.Terminating);
            Assert.Equal(("True", "PreemptionByScheduler", "default-scheduler: preempting to accommodate a higher priority pod"),
                (victim.Condition("DisruptionTarget")?.Status, victim.Condition("DisruptionTarget")?.Reason, victim.Condition("DisruptionTarget")?.Message));
            Assert.Equal("node-0", PodView.Of(informer.Get(new ObjectKey("d", "p-0"))!).NominatedNodeName);
        }, Patience);
        await EventAsync("Preempted", "Preempted by pod p-0 on node node-0");
        await EventAsync("FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu.");

        var store = Store();
        await store.DeleteAsync(store.SchemaOf(ResourceTypes.Pods), new ObjectKey("d", "victim"), new DeleteOptions { GracePeriodSeconds = 0 });
        await AwaitAssertAsync(() => Assert.Equal("node-0", PodView.Of(informer.Get(new ObjectKey("d", "p-0"))!).NodeName), Patience);
    }

    [Fact]
    public async Task TwoSchedulersAtOnce_AndTheEndOfOne_BindNothingTwice()
    {
        const int Pods = 300;
        await NodesAsync(5);
        var first = Start();
        Start();
        await PodsAsync("p", Pods);
        // The one of before ends with bindings under way, as in a hand-over.
        Sys.Stop(first);
        await PodsAsync("q", 20);
        await AllBoundAsync(Pods + 20);

        var informer = await Registries.ConsistentAsync(ResourceTypes.Pods);
        using var deadline = new CancellationTokenSource(Patience);
        var cursor = informer.Watch(0);
        var nodes = new Dictionary<ObjectKey, string>();
        while (cursor.Position < informer.Revision)
        {
            foreach (var change in (await cursor.NextAsync(deadline.Token))!)
            {
                if (PodView.Of(change.Object).NodeName is not { Length: > 0 } node) continue;
                if (nodes.TryGetValue(change.Object.Key, out var before)) Assert.Equal(before, node);
                nodes[change.Object.Key] = node;
            }
        }
        Assert.Equal(Pods + 20, nodes.Count);
    }

    [Fact]
    public async Task ClaimThatWaitsForItsConsumer_IsToldTheNode_AndThePodIsBoundOnceTheClaimIs()
    {
        await NodesAsync(1);
        await CreateAsync(ResourceTypes.StorageClasses, SchedulingFixture.Stored("", "late",
            """{"metadata":{"name":"late","uid":"late"},"provisioner":"x","volumeBindingMode":"WaitForFirstConsumer"}"""));
        await CreateAsync(ResourceTypes.PersistentVolumeClaims, SchedulingFixture.Stored("d", "data",
            """{"metadata":{"name":"data","namespace":"d","uid":"data"},"spec":{"storageClassName":"late","volumeMode":"Filesystem","accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}} } }"""));
        await CreateAsync(ResourceTypes.Pods, SchedulingFixture.Pod("p-0", spec: ""","volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"data"}}]""").Source);
        Start();

        var claims = await Registries.InformerAsync(ResourceTypes.PersistentVolumeClaims);
        var key = new ObjectKey("d", "data");
        await AwaitAssertAsync(() => Assert.Equal("node-0", claims.Get(key)!.Meta.Annotations.GetValueOrDefault("volume.kubernetes.io/selected-node")), Patience);
        Assert.DoesNotContain(Written, static w => w.Writes.Any(static x => x is BindPod));

        var store = Store();
        await store.PatchAsync(store.SchemaOf(ResourceTypes.PersistentVolumeClaims), key, static tree =>
        {
            tree["spec"]!["volumeName"] = "pv";
            tree["metadata"]!["annotations"]!["pv.kubernetes.io/bind-completed"] = "yes";
            return (tree, null);
        });
        await EventAsync("FailedScheduling", "0/1 nodes are available: 1 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s). "
            + "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.");
        await CreateAsync(ResourceTypes.PersistentVolumes, SchedulingFixture.Stored("", "pv", """{"metadata":{"name":"pv","uid":"pv"},"spec":{} }"""));
        await AllBoundAsync(1);
    }

    private ResourceStore Store() => new(Registries, static () => SchemaCatalog.BuiltIn, TimeProvider.System);

    private IActorRef Start()
    {
        var events = new EventRecorder(Registries, TimeProvider.System, "here");
        return Sys.ActorOf(SchedulerActor.Props(Registries, Registries, new ActionRunner(Store(), events), events, TimeProvider.System, seed: 7));
    }

    private async Task NodesAsync(int count)
    {
        for (var n = 0; n < count; n++) await CreateAsync(ResourceTypes.Nodes, SchedulingFixture.Node($"node-{n}", pods: 1000).Source);
    }

    private Task PodsAsync(string prefix, int count) => Task.WhenAll(Enumerable.Range(0, count)
        .Select(n => CreateAsync(ResourceTypes.Pods, SchedulingFixture.Pod($"{prefix}-{n}").Source)));

    private async Task AllBoundAsync(int count)
    {
        var informer = await Registries.InformerAsync(ResourceTypes.Pods);
        await AwaitAssertAsync(() => Assert.Equal(count, informer.Objects.EnumerateFrom().Count(o => PodView.Of(o).NodeName.Length > 0)), Patience);
    }

    private async Task EventAsync(string reason, string message)
    {
        var informer = await Registries.InformerAsync(ResourceTypes.Events);
        await AwaitAssertAsync(() => Assert.Contains(informer.Objects.EnumerateFrom(), o =>
        {
            var tree = o.ToTree();
            return (string?)tree["reason"] == reason && (string?)tree["message"] == message;
        }), Patience);
    }
}
