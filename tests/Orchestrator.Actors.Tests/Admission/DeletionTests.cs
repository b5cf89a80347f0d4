using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Admission;

public sealed class DeletionTests
{
    private static readonly ObjectKey Web = new("default", "web");

    [Fact]
    public async Task Delete_UnscheduledPod_IsGoneAtOnce()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        await fixture.PodAsync("web");
        var result = await DeleteAsync(fixture, ResourceTypes.Pods);
        Assert.True(result.Removed);
        Assert.Null(await fixture.Store.GetAsync(ResourceTypes.Pods, Web));
    }

    [Fact]
    public async Task Delete_RunningPod_WaitsForItsGracePeriodAndThenForItsNode()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        await fixture.PodAsync("web");
        await fixture.BindAsync("web", "n1");

        var marked = await DeleteAsync(fixture, ResourceTypes.Pods);
        Assert.False(marked.Removed);
        Assert.Equal(30, marked.Object!.Meta.DeletionGracePeriodSeconds);
        Assert.Equal(fixture.Clock.Now.AddSeconds(30), marked.Object.Meta.DeletionTimestamp);

        // A longer period does not prolong it.
        var longer = await DeleteAsync(fixture, ResourceTypes.Pods, new DeleteOptions { GracePeriodSeconds = 100 });
        Assert.Equal(marked.Object.Revision, longer.Object!.Revision);

        var shorter = await DeleteAsync(fixture, ResourceTypes.Pods, new DeleteOptions { GracePeriodSeconds = 5 });
        Assert.Equal(fixture.Clock.Now.AddSeconds(5), shorter.Object!.Meta.DeletionTimestamp);

        var last = await DeleteAsync(fixture, ResourceTypes.Pods, new DeleteOptions { GracePeriodSeconds = 0 });
        Assert.True(last.Removed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Delete_ThatLosesAgainstOthersAgainAndAgain_IsNeverRefusedForIt(bool many)
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"web"}}""");
        var interruptions = 40;
        fixture.Registries.BeforeWrite = (_, writes) =>
        {
            if (writes[0] is not RemoveObject || interruptions-- <= 0) return null;
            var other = fixture.Store.PatchAsync(fixture.Store.SchemaOf(ResourceTypes.ConfigMaps), Web, tree =>
            {
                tree["data"] = new JsonObject { ["n"] = $"{interruptions}" };
                return (tree, null);
            });
            // The registries are in memory: it is written when the call returns, and nothing waits here.
            Assert.True(other.IsCompletedSuccessfully);
            Assert.Null(other.Result.Error);
            return null;
        };
        var result = many ? Assert.Single(await fixture.Store.DeleteManyAsync(ResourceTypes.ConfigMaps, [new DeleteTarget(Web)])) : await DeleteAsync(fixture, ResourceTypes.ConfigMaps);
        Assert.Null(result.Error);
        Assert.True(result.Removed);
        Assert.True(interruptions < 0);
    }

    [Fact]
    public async Task Delete_ForTheSakeOfOwners_HappensOnlyWhileItHasThose()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"web","ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u"}]}}""");
        var former = new DeleteTarget(Web) { Owners = [new OwnerReference("v1", "Pod", "p", "gone", false, false)] };
        Assert.Equal("Conflict", Assert.Single(await fixture.Store.DeleteManyAsync(ResourceTypes.ConfigMaps, [former])).Error!.Reason);
        var present = new DeleteTarget(Web) { Owners = [new OwnerReference("v1", "Pod", "p", "u", false, false)] };
        Assert.True(Assert.Single(await fixture.Store.DeleteManyAsync(ResourceTypes.ConfigMaps, [present])).Removed);
    }

    [Fact]
    public async Task Delete_WithFinalizers_StaysUntilTheLastIsTakenAway()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"web","finalizers":["example.com/a","example.com/b"]}}""");
        var marked = await DeleteAsync(fixture, ResourceTypes.ConfigMaps);
        Assert.False(marked.Removed);
        Assert.True(marked.Object!.Meta.Deleting);

        var schema = fixture.Store.SchemaOf(ResourceTypes.ConfigMaps);
        var added = await fixture.Store.PatchAsync(schema, Web, tree =>
        {
            tree["metadata"]!["finalizers"]!.AsArray().Add("example.com/c");
            return (tree, null);
        });
        Assert.Equal(422, added.Error!.Code);
        Assert.Contains("no new finalizers can be added if the object is being deleted", added.Error.Message, StringComparison.Ordinal);

        await RemoveFinalizersAsync(fixture, keep: 1);
        Assert.NotNull(await fixture.Store.GetAsync(ResourceTypes.ConfigMaps, Web));
        await RemoveFinalizersAsync(fixture, keep: 0);
        Assert.Null(await fixture.Store.GetAsync(ResourceTypes.ConfigMaps, Web));
    }

    [Theory]
    [InlineData(PropagationPolicy.Foreground, "foregroundDeletion")]
    [InlineData(PropagationPolicy.Orphan, "orphan")]
    public async Task Delete_WithPolicy_LeavesTheObjectToTheGarbageCollector(PropagationPolicy policy, string finalizer)
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"web"}}""");
        var result = await DeleteAsync(fixture, ResourceTypes.ConfigMaps, new DeleteOptions { Propagation = policy });
        Assert.False(result.Removed);
        Assert.Equal(finalizer, Assert.Single(result.Object!.Meta.Finalizers));
    }

    [Fact]
    public async Task Delete_OtherUid_IsConflict()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        await fixture.PodAsync("web");
        var result = await DeleteAsync(fixture, ResourceTypes.Pods, new DeleteOptions { Uid = "other" });
        Assert.Equal(409, result.Error!.Code);
        Assert.Contains("the UID in the precondition (other) does not match the UID in record (", result.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_Namespace_EndsWithFinalize()
    {
        var fixture = await StoreFixture.WithNamespaceAsync("going");
        var schema = fixture.Store.SchemaOf(ResourceTypes.Namespaces);
        var key = new ObjectKey("", "going");
        var marked = await fixture.Store.DeleteAsync(schema, key);
        var tree = marked.Object!.ToTree();
        tree["spec"]!["finalizers"] = new JsonArray();
        var finalized = await fixture.Store.UpdateAsync(schema, key, tree, "finalize");
        Assert.Null(finalized.Error);
        Assert.Null(await fixture.Store.GetAsync(ResourceTypes.Namespaces, key));
    }

    [Fact]
    public async Task Delete_DefaultNamespace_IsForbidden()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var result = await fixture.Store.DeleteAsync(fixture.Store.SchemaOf(ResourceTypes.Namespaces), new ObjectKey("", "default"));
        Assert.Equal("namespaces \"default\" is forbidden: this namespace may not be deleted", result.Error!.Message);
    }

    [Fact]
    public async Task DeleteMany_Mixed_IsOneBatch()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var a = await fixture.PodAsync("a");
        await fixture.PodAsync("b");
        var before = fixture.Registries.Batches;
        var results = await fixture.Store.DeleteManyAsync(ResourceTypes.Pods,
            [new DeleteTarget(a.Key, a.Meta.Uid), new DeleteTarget(new ObjectKey("default", "b")), new DeleteTarget(new ObjectKey("default", "c"))]);
        Assert.Equal([true, true, false], results.Select(r => r.Removed));
        Assert.Equal("NotFound", results[2].Error!.Reason);
        Assert.Equal(before + 1, fixture.Registries.Batches);
    }

    private static Task<DeleteResult> DeleteAsync(StoreFixture fixture, ResourceType type, DeleteOptions? options = null) =>
        fixture.Store.DeleteAsync(fixture.Store.SchemaOf(type), Web, options);

    private static Task<StoreResult> RemoveFinalizersAsync(StoreFixture fixture, int keep) =>
        fixture.Store.PatchAsync(fixture.Store.SchemaOf(ResourceTypes.ConfigMaps), Web, tree =>
        {
            var finalizers = tree["metadata"]!["finalizers"]!.AsArray();
            while (finalizers.Count > keep) finalizers.RemoveAt(0);
            return (tree, null);
        });
}
