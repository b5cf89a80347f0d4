using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.PersistentVolumeClaims;
using Orchestrator.Actors.Kinds.PersistentVolumes;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Admission;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.PersistentVolumeClaims;

/// <summary>What is deleted while it is used stays until it is not.</summary>
public sealed class ProtectionTests
{
    private const string Claim = """{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}""";
    private const string Uses = ""","volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"data"}}]""";

    private static readonly ObjectKey Data = new("default", "data");
    private readonly PersistentVolumeClaimProtectionController _claims = new();
    private readonly PersistentVolumeProtectionController _volumes = new();

    [Fact]
    public async Task Claim_OfAPodOnANode_WaitsUntilThatIsGone()
    {
        var (store, pass) = await StartAsync();
        var made = await store.CreateAsync(ResourceTypes.PersistentVolumeClaims, "default", Claim);
        Assert.Equal(["kubernetes.io/pvc-protection"], made.Object!.Meta.Finalizers.AsEnumerable());
        await store.PodAsync("p", spec: Uses);
        var pod = await store.BindAsync("p", "n1");

        Assert.False(await DeleteAsync(store, ResourceTypes.PersistentVolumeClaims, Data));
        Assert.Empty((await pass.RunAsync(_claims, Data)).Actions);
        Assert.NotNull(await store.Store.GetAsync(ResourceTypes.PersistentVolumeClaims, Data));

        await DeleteAsync(store, ResourceTypes.Pods, pod.Key);
        Assert.Equal([Data], pass.Triggers(_claims, ResourceTypes.Pods, ChangeKind.Deleted, pod).AsEnumerable());
        var released = await pass.RunAsync(_claims, Data);
        Assert.Equal([ResourceTypes.Pods], released.Confirm.AsEnumerable());
        Assert.Null(await store.Store.GetAsync(ResourceTypes.PersistentVolumeClaims, Data));
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","volumes":[{"name":"data","emptyDir":{}}]""")]
    [InlineData(""","volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"data-2"}}]""")]
    public async Task Claim_ThatNoPodUses_GoesAtOnce(string spec)
    {
        var (store, pass) = await StartAsync();
        await store.CreateAsync(ResourceTypes.PersistentVolumeClaims, "default", Claim);
        await store.PodAsync("p", spec: spec);
        await store.BindAsync("p", "n1");
        // One that uses it and has no node yet does not count.
        await store.PodAsync("waits", spec: Uses);

        await DeleteAsync(store, ResourceTypes.PersistentVolumeClaims, Data);
        await pass.RunAsync(_claims, Data);
        Assert.Null(await store.Store.GetAsync(ResourceTypes.PersistentVolumeClaims, Data));
    }

    [Fact]
    public async Task EphemeralClaim_IsUsedByThePodThatOwnsIt()
    {
        var (store, pass) = await StartAsync();
        var pod = await store.PodAsync("p", spec: ""","volumes":[{"name":"tmp","ephemeral":{"volumeClaimTemplate":{"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}}}]""");
        await store.BindAsync("p", "n1");
        foreach (var (name, uid, stays) in ((string, string, bool)[])[("p-tmp", pod.Meta.Uid, true), ("p-tmp", "other", false)])
        {
            var claim = JsonNode.Parse(Claim)!.AsObject();
            claim["metadata"] = JsonNode.Parse($$"""{"name":"{{name}}","ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"p","uid":"{{uid}}","controller":true}]}""");
            Assert.Null((await store.CreateAsync(ResourceTypes.PersistentVolumeClaims, "default", claim.ToJsonString())).Error);
            var key = new ObjectKey("default", name);
            await DeleteAsync(store, ResourceTypes.PersistentVolumeClaims, key);
            await pass.RunAsync(_claims, key);
            var left = await store.Store.GetAsync(ResourceTypes.PersistentVolumeClaims, key);
            Assert.Equal(stays, left is not null);
            if (left is null) continue;
            await store.Store.PatchAsync(store.Store.SchemaOf(ResourceTypes.PersistentVolumeClaims), key, tree =>
            {
                tree["metadata"]!.AsObject().Remove("finalizers");
                return (tree, null);
            });
        }
    }

    [Fact]
    public async Task Volume_WaitsWhileItIsBound()
    {
        var (store, pass) = await StartAsync();
        var key = new ObjectKey("", "v");
        Assert.Null((await store.CreateAsync(ResourceTypes.PersistentVolumes, "",
            """{"metadata":{"name":"v"},"spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/tmp/v"}}}""")).Error);
        await PhaseAsync(store, key, "Bound");
        Assert.False(await DeleteAsync(store, ResourceTypes.PersistentVolumes, key));
        Assert.Empty((await pass.RunAsync(_volumes, key)).Actions);

        await PhaseAsync(store, key, "Released");
        await pass.RunAsync(_volumes, key);
        Assert.Null(await store.Store.GetAsync(ResourceTypes.PersistentVolumes, key));
    }

    [Fact]
    public async Task WhatWasMadeWithoutTheFinalizer_GetsIt()
    {
        var (store, pass) = await StartAsync();
        await store.Registries.WriteAsync(ResourceTypes.PersistentVolumeClaims,
            [new CreateObject(Data, UncommittedJson.From(JsonNode.Parse("""{"metadata":{"name":"data","namespace":"default","uid":"u"},"spec":{}}""")!.AsObject()))]);
        Assert.Single((await pass.RunAsync(_claims, Data)).Actions);
    }

    private static async Task<(StoreFixture, ControllerPass)> StartAsync()
    {
        var store = await StoreFixture.WithNamespaceAsync();
        return (store, new ControllerPass(store.Store, store.Clock));
    }

    private static async Task<bool> DeleteAsync(StoreFixture store, ResourceType type, ObjectKey key)
    {
        var result = await store.Store.DeleteAsync(store.Store.SchemaOf(type), key, new DeleteOptions { GracePeriodSeconds = 0 });
        Assert.Null(result.Error);
        return result.Removed;
    }

    private static async Task PhaseAsync(StoreFixture store, ObjectKey key, string phase)
    {
        var result = await store.Store.PatchAsync(store.Store.SchemaOf(ResourceTypes.PersistentVolumes), key, tree =>
        {
            tree["status"] = new JsonObject { ["phase"] = phase };
            return (tree, null);
        }, "status");
        Assert.Null(result.Error);
    }
}
