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
