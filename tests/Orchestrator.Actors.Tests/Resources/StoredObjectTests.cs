using System.Text;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Resources;

public sealed class StoredObjectTests
{
    [Fact]
    public void UncommittedJson_VersionIsSplicedIntoTheObjectsOwnMetadata()
    {
        var tree = JsonNode.Parse("""
            {"spec":{"template":{"metadata":{"resourceVersion":""}},"note":"\"resourceVersion\":\"\""},
             "metadata":{"name":"a","resourceVersion":"17","labels":{"resourceVersion":""}}}
            """)!.AsObject();

        var final = JsonNode.Parse(UncommittedJson.From(tree).WithRevision(1234567))!;

        Assert.Equal("1234567", (string?)final["metadata"]!["resourceVersion"]);
        Assert.Equal("", (string?)final["metadata"]!["labels"]!["resourceVersion"]);
        Assert.Equal("", (string?)final["spec"]!["template"]!["metadata"]!["resourceVersion"]);
    }

    [Fact]
    public void UncommittedJson_CommittedTwice_IsTwoObjects()
    {
        var json = UncommittedJson.From(JsonNode.Parse("""{"kind":"Pod","metadata":{"name":"a","resourceVersion":"5"},"spec":{}}""")!.AsObject());
        var empty = Encoding.UTF8.GetString(json.Bytes);

        // As many digits as the last version had, one more, and one less: with room and without.
        var first = json.Commit(7);
        var second = json.Commit(8);
        var longer = json.Commit(12345);
        var shorter = json.Commit(9);

        Assert.Equal("""{"kind":"Pod","metadata":{"resourceVersion":"","name":"a"},"spec":{}}""", empty);
        Assert.Equal(empty, Encoding.UTF8.GetString(json.Bytes));
        foreach (var (bytes, revision) in new[] { (first, "7"), (second, "8"), (longer, "12345"), (shorter, "9") })
            Assert.Equal(empty.Replace("\"resourceVersion\":\"\"", $"\"resourceVersion\":\"{revision}\"", StringComparison.Ordinal), Encoding.UTF8.GetString(bytes));
    }

    [Fact]
    public void UncommittedJson_AfterItWasCommitted_SaysTheSame()
    {
        // A version of another length was given out before, so that there is room now.
        UncommittedJson.From(new JsonObject { ["metadata"] = new JsonObject() }).Commit(77);
        var json = UncommittedJson.From(JsonNode.Parse("""{"metadata":{"name":"a"}}""")!.AsObject());

        var committed = json.Commit(42);

        Assert.Equal(committed, json.WithRevision(42));
        Assert.Equal("""{"metadata":{"resourceVersion":"","name":"a"}}""", Encoding.UTF8.GetString(json.Bytes));
    }

    [Fact]
    public void UncommittedJson_WithoutMetadata_IsABug() =>
        Assert.Throws<ArgumentException>(() => UncommittedJson.From(new JsonObject { ["kind"] = "Pod" }));

    [Fact]
    public void Meta_ReadsWhatOurCodeReads()
    {
        var meta = ObjectMeta.Parse(Encoding.UTF8.GetBytes("""
            {"apiVersion":"v1","spec":{"metadata":{"name":"inner"}},"metadata":{"resourceVersion":"42","name":"a","namespace":"n","uid":"u","generation":7,
             "labels":{"l":"v"},"annotations":null,"creationTimestamp":"2026-01-02T03:04:05Z","deletionTimestamp":"2026-01-02T03:05:05Z",
             "deletionGracePeriodSeconds":30,"finalizers":["f1","f2"],"managedFields":[{"x":[1,{"y":2}]}],
             "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"r","uid":"ru","controller":true,"blockOwnerDeletion":true},{"kind":"X","name":"y"}]}}
            """));

        Assert.Equal(("a", "n", "u", 42L, 7L, 30L), (meta.Name, meta.Namespace, meta.Uid, meta.ResourceVersion, meta.Generation, meta.DeletionGracePeriodSeconds));
        Assert.Equal("v", meta.Labels["l"]);
        Assert.Empty(meta.Annotations);
        Assert.Equal(["f1", "f2"], meta.Finalizers.ToArray());
        Assert.True(meta.Deleting);
        Assert.Equal(new OwnerReference("apps/v1", "ReplicaSet", "r", "ru", true, true), meta.Controller);
        Assert.Equal(2, meta.OwnerReferences.Length);
    }
}
