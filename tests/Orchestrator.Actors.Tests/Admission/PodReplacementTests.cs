using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Admission;

/// <summary>A pod that waits for a node may be replaced by the manifest it was made from: what admission added is added again.</summary>
public sealed class PodReplacementTests
{
    [Fact]
    public async Task Update_WithoutPriorityAndTolerations_KeepsThem()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var pod = await fixture.PodAsync("p");
        var schema = fixture.Store.SchemaOf(ResourceTypes.Pods);
        var result = await fixture.Store.PatchAsync(schema, pod.Key, static tree =>
        {
            foreach (var field in (string[])["priority", "preemptionPolicy", "tolerations"]) tree["spec"]!.AsObject().Remove(field);
            tree["metadata"]!["labels"] = new JsonObject { ["replaced"] = "yes" };
            return (tree, null);
        });
        Assert.Null(result.Error);
        var spec = result.Object!.ToTree()["spec"]!;
        Assert.Equal((0, "PreemptLowerPriority", 2), ((int)spec["priority"]!, (string?)spec["preemptionPolicy"], spec["tolerations"]!.AsArray().Count));
    }
}
