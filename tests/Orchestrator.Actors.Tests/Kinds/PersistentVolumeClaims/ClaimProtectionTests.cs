using System.Text;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.PersistentVolumeClaims;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Kinds.PersistentVolumeClaims;

public sealed class ClaimProtectionTests
{
    private const string Finalizer = "kubernetes.io/pvc-protection";

    private static StoredObject Claim(bool going, string finalizers) => Stored("data", $$$"""
        {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"d","uid":"c1",
         {{{(going ? "\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"," : "")}}}"finalizers":[{{{finalizers}}}],
         "ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"web","uid":"p1","controller":true}]} }
        """);

    private static StoredObject Pod(string node, string volume, string meta = "") => Stored("web", $$$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"d","uid":"p1"{{{meta}}}},"spec":{"nodeName":"{{{node}}}","volumes":[{{{volume}}}]} }
        """);

    private static StoredObject Stored(string name, string json) => new(new ObjectKey("d", name), 7, Encoding.UTF8.GetBytes(json));

    [Fact]
    public void Reconcile_GoingAndUnused_LetsGoOfItsFinalizerAlone()
    {
        var claim = Claim(true, $"\"{Finalizer}\",\"other\"");
        var patch = Assert.IsType<PatchAction>(Assert.Single(Reconcile(claim, inUse: false).Actions));
        Assert.Equal("""{"metadata":{"finalizers":["other"]}}""", patch.Patch.ToJsonString());
        Assert.Equal(7, patch.IfRevision);
    }

    [Fact]
    public void Reconcile_GoingAndUsed_Waits() => Assert.Empty(Reconcile(Claim(true, $"\"{Finalizer}\""), inUse: true).Actions);

    [Fact]
    public void Reconcile_MadeWithoutFinalizer_GetsIt()
    {
        var patch = Assert.IsType<PatchAction>(Assert.Single(Reconcile(Claim(false, ""), inUse: false).Actions));
        Assert.Equal($$$"""{"metadata":{"finalizers":["{{{Finalizer}}}"]}}""", patch.Patch.ToJsonString());
    }

    [Theory]
    [InlineData("n1", """{"name":"v","persistentVolumeClaim":{"claimName":"data"}}""", true)]
    [InlineData("", """{"name":"v","persistentVolumeClaim":{"claimName":"data"}}""", false)]
    [InlineData("n1", """{"name":"v","persistentVolumeClaim":{"claimName":"other"}}""", false)]
    [InlineData("n1", """{"name":"data","emptyDir":{}}""", false)]
    public void Uses_PodOnANodeThatNamesTheClaim(string node, string volume, bool uses) =>
        Assert.Equal(uses, PersistentVolumeClaimProtectionController.Uses(PodView.Of(Pod(node, volume)), Claim(true, "")));

    [Fact]
    public void Uses_ClaimMadeForAVolumeOfThePod_CountsOnlyForItsOwner()
    {
        var pod = Pod("n1", """{"name":"scratch","ephemeral":{"volumeClaimTemplate":{}}}""");
        static StoredObject Made(string owner) => Stored("web-scratch", $$$"""
            {"metadata":{"name":"web-scratch","namespace":"d","uid":"c2","ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"web","uid":"{{{owner}}}","controller":true}]} }
            """);
        Assert.True(PersistentVolumeClaimProtectionController.Uses(PodView.Of(pod), Made("p1")));
        Assert.False(PersistentVolumeClaimProtectionController.Uses(PodView.Of(pod), Made("p2")));

        // Deleted in the foreground, it waits for its claim and not the other way round.
        var over = Pod("n1", """{"name":"scratch","ephemeral":{"volumeClaimTemplate":{}}},{"name":"d","persistentVolumeClaim":{"claimName":"data"}}""",
            ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",\"deletionGracePeriodSeconds\":0");
        Assert.False(PersistentVolumeClaimProtectionController.Uses(PodView.Of(over), Made("p1")));
        Assert.True(PersistentVolumeClaimProtectionController.Uses(PodView.Of(over), Claim(true, "")));
    }

    private static ReconcileResult Reconcile(StoredObject claim, bool inUse) =>
        InUseFinalizer.Reconcile(ResourceTypes.PersistentVolumeClaims, claim, Finalizer, () => inUse);
}
