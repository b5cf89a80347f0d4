using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Schemas;

/// <summary>Which metadata can be written together with a status.</summary>
public sealed class StatusMetadataTests
{
    private const string All = "annotations finalizers labels ownerReferences";

    [Theory]
    [InlineData("", "nodes", All)]
    [InlineData("", "pods", "annotations finalizers labels")]
    [InlineData("", "services", All)]
    [InlineData("apps", "deployments", "annotations finalizers ownerReferences")]
    [InlineData("apps", "statefulsets", All)]
    [InlineData("batch", "jobs", All)]
    [InlineData("certificates.k8s.io", "certificatesigningrequests", All)]
    [InlineData("networking.k8s.io", "ingresses", All)]
    [InlineData("apiextensions.k8s.io", "customresourcedefinitions", "")]
    [InlineData("apiregistration.k8s.io", "apiservices", "")]
    [InlineData("flowcontrol.apiserver.k8s.io", "flowschemas", "")]
    public void WriteOfTheStatus_ChangesMetadata(string group, string plural, string changed)
    {
        var schema = SchemaCatalog.BuiltIn.Find(new ResourceType(group, plural))!;
        var stored = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "x" }, ["spec"] = new JsonObject(), ["status"] = new JsonObject() };
        var tree = stored.DeepClone().AsObject();
        var metadata = tree["metadata"]!;
        (metadata["labels"], metadata["annotations"]) = (new JsonObject { ["a"] = "b" }, new JsonObject { ["a"] = "b" });
        (metadata["finalizers"], metadata["ownerReferences"]) = (new JsonArray("example.com/a"), new JsonArray(new JsonObject { ["uid"] = "u" }));
        tree["spec"]!["b"] = 1;
        ObjectStrategy.PrepareForUpdate(schema, tree, stored, "status");
        Assert.Equal(changed, string.Join(' ', metadata.AsObject().Select(static p => p.Key).Except(["name", "generation"]).Order(StringComparer.Ordinal)));
        Assert.Empty(tree["spec"]!.AsObject());
    }
}
