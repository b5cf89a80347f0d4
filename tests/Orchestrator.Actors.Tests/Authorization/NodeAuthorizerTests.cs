using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Admission;

namespace Orchestrator.Actors.Tests.Authorization;

/// <summary>A kubelet reads what the pods on its node use, and nothing else.</summary>
public sealed class NodeAuthorizerTests
{
    private const string Uses = ""","volumes":[{"name":"s","secret":{"secretName":"used"}},{"name":"d","persistentVolumeClaim":{"claimName":"data"}}]""";
    private static readonly UserInfo Node = new("system:node:n1", "", ["system:nodes", UserInfo.Authenticated]);

    [Fact]
    public async Task Secret_IsReadable_WhileAPodOfTheNodeUsesIt()
    {
        var (store, nodes) = await StartAsync();
        Assert.Equal("no relationship found between node 'n1' and this object", (await AskAsync(nodes, "get", "secrets", "used")).Reason);
        await store.PodAsync("p", spec: Uses);
        Assert.False((await AskAsync(nodes, "get", "secrets", "used")).Allowed);
        await store.BindAsync("p", "n1");

        Assert.True((await AskAsync(nodes, "get", "secrets", "used")).Allowed);
        Assert.True((await AskAsync(nodes, "get", "persistentvolumeclaims", "data")).Allowed);
        Assert.False((await AskAsync(nodes, "get", "secrets", "other")).Allowed);
        Assert.False((await AskAsync(nodes, "get", "secrets", "used", user: Node with { Name = "system:node:n2" })).Allowed);
        Assert.Equal("can only read resources of this type", (await AskAsync(nodes, "update", "secrets", "used")).Reason);
        Assert.Equal("No Object name found", (await AskAsync(nodes, "list", "secrets", "")).Reason);

        await store.Store.DeleteAsync(store.Store.SchemaOf(ResourceTypes.Pods), new ObjectKey("default", "p"), new DeleteOptions { GracePeriodSeconds = 0 });
        Assert.False((await AskAsync(nodes, "get", "secrets", "used")).Allowed);
    }

    [Fact]
    public async Task User_WithoutTheGroup_IsNoNode()
    {
        var (store, nodes) = await StartAsync();
        await store.PodAsync("p", spec: Uses);
        await store.BindAsync("p", "n1");
        Assert.Equal(AccessDecision.NoOpinion, await AskAsync(nodes, "get", "secrets", "used", user: Node with { Groups = [UserInfo.Authenticated] }));
    }

    [Fact]
    public async Task Token_IsMade_ForAccountsOfItsPods()
    {
        var (store, nodes) = await StartAsync();
        Assert.Null((await store.CreateAsync(ResourceTypes.ServiceAccounts, "default", """{"metadata":{"name":"bot"}}""")).Error);
        await store.PodAsync("p", spec: ",\"serviceAccountName\":\"bot\"");
        await store.BindAsync("p", "n1");

        Assert.True((await AskAsync(nodes, "create", "serviceaccounts", "bot", "token")).Allowed);
        Assert.False((await AskAsync(nodes, "create", "serviceaccounts", "other", "token")).Allowed);
        Assert.False((await AskAsync(nodes, "get", "serviceaccounts", "bot")).Allowed);
    }

    [Fact]
    public async Task Volume_AndItsSecrets_AreReadable_WhereAPodUsesItsClaim()
    {
        var (store, nodes) = await StartAsync();
        Assert.Null((await store.CreateAsync(ResourceTypes.PersistentVolumes, "",
            """
            {"metadata":{"name":"pv"},"spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"claimRef":{"namespace":"default","name":"data"},
             "csi":{"driver":"d","volumeHandle":"h","nodePublishSecretRef":{"name":"mount","namespace":"default"},"controllerPublishSecretRef":{"name":"attach","namespace":"default"}}}}
            """)).Error);
        Assert.False((await AskAsync(nodes, "get", "persistentvolumes", "pv")).Allowed);
        await store.PodAsync("p", spec: Uses);
        await store.BindAsync("p", "n1");

        Assert.True((await AskAsync(nodes, "get", "persistentvolumes", "pv")).Allowed);
        Assert.True((await AskAsync(nodes, "get", "secrets", "mount")).Allowed);
        Assert.False((await AskAsync(nodes, "get", "secrets", "attach")).Allowed);
        var other = Node with { Name = "system:node:n2" };
        Assert.False((await AskAsync(nodes, "get", "persistentvolumes", "pv", user: other)).Allowed);
        Assert.False((await AskAsync(nodes, "get", "secrets", "mount", user: other)).Allowed);
        Assert.Equal("can only get individual resources of this type", (await AskAsync(nodes, "list", "persistentvolumes", "")).Reason);
        Assert.False((await AskAsync(nodes, "get", "persistentvolumeclaims", "data", "status")).Allowed);
        Assert.True((await AskAsync(nodes, "patch", "persistentvolumeclaims", "data", "status")).Allowed);
    }

    [Fact]
    public async Task Attachment_IsReadable_ByTheNodeOfIt()
    {
        var (store, nodes) = await StartAsync();
        Assert.Null((await store.CreateAsync(ResourceTypes.VolumeAttachments, "",
            """{"metadata":{"name":"va"},"spec":{"attacher":"d","nodeName":"n1","source":{"persistentVolumeName":"pv"}}}""")).Error);
        var request = AccessRequest.OfResource(Node, "get", "storage.k8s.io", "volumeattachments", "", "va");
        Assert.True((await nodes.DecideAsync(request, default)).Allowed);
        Assert.False((await nodes.DecideAsync(request with { User = Node with { Name = "system:node:n2" } }, default)).Allowed);
        Assert.False((await nodes.DecideAsync(request with { Verb = "list", Name = "" }, default)).Allowed);
    }

    private static async Task<(StoreFixture, NodeAuthorizer)> StartAsync()
    {
        var store = await StoreFixture.WithNamespaceAsync();
        return (store, new NodeAuthorizer(store.Registries));
    }

    private static ValueTask<AccessDecision> AskAsync(NodeAuthorizer nodes, string verb, string resource, string name, string subresource = "", UserInfo? user = null) =>
        nodes.DecideAsync(AccessRequest.OfResource(user ?? Node, verb, "", resource, "default", name, subresource), default);
}
