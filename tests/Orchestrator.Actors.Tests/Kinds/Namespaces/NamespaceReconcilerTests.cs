using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Namespaces;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Admission;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.Namespaces;

/// <summary>How a namespace is emptied, and what it says meanwhile.</summary>
public sealed class NamespaceReconcilerTests
{
    private static readonly ObjectKey Default = new("", "d");
    private readonly NamespaceController _controller = new(static () => SchemaCatalog.BuiltIn);

    [Fact]
    public async Task Content_GoesPodsFirst_ThenTheNamespace()
    {
        var (store, pass) = await StartAsync();
        await CreateAsync(store, ResourceTypes.Pods, """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
        await CreateAsync(store, ResourceTypes.ConfigMaps, """{"metadata":{"name":"c"}}""");
        await CreateAsync(store, ResourceTypes.Deployments, """{"metadata":{"name":"w"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}""");
        await DeleteNamespaceAsync(store);

        var first = await RunAsync(pass);
        Assert.Equal(["p"], first.Actions.Select(static a => Assert.IsType<DeleteAction>(a).Key.Name));
        var second = await RunAsync(pass);
        Assert.Equal(["c", "w"], second.Actions.Select(static a => Assert.IsType<DeleteAction>(a).Key.Name).Order());
        var last = await RunAsync(pass);
        Assert.Equal("finalize", Assert.IsType<PatchAction>(Assert.Single(last.Actions)).Subresource);
        Assert.Contains(ResourceTypes.Deployments, last.Confirm);
        Assert.Null(await store.Store.GetAsync(ResourceTypes.Namespaces, Default));
    }

    [Fact]
    public async Task WhatStays_IsInTheConditions_InUpstreamsWords()
    {
        var (store, pass) = await StartAsync();
        await CreateAsync(store, ResourceTypes.Deployments, """{"metadata":{"name":"w","finalizers":["example.com/x"]},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}""");
        await CreateAsync(store, ResourceTypes.ConfigMaps, """{"metadata":{"name":"c","finalizers":["example.com/x"]}}""");
        await CreateAsync(store, ResourceTypes.ConfigMaps, """{"metadata":{"name":"free"}}""");
        await DeleteNamespaceAsync(store);
        await RunAsync(pass);
        await RunAsync(pass);

        var conditions = await ConditionsAsync(store);
        Assert.Equal(
            [
                ("NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered"),
                ("NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
                ("NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
                ("NamespaceContentRemaining", "True", "SomeResourcesRemain", "Some resources are remaining: configmaps. has 1 resource instances, deployments.apps has 1 resource instances"),
                ("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", "Some content in the namespace has finalizers remaining: example.com/x in 2 resource instances"),
            ], conditions);

        // Nothing happens until something changes in the namespace, and that is told.
        Assert.Empty((await RunAsync(pass)).Actions);
        var stays = (await store.Store.GetAsync(ResourceTypes.ConfigMaps, new ObjectKey("d", "c")))!;
        Assert.True(_controller.Follows(ResourceTypes.ConfigMaps));
        Assert.Equal([Default], pass.Triggers(_controller, ResourceTypes.ConfigMaps, ChangeKind.Deleted, stays).AsEnumerable());
    }

    [Fact]
    public async Task RefusedDeletion_IsInTheConditions()
    {
        var (store, pass) = await StartAsync();
        await CreateAsync(store, ResourceTypes.ConfigMaps, """{"metadata":{"name":"c"}}""");
        await DeleteNamespaceAsync(store);
        store.Registries.BeforeWrite = static (type, _) => type == ResourceTypes.ConfigMaps ? ApiError.Internal("not now") : null;
        await RunAsync(pass);
        await RunAsync(pass);
        Assert.Contains(("NamespaceDeletionContentFailure", "True", "ContentDeletionFailed", "Failed to delete all resource types, 1 remaining: Internal error occurred: not now"), await ConditionsAsync(store));
    }

    [Fact]
    public async Task ActiveNamespace_IsLeftAlone()
    {
        var (store, pass) = await StartAsync();
        await CreateAsync(store, ResourceTypes.ConfigMaps, """{"metadata":{"name":"c"}}""");
        Assert.Empty((await RunAsync(pass)).Actions);
        Assert.Empty(pass.Triggers(_controller, ResourceTypes.ConfigMaps, ChangeKind.Added, (await store.Store.GetAsync(ResourceTypes.ConfigMaps, new ObjectKey("d", "c")))!));
    }

    [Fact]
    public async Task WhatOtherServersHold_KeepsTheNamespace_AndIsInTheConditions()
    {
        var (store, pass) = await StartAsync();
        await DeleteNamespaceAsync(store);
        var ns = (await store.Store.GetAsync(ResourceTypes.Namespaces, Default))!;
        var context = new ReconcileContext(store.Clock.GetUtcNow(), "seed")
        {
            Elsewhere = new RemoteRemains([new RemoteKind("flunders.wardle.example.com", 3, ["example.com/x", "example.com/x"])], ["a/v1: stale GroupVersion discovery: a/v1"], ["fruits.b: forbidden"]),
        };

        var status = Assert.IsType<StatusAction>(Assert.Single(NamespaceReconciler.Reconcile(ns, [], context).Actions)).Status;
        Assert.Equal(
            [
                "DiscoveryFailed Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: a/v1: stale GroupVersion discovery: a/v1",
                "ContentDeletionFailed Failed to delete all resource types, 1 remaining: fruits.b: forbidden",
                "SomeResourcesRemain Some resources are remaining: flunders.wardle.example.com has 3 resource instances",
                "SomeFinalizersRemain Some content in the namespace has finalizers remaining: example.com/x in 2 resource instances",
            ], status["conditions"]!.AsArray().Where(static c => (string?)c!["status"] == "True").Select(static c => $"{c!["reason"]} {c["message"]}"));
        Assert.Equal("d", (await RunAsync(pass)).EmptyElsewhere);
    }

    [Fact]
    public async Task OtherServers_AreNotAskedWhileThereArePods()
    {
        var (store, pass) = await StartAsync();
        await CreateAsync(store, ResourceTypes.Pods, """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
        await DeleteNamespaceAsync(store);
        Assert.Null((await RunAsync(pass)).EmptyElsewhere);
    }

    private Task<ReconcileResult> RunAsync(ControllerPass pass) => pass.RunAsync(_controller, Default, _controller.Namespaced());

    private static async Task<(StoreFixture, ControllerPass)> StartAsync()
    {
        var store = await StoreFixture.WithNamespaceAsync("d");
        return (store, new ControllerPass(store.Store, store.Clock));
    }

    private static async Task CreateAsync(StoreFixture store, ResourceType type, string json) => Assert.Null((await store.CreateAsync(type, "d", json)).Error);

    private static async Task DeleteNamespaceAsync(StoreFixture store) =>
        Assert.Null((await store.Store.DeleteAsync(store.Store.SchemaOf(ResourceTypes.Namespaces), Default, new DeleteOptions())).Error);

    private static async Task<List<(string?, string?, string?, string?)>> ConditionsAsync(StoreFixture store)
    {
        var tree = (await store.Store.GetAsync(ResourceTypes.Namespaces, Default))!.ToTree();
        return [.. tree["status"]!["conditions"]!.AsArray().Select(static c => ((string?)c!["type"], (string?)c["status"], (string?)c["reason"], (string?)c["message"]))];
    }
}
