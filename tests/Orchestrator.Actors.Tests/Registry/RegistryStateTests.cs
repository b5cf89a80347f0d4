using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Registry;

public sealed class RegistryStateTests
{
    private readonly RegistryState _state = new(TestObjects.ConfigMaps);

    [Fact]
    public void Decide_Create_WritesItWithTheNextVersion()
    {
        var decision = _state.Decide(TestObjects.Create("a"));

        Assert.Null(decision.Result.Error);
        Assert.Equal(1, decision.Event!.Object.Revision);
        Assert.Equal("1", (string?)JsonNode.Parse(decision.Event.Object.Json.Span)!["metadata"]!["resourceVersion"]);
        Assert.Equal(0, _state.Revision);
        Assert.Equal(1, _state.DecidedRevision);
    }

    [Fact]
    public void Decide_CreateOnTopOfAPendingCreate_AlreadyExists()
    {
        _state.Decide(TestObjects.Create("a"));

        var second = _state.Decide(TestObjects.Create("a"));

        Assert.Equal(("AlreadyExists", 409, "configmaps \"a\" already exists"), (second.Result.Error!.Reason, second.Result.Error.Code, second.Result.Error.Message));
        Assert.Null(second.Event);
    }

    [Fact]
    public void Decide_CreateAfterAPendingRemoval_Works()
    {
        Commit(TestObjects.Create("a"));
        _state.Decide(new RemoveObject(TestObjects.Key("a")));

        Assert.Null(_state.Decide(TestObjects.Create("a", uid: "u2")).Result.Error);
    }

    [Fact]
    public void Decide_ReplaceAtAnOldVersion_Conflict()
    {
        Commit(TestObjects.Create("a"));
        Commit(new ReplaceObject(TestObjects.Key("a"), TestObjects.Json(TestObjects.Key("a"), data: "new"), IfRevision: 1));

        var late = _state.Decide(new ReplaceObject(TestObjects.Key("a"), TestObjects.Json(TestObjects.Key("a")), IfRevision: 1));

        Assert.Equal("Conflict", late.Result.Error!.Reason);
        Assert.Contains("the object has been modified", late.Result.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_AnotherUid_Conflict()
    {
        Commit(TestObjects.Create("a", uid: "u1"));

        var error = _state.Decide(new RemoveObject(TestObjects.Key("a"), Uid: "u2")).Result.Error!;

        Assert.Equal((409, "Conflict"), (error.Code, error.Reason));
        Assert.Contains("UID in precondition: u2, UID in object meta: u1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_AbsentObject_NotFound() =>
        Assert.Equal(404, _state.Decide(new RemoveObject(TestObjects.Key("a"))).Result.Error!.Code);

    [Fact]
    public void Decide_ReplaceStatus_KeepsEverythingElse()
    {
        Commit(TestObjects.Create("a"));
        var status = """{"phase":"Bound","n":1.50}"""u8.ToArray();

        var written = Commit(new ReplaceStatus(TestObjects.Key("a"), status));

        var tree = JsonNode.Parse(written.Json.Span)!;
        Assert.Equal("2", (string?)tree["metadata"]!["resourceVersion"]);
        Assert.Equal("a", (string?)tree["spec"]!["data"]);
        Assert.Equal("""{"phase":"Bound","n":1.50}""", tree["status"]!.ToJsonString());
    }

    [Fact]
    public void Decide_ReplaceStatusByEqualBytes_WritesNothing()
    {
        Commit(TestObjects.Create("a"));
        Commit(new ReplaceStatus(TestObjects.Key("a"), """{"phase":"Bound"}"""u8.ToArray()));

        var again = _state.Decide(new ReplaceStatus(TestObjects.Key("a"), """{"phase":"Bound"}"""u8.ToArray()));

        Assert.Null(again.Event);
        Assert.Equal(2, again.Result.Object!.Revision);
    }

    [Fact]
    public void Apply_OfAnOlderWrite_KeepsTheNewerDecision()
    {
        var first = _state.Decide(TestObjects.Create("a"));
        var second = _state.Decide(new RemoveObject(TestObjects.Key("a")));
        _state.Apply(first.Event!);

        Assert.Null(_state.Newest(TestObjects.Key("a")));
        _state.Apply(second.Event!);
        Assert.Equal(0, _state.Count);
        Assert.Equal(2, _state.Revision);
    }

    [Fact]
    public void Apply_GivesThePreviousVersion()
    {
        Commit(TestObjects.Create("a"));
        var decision = _state.Decide(new RemoveObject(TestObjects.Key("a")));

        var change = _state.Apply(decision.Event!);

        Assert.Equal((ChangeKind.Deleted, 2L, 1L), (change.Kind, change.Object.Revision, change.Previous!.Revision));
        Assert.Equal(2, JsonSerializer.Deserialize<JsonElement>(change.Object.Json.Span).GetProperty("metadata").GetProperty("resourceVersion").GetString()!.Length + 1);
    }

    [Theory]
    [InlineData("""{"apiVersion":"v1","metadata":{"resourceVersion":"","name":"p"},"spec":{"containers":[]}}""")]
    [InlineData("""{"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False"}]},"metadata":{"name":"p","resourceVersion":""},"spec":{"nodeName":""}}""")]
    public void Decide_BindPod_SetsNodeAndCondition(string pod)
    {
        var key = TestObjects.Key("p");
        var pods = new RegistryState(ResourceTypes.Pods);
        pods.Apply(pods.Decide(new CreateObject(key, new UncommittedJson(Encoding.UTF8.GetBytes(pod), pod.IndexOf("\"resourceVersion\":\"", StringComparison.Ordinal) + 19))).Event!);

        var bound = pods.Decide(new BindPod(key, "node-1", DateTimeOffset.UnixEpoch));
        var again = pods.Decide(new BindPod(key, "node-2", DateTimeOffset.UnixEpoch));

        var tree = JsonNode.Parse(bound.Event!.Object.Json.Span)!;
        Assert.Equal("node-1", (string?)tree["spec"]!["nodeName"]);
        var condition = Assert.Single(tree["status"]!["conditions"]!.AsArray())!;
        Assert.Equal(("PodScheduled", "True", "1970-01-01T00:00:00Z"), ((string?)condition["type"], (string?)condition["status"], (string?)condition["lastTransitionTime"]));
        Assert.Equal("Conflict", again.Result.Error!.Reason);
        Assert.Contains("already assigned to node \"node-1\"", again.Result.Error.Message, StringComparison.Ordinal);
    }

    private StoredObject Commit(ObjectWrite write)
    {
        var decision = _state.Decide(write);
        Assert.Null(decision.Result.Error);
        _state.Apply(decision.Event!);
        return decision.Result.Object!;
    }
}
