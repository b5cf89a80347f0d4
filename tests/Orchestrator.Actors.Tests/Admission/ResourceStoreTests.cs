using System.Collections.Immutable;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Admission;

public sealed class ResourceStoreTests
{
    private static readonly ObjectKey Web = new("default", "web");

    [Fact]
    public async Task Create_Pod_HasSystemMetadataAndAdmissionDefaults()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var pod = (await fixture.PodAsync("web")).ToTree();

        var meta = pod["metadata"]!;
        Assert.Equal("2026-01-02T03:04:05Z", (string?)meta["creationTimestamp"]);
        Assert.NotEmpty((string)meta["uid"]!);
        Assert.Equal("default", (string?)meta["namespace"]);
        Assert.Equal("default", (string?)pod["spec"]!["serviceAccountName"]);
        Assert.Equal(0, (int)pod["spec"]!["priority"]!);
        Assert.Equal(2, pod["spec"]!["tolerations"]!.AsArray().Count);
        Assert.Equal("Pending", (string?)pod["status"]!["phase"]);
    }

    [Fact]
    public async Task Create_InMissingNamespace_IsNotFound()
    {
        var fixture = new StoreFixture();
        var result = await fixture.CreateAsync(ResourceTypes.ConfigMaps, "nowhere", """{"metadata":{"name":"a"}}""");
        Assert.Equal((404, "namespaces \"nowhere\" not found"), (result.Error!.Code, result.Error.Message));
    }

    [Fact]
    public async Task Create_InTerminatingNamespace_IsForbiddenWithCause()
    {
        var fixture = await StoreFixture.WithNamespaceAsync("going");
        var schema = fixture.Store.SchemaOf(ResourceTypes.Namespaces);
        var deleted = await fixture.Store.DeleteAsync(schema, new ObjectKey("", "going"));
        Assert.False(deleted.Removed);
        Assert.Equal("Terminating", (string?)deleted.Object!.ToTree()["status"]!["phase"]);

        var result = await fixture.CreateAsync(ResourceTypes.ConfigMaps, "going", """{"metadata":{"name":"a"}}""");
        Assert.Equal(403, result.Error!.Code);
        Assert.Equal("configmaps \"a\" is forbidden: unable to create new content in namespace going because it is being terminated", result.Error.Message);
        Assert.Equal("NamespaceTerminating", Assert.Single(result.Error.Causes).Reason);
    }

    [Fact]
    public async Task Create_GeneratedNameTaken_TriesAnother()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        fixture.Identities.RepeatNames = 2;
        var first = await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"generateName":"x-"}}""");
        var second = await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"generateName":"x-"}}""");
        Assert.Equal("x-00000", first.Object!.Key.Name);
        Assert.Equal("x-00001", second.Object!.Key.Name);
        Assert.Equal("x-00001", second.Object.Meta.Name);
    }

    [Fact]
    public async Task Create_EveryGeneratedNameTaken_SaysSoAfterEightTries()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        fixture.Identities.RepeatNames = 100;
        await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"generateName":"x-"}}""");
        var result = await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"generateName":"x-"}}""");
        Assert.Equal((409, "AlreadyExists", 1), (result.Error!.Code, result.Error.Reason, result.Error.RetryAfterSeconds));
        Assert.Equal("configmaps \"x-00000\" already exists, the server was not able to generate a unique name for the object", result.Error.Message);
        var named = await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"x-00000","generateName":"x-"}}""");
        Assert.Equal(result.Error.Message, named.Error!.Message);
    }

    [Fact]
    public async Task Create_NameOfOneThatIsBeingDeleted_SaysSo()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"a","finalizers":["x/y"]}}""");
        await fixture.Store.DeleteAsync(fixture.Store.SchemaOf(ResourceTypes.ConfigMaps), new ObjectKey("default", "a"));
        var result = await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"a"}}""");
        Assert.Equal("object is being deleted: configmaps \"a\" already exists", result.Error!.Message);
        result = await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"a"}}""", new WriteOptions { DryRun = true });
        Assert.Equal("object is being deleted: configmaps \"a\" already exists", result.Error!.Message);
    }

    [Fact]
    public async Task Create_LimitRangeWithoutName_GetsOne()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var made = await fixture.CreateAsync(ResourceTypes.LimitRanges, "default", """{"spec":{"limits":[]}}""");
        Assert.Null(made.Error);
        Assert.True(Guid.TryParse(made.Object!.Key.Name, out _));
        Assert.Equal(made.Object.Key.Name, made.Object.Meta.Name);
    }

    [Theory]
    [InlineData("", "endpoints", "default", """{"metadata":{"name":"a","resourceVersion":"7"}}""")]
    [InlineData("coordination.k8s.io", "leases", "default", """{"metadata":{"name":"a"},"spec":{}}""")]
    [InlineData("node.k8s.io", "runtimeclasses", "", """{"metadata":{"name":"a"},"handler":"h"}""")]
    public async Task Update_AbsentOfAKindThatUpdatesMayCreate_Creates(string group, string plural, string ns, string json)
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var schema = fixture.Store.SchemaOf(new ResourceType(group, plural));
        var result = await fixture.Store.UpdateAsync(schema, new ObjectKey(ns, "a"), JsonNode.Parse(json)!.AsObject());
        Assert.Null(result.Error);
        Assert.True(result.Created);
    }

    [Fact]
    public async Task Update_OfAnotherUid_IsConflictThatNamesBoth()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var schema = fixture.Store.SchemaOf(ResourceTypes.Endpoints);
        var absent = await fixture.Store.UpdateAsync(schema, new ObjectKey("default", "a"), JsonNode.Parse("""{"metadata":{"name":"a","uid":"u"}}""")!.AsObject());
        Assert.Equal((409, "Conflict"), (absent.Error!.Code, absent.Error.Reason));
        Assert.Equal("Operation cannot be fulfilled on endpoints \"a\": StorageError: invalid object, Code: 4, Key: /registry/services/endpoints/default/a, " +
            "ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: u, UID in object meta: ", absent.Error.Message);
        var pod = await fixture.PodAsync("web");
        var tree = pod.ToTree();
        tree["metadata"]!["uid"] = "u";
        tree["metadata"]!["resourceVersion"] = "1";
        var other = await fixture.Store.UpdateAsync(fixture.Store.SchemaOf(ResourceTypes.Pods), Web, tree);
        Assert.EndsWith($"Key: /registry/pods/default/web, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: u, UID in object meta: {pod.Meta.Uid}",
            other.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Update_WithoutVersion_OfAKindThatWantsOne_IsInvalidUnlessAbsent()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var schema = fixture.Store.SchemaOf(new ResourceType("policy", "poddisruptionbudgets"));
        Task<StoreResult> UpdateAsync() => fixture.Store.UpdateAsync(schema, new ObjectKey("default", "a"), JsonNode.Parse("""{"metadata":{"name":"a"},"spec":{}}""")!.AsObject());
        Assert.Equal(404, (await UpdateAsync()).Error!.Code);
        await fixture.CreateAsync(schema.Type, "default", """{"metadata":{"name":"a"},"spec":{}}""");
        var error = (await UpdateAsync()).Error!;
        Assert.Equal((422, "poddisruptionbudgets"), (error.Code, error.Kind));
        Assert.Equal("poddisruptionbudgets.policy \"a\" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update", error.Message);
    }

    [Fact]
    public async Task Create_DryRun_StoresNothing()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var result = await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"a"}}""", new WriteOptions { DryRun = true });
        Assert.Null(result.Error);
        Assert.Null(await fixture.Store.GetAsync(ResourceTypes.ConfigMaps, new ObjectKey("default", "a")));
    }

    [Fact]
    public async Task Create_ResourceVersionSet_IsBadRequest()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var result = await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"a","resourceVersion":"3"}}""");
        Assert.Equal("resourceVersion should not be set on objects to be created", result.Error!.Message);
    }

    [Fact]
    public async Task Update_StaleVersion_IsConflict()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var made = (await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"web"},"data":{"a":"1"}}""")).Object!;
        var stale = made.ToTree();
        await ChangeDataAsync(fixture, "2");
        stale["data"]!["a"] = "3";
        var result = await fixture.Store.UpdateAsync(fixture.Store.SchemaOf(ResourceTypes.ConfigMaps), Web, stale);
        Assert.Equal((409, "Conflict"), (result.Error!.Code, result.Error.Reason));
        Assert.EndsWith("the object has been modified; please apply your changes to the latest version and try again", result.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Update_NothingDiffers_WritesNothing()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var made = (await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"web"},"data":{"a":"1"}}""")).Object!;
        var before = fixture.Registries.Batches;
        var result = await fixture.Store.UpdateAsync(fixture.Store.SchemaOf(ResourceTypes.ConfigMaps), Web, made.ToTree());
        Assert.Equal(made.Revision, result.Object!.Revision);
        Assert.Equal(before, fixture.Registries.Batches);
    }

    [Fact]
    public async Task Patch_LosesAgainstOthers_IsAppliedToTheirResult()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"web"},"data":{"a":"1"}}""");
        var interrupted = false;
        fixture.Registries.BeforeWrite = (_, _) =>
        {
            if (!interrupted)
            {
                interrupted = true;
                ChangeDataAsync(fixture, "2").GetAwaiter().GetResult();
            }
            return null;
        };
        var result = await fixture.Store.PatchAsync(fixture.Store.SchemaOf(ResourceTypes.ConfigMaps), Web, tree =>
        {
            tree["data"]!["b"] = "x";
            return (tree, null);
        });
        Assert.Null(result.Error);
        Assert.Equal("""{"a":"2","b":"x"}""", result.Object!.ToTree()["data"]!.ToJsonString());
    }

    [Fact]
    public async Task Update_DeploymentSpec_RaisesGenerationAndKeepsStatus()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var made = (await fixture.CreateAsync(ResourceTypes.Deployments, "default",
            """{"metadata":{"name":"web"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}""")).Object!;
        Assert.Equal(1, made.Meta.Generation);
        var schema = fixture.Store.SchemaOf(ResourceTypes.Deployments);
        await fixture.Store.UpdateStatusAsync(ResourceTypes.Deployments, new StatusUpdate(Web, """{"replicas":1}"""u8.ToArray()));

        var tree = made.ToTree();
        tree["metadata"]!.AsObject().Remove("resourceVersion");
        tree["spec"]!["replicas"] = 5;
        tree["status"] = new JsonObject { ["replicas"] = 99 };
        var updated = await fixture.Store.UpdateAsync(schema, Web, tree);
        Assert.Null(updated.Error);
        Assert.Equal(2, updated.Object!.Meta.Generation);
        Assert.Equal(1, (int)updated.Object.ToTree()["status"]!["replicas"]!);

        var status = updated.Object.ToTree();
        status["spec"]!["replicas"] = 7;
        status["status"]!["replicas"] = 3;
        var written = await fixture.Store.UpdateAsync(schema, Web, status, "status");
        Assert.Equal(5, (int)written.Object!.ToTree()["spec"]!["replicas"]!);
        Assert.Equal(3, (int)written.Object.ToTree()["status"]!["replicas"]!);
        Assert.Equal(2, written.Object.Meta.Generation);
    }

    [Fact]
    public async Task CreateMany_OneRefused_CommitsTheOthersInOneBatch()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var before = fixture.Registries.Batches;
        var results = await fixture.Store.CreateManyAsync(ResourceTypes.ConfigMaps, [Map("a"), Map("Not_A_Name"), Map("b")]);
        Assert.Equal([true, false, true], results.Select(r => r.Error is null));
        Assert.Equal(422, results[1].Error!.Code);
        Assert.Equal(before + 1, fixture.Registries.Batches);
    }

    [Fact]
    public async Task Bind_Twice_IsConflict()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        await fixture.PodAsync("web");
        var binding = JsonNode.Parse("""{"metadata":{"name":"web"},"target":{"kind":"Node","name":"n1"}}""")!.AsObject();
        var bound = await fixture.Store.BindAsync(Web, binding);
        Assert.Equal("n1", (string?)bound.Object!.ToTree()["spec"]!["nodeName"]);
        var again = await fixture.Store.BindAsync(Web, binding.DeepClone().AsObject());
        Assert.Equal(409, again.Error!.Code);
    }

    [Theory]
    [InlineData("x=y")]
    [InlineData("N1")]
    [InlineData("")]
    public async Task Bind_ToWhatIsNoNode_IsRefused(string node)
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        await fixture.PodAsync("web");
        var bound = await fixture.Store.BindAsync(Web, JsonNode.Parse($$$"""{"metadata":{"name":"web"},"target":{"kind":"Node","name":"{{{node}}}"}}""")!.AsObject());
        Assert.Equal((422, "target.name"), (bound.Error!.Code, bound.Error.Causes[0].Field));
    }

    private static JsonObject Map(string name) => JsonNode.Parse($$$"""{"metadata":{"name":"{{{name}}}","namespace":"default"}}""")!.AsObject();

    private static Task<StoreResult> ChangeDataAsync(StoreFixture fixture, string value) =>
        fixture.Store.PatchAsync(fixture.Store.SchemaOf(ResourceTypes.ConfigMaps), Web, tree =>
        {
            tree["data"]!["a"] = value;
            return (tree, null);
        });
}
