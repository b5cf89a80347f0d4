using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.GarbageCollection;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.GarbageCollection;

public sealed class OwnerGraphTests
{
    private readonly SimulatedCluster _cluster = new();
    private readonly OwnerGraph _graph = new();

    private StoredObject Put(string name, string owners = "", string more = "")
    {
        var references = string.Join(',', owners.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(o => $$"""{"apiVersion":"v1","kind":"ConfigMap","name":"{{o}}","uid":"{{o}}","blockOwnerDeletion":true}"""));
        var stored = _cluster.Put(ResourceTypes.ConfigMaps, $$$"""{"metadata":{"name":"{{{name}}}","namespace":"d","uid":"{{{name}}}","ownerReferences":[{{{references}}}]{{{more}}}}}""");
        _graph.Set(ResourceTypes.ConfigMaps, stored);
        return stored;
    }

    private List<ControllerAction> Work(params string[] absent)
    {
        var actions = new List<ControllerAction>();
        for (var i = 0; i < 100 && _graph.TryTake(out var key); i++) actions.AddRange(_graph.Decide(key, absent.Select(Name).ToImmutableHashSet()));
        return actions;
    }

    private static OwnerName Name(string uid) => new("d", "v1", "ConfigMap", uid, uid);

    private const string Deleting = ""","deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["FINALIZER"]""";

    [Fact]
    public void Remove_Owner_DeletesItsDependents()
    {
        var owner = Put("owner");
        Put("child", "owner");
        Assert.Empty(Work());
        _graph.Remove(ResourceTypes.ConfigMaps, owner);
        Assert.Equal("child", Assert.IsType<DeleteAction>(Assert.Single(Work("owner"))).Key.Name);
    }

    [Fact]
    public void Set_OwnerNeverExisted_DeletesOnlyWhenItsAbsenceIsKnown()
    {
        Put("child", "ghost");
        Assert.Equal("ghost", Assert.Single(_graph.UnknownOwners(new GraphKey(ResourceTypes.ConfigMaps, new ObjectKey("d", "child")))).Uid);
        Assert.Empty(Work());
        _graph.Enqueue(new GraphKey(ResourceTypes.ConfigMaps, new ObjectKey("d", "child")));
        Assert.IsType<DeleteAction>(Assert.Single(Work("ghost")));
    }

    [Fact]
    public void Remove_OneOfTwoOwners_OnlyTakesTheReferenceOff()
    {
        var gone = Put("gone");
        Put("stays");
        Put("child", "gone stays");
        Work();
        _graph.Remove(ResourceTypes.ConfigMaps, gone);
        var patch = Assert.IsType<PatchAction>(Assert.Single(Work("gone")));
        Assert.Equal("stays", (string?)patch.Patch["metadata"]!["ownerReferences"]!.AsArray().Single()!["uid"]);
    }

    [Fact]
    public void Set_ForegroundDeletion_DeletesDependentsFirstAndThenReleasesTheOwner()
    {
        Put("owner");
        var child = Put("child", "owner");
        Work();
        Put("owner", "", Deleting.Replace("FINALIZER", OwnerGraph.ForegroundFinalizer, StringComparison.Ordinal));
        Assert.Equal("child", Assert.IsType<DeleteAction>(Assert.Single(Work())).Key.Name);
        _graph.Remove(ResourceTypes.ConfigMaps, child);
        var release = Assert.IsType<PatchAction>(Assert.Single(Work()));
        Assert.Equal("owner", release.Key.Name);
        Assert.Null(release.Patch["metadata"]!["finalizers"]);
    }

    [Fact]
    public void Set_ForegroundDeletionInACircle_ComesToAnEnd()
    {
        var deleting = Deleting.Replace("FINALIZER", OwnerGraph.ForegroundFinalizer, StringComparison.Ordinal);
        Put("a", "c");
        Put("b", "a");
        Put("c", "b");
        Work();
        Put("a", "c", deleting);
        Assert.Equal("b", Assert.IsType<DeleteAction>(Assert.Single(Work())).Key.Name);
        Put("b", "a", deleting);
        var unblock = Assert.IsType<PatchAction>(Assert.Single(Work()));
        Assert.Equal(("c", null), (unblock.Key.Name, (bool?)unblock.Patch["metadata"]!["ownerReferences"]![0]!["blockOwnerDeletion"]));

        _graph.Set(ResourceTypes.ConfigMaps, _cluster.Put(ResourceTypes.ConfigMaps,
            """{"metadata":{"name":"c","namespace":"d","uid":"c","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"b","uid":"b"}]}}"""));
        Assert.Equal(["b", "c"], Work().Select(static a => a is PatchAction { Key.Name: "b" } ? "b" : Assert.IsType<DeleteAction>(a).Key.Name).Distinct().Order());
    }

    [Fact]
    public void Set_DependentThatLosesAWaitingOwner_ReleasesIt()
    {
        Put("owner");
        Put("other");
        Put("child", "owner other");
        Work();
        Put("owner", "", Deleting.Replace("FINALIZER", OwnerGraph.ForegroundFinalizer, StringComparison.Ordinal));
        Assert.Equal("child", Assert.IsType<PatchAction>(Assert.Single(Work())).Key.Name);
        Put("child", "other");
        Assert.Equal("owner", Assert.IsType<PatchAction>(Assert.Single(Work())).Key.Name);
    }

    [Fact]
    public void Set_OrphanDeletion_FreesDependentsAndThenTheOwner()
    {
        Put("owner");
        Put("child", "owner");
        Work();
        Put("owner", "", Deleting.Replace("FINALIZER", OwnerGraph.OrphanFinalizer, StringComparison.Ordinal));
        Assert.True(_graph.TryTake(out var key));
        var free = Assert.IsType<PatchAction>(Assert.Single(_graph.Decide(key, ImmutableHashSet<OwnerName>.Empty)));
        Assert.Equal("child", free.Key.Name);
        Put("child");
        var release = Assert.IsType<PatchAction>(Assert.Single(Work()));
        Assert.Equal("owner", release.Key.Name);
    }

    // A namespaced owner elsewhere is none, and another object of its name may own things there.
    [Fact]
    public void Owner_InAnotherNamespace_IsToldOfAndLookedUpWhereItIsNamed()
    {
        Put("owner");
        var stored = _cluster.Put(ResourceTypes.ConfigMaps, """
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"child","namespace":"e","uid":"child","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"owner"}]}}
            """);
        _graph.Set(ResourceTypes.ConfigMaps, stored);
        var key = new GraphKey(ResourceTypes.ConfigMaps, stored.Key);
        var elsewhere = Name("owner") with { Namespace = "e" };
        Assert.Equal(elsewhere, Assert.Single(_graph.UnknownOwners(key)));

        // That it is missing for another dependent, in another namespace, says nothing.
        Assert.IsType<EventAction>(Assert.Single(_graph.Decide(key, ImmutableHashSet.Create(Name("owner")))));

        var actions = _graph.Decide(key, ImmutableHashSet.Create(elsewhere));
        var told = Assert.IsType<EventAction>(actions[0]);
        Assert.Equal(
            (true, "ConfigMap", "OwnerRefInvalidNamespace", "ownerRef [v1/ConfigMap, namespace: e, name: owner, uid: owner] does not exist in namespace \"e\""),
            (told.Warning, told.Kind, told.Reason, told.Message));
        Assert.Equal(stored.Key, Assert.IsType<DeleteAction>(actions[1]).Key);
    }

    [Fact]
    public void Owner_OfAnotherName_IsLookedUpByThatName()
    {
        Put("owner");
        var stored = _cluster.Put(ResourceTypes.ConfigMaps, """
            {"metadata":{"name":"child","namespace":"d","uid":"child","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"misspelt","uid":"owner"}]}}
            """);
        _graph.Set(ResourceTypes.ConfigMaps, stored);
        Assert.Equal("misspelt", Assert.Single(_graph.UnknownOwners(new GraphKey(ResourceTypes.ConfigMaps, stored.Key))).Name);
    }

    [Theory]
    [InlineData("", "Background")]
    [InlineData(OwnerGraph.OrphanFinalizer, "Orphan")]
    [InlineData(OwnerGraph.ForegroundFinalizer, "Foreground")]
    [InlineData("example.com/other", "Background")]
    public void Collect_KeepsToWhatItsFinalizersSay(string finalizer, string policy)
    {
        Put("child", "ghost", finalizer.Length > 0 ? $",\"finalizers\":[\"{finalizer}\"]" : "");
        var delete = Assert.IsType<DeleteAction>(Assert.Single(Work("ghost")));
        Assert.Equal(policy, delete.Propagation);
        Assert.Equal("ghost", Assert.Single(delete.Owners!.Value).Uid);
    }

    [Fact]
    public void Set_SameOwners_DoesNothing()
    {
        Put("owner");
        Put("child", "owner");
        Work();
        Put("child", "owner", ",\"labels\":{\"a\":\"b\"}");
        Assert.Equal(0, _graph.Pending);
        Put("owner", "", ",\"labels\":{\"a\":\"b\"}");
        Assert.Equal(0, _graph.Pending);
    }
}
