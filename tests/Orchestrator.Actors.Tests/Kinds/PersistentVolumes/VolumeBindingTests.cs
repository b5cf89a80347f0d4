using Orchestrator.Actors.Kinds.PersistentVolumeClaims;
using Orchestrator.Actors.Kinds.PersistentVolumes;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Kinds.PersistentVolumes;

public sealed class VolumeBindingTests
{
    private const string Kept = """, "claimRef":{"namespace":"d","name":"c"}""";
    private readonly StorageSimulation _sim = new();

    [Fact]
    public void Reconcile_ClaimAndVolume_AreBoundFromBothSides()
    {
        _sim.Volume("v");
        _sim.Claim("c", "500Mi");
        _sim.Settle();
        var claim = _sim.Tree(ResourceTypes.PersistentVolumeClaims, StorageSimulation.Key("c"));
        Assert.Equal(("v", "Bound"), ((string)claim["spec"]!["volumeName"]!, (string)claim["status"]!["phase"]!));
        Assert.Equal("""{"pv.kubernetes.io/bind-completed":"yes","pv.kubernetes.io/bound-by-controller":"yes"}""", claim["metadata"]!["annotations"]!.ToJsonString());
        Assert.Equal("""["ReadWriteOnce"]""", claim["status"]!["accessModes"]!.ToJsonString());
        Assert.Equal("""{"storage":"1Gi"}""", claim["status"]!["capacity"]!.ToJsonString());
        Assert.Equal(("Bound", true, _sim.Cluster.Get(ResourceTypes.PersistentVolumeClaims, StorageSimulation.Key("c"))!.Meta.Uid),
            (_sim.Of("v").Phase, _sim.Of("v").BoundByController, _sim.Of("v").Claim!.Uid));
    }

    [Theory]
    [InlineData("""{"size":"3Gi"}""", "c")]
    [InlineData("""{"size":"500Mi"}""", "a")]
    [InlineData("""{"size":"20Gi"}""", "")]
    [InlineData("""{"size":"1Gi","modes":"\"ReadWriteMany\""}""", "d")]
    [InlineData("""{"size":"1Gi","modes":"\"ReadWriteMany\",\"ReadWriteOnce\""}""", "d")]
    [InlineData("""{"size":"1Gi","modes":"\"ReadOnlyMany\""}""", "")]
    [InlineData("""{"size":"1Gi","more":",\"storageClassName\":\"fast\""}""", "e")]
    [InlineData("""{"size":"1Gi","more":",\"storageClassName\":\"slow\""}""", "")]
    [InlineData("""{"size":"1Gi","more":",\"volumeMode\":\"Block\""}""", "f")]
    [InlineData("""{"size":"1Gi","more":",\"selector\":{\"matchLabels\":{\"zone\":\"z\"}}"}""", "g")]
    [InlineData("""{"size":"1Gi","more":",\"selector\":{\"matchExpressions\":[{\"key\":\"zone\",\"operator\":\"NotIn\",\"values\":[\"z\"]}]}"}""", "a")]
    public void Reconcile_ManyVolumes_TheClaimGetsTheSmallestThatSatisfiesIt(string claim, string expected)
    {
        _sim.Volume("b", "2Gi");
        _sim.Volume("c", "5Gi");
        _sim.Volume("a", "1Gi");
        _sim.Volume("d", "1Gi", modes: "\"ReadWriteOnce\",\"ReadWriteMany\"");
        _sim.Volume("e", "8Gi", """, "storageClassName":"fast" """);
        _sim.Volume("f", "8Gi", """, "volumeMode":"Block" """);
        _sim.Volume("g", "9Gi", labels: "\"zone\":\"z\"");
        var wanted = JsonNode.Parse(claim)!;
        _sim.Claim("c", (string)wanted["size"]!, (string?)wanted["more"] ?? "", (string?)wanted["modes"] ?? "\"ReadWriteOnce\"");
        _sim.Settle();
        Assert.Equal(expected, _sim.VolumeOf("c"));
        Assert.Equal(expected.Length > 0 ? "Bound" : "Pending", _sim.Phase("c"));
    }

    [Fact]
    public void Reconcile_TwoClaimsAtTheSameMoment_GetOneVolumeEach()
    {
        _sim.Volume("v1");
        _sim.Claim("c1");
        _sim.Claim("c2");
        _sim.Settle();
        Assert.Equal(1, new[] { _sim.Phase("c1"), _sim.Phase("c2") }.Count(static p => p == "Bound"));
        _sim.Volume("v2");
        _sim.Settle();
        Assert.Equal(["v1", "v2"], new[] { _sim.VolumeOf("c1"), _sim.VolumeOf("c2") }.Order());
    }

    [Fact]
    public void Reconcile_VolumeThatIsKeptForAClaim_GoesToItAndToNobodyElse()
    {
        _sim.Volume("kept", "10Gi", Kept);
        _sim.Volume("small");
        _sim.Claim("other");
        _sim.Claim("c");
        _sim.Settle();
        Assert.Equal(("kept", "small"), (_sim.VolumeOf("c"), _sim.VolumeOf("other")));
        Assert.False(_sim.Of("kept").BoundByController);
    }

    [Fact]
    public void Reconcile_ClaimThatNamesItsVolume_WaitsForItAndTakesIt()
    {
        _sim.Claim("c", more: """, "volumeName":"mine" """);
        _sim.Volume("other");
        _sim.Settle();
        Assert.Equal("Pending", _sim.Phase("c"));
        _sim.Volume("mine", "5Gi");
        _sim.Settle();
        Assert.Equal("Bound", _sim.Phase("c"));
        Assert.False(_sim.Cluster.Get(ResourceTypes.PersistentVolumeClaims, StorageSimulation.Key("c"))!.Meta.Annotations
            .ContainsKey(PersistentVolumeClaimView.BoundByControllerAnnotation));
    }

    [Theory]
    [InlineData("500Mi", "", "requested PV is too small")]
    [InlineData("1Gi", ",\"storageClassName\":\"x\"", "storageClassName does not match")]
    [InlineData("1Gi", ",\"volumeMode\":\"Block\"", "incompatible volumeMode")]
    public void Reconcile_ClaimNamesAVolumeThatDoesNotSatisfyIt_SaysWhy(string size, string more, string fault)
    {
        _sim.Volume("v", size, more);
        _sim.Claim("c", more: """, "volumeName":"v" """);
        _sim.Settle();
        Assert.Equal("Pending", _sim.Phase("c"));
        Assert.True(_sim.Told("VolumeMismatch", $"Cannot bind to requested volume \"v\": {fault}"));
    }

    [Fact]
    public void Reconcile_ClaimNamesAVolumeOfAnother_SaysSo()
    {
        _sim.Volume("v");
        _sim.Claim("a");
        _sim.Settle();
        _sim.Claim("c", more: """, "volumeName":"v" """);
        _sim.Settle();
        Assert.Equal("Pending", _sim.Phase("c"));
        Assert.True(_sim.Told("FailedBinding", "volume \"v\" already bound to a different claim."));
    }

    [Fact]
    public void Reconcile_NothingFits_SaysSo()
    {
        _sim.Claim("c");
        _sim.Settle();
        Assert.True(_sim.Told("FailedBinding", "no persistent volumes available for this claim and no storage class is set"));
    }

    [Theory]
    [InlineData("Retain", "", "Released")]
    [InlineData("Delete", "", "Failed")]
    [InlineData("Recycle", "", "Failed")]
    [InlineData("Delete", "\"pv.kubernetes.io/provisioned-by\":\"example.com/x\"", "Released")]
    public void Reconcile_ClaimIsDeleted_ThePolicyDecides(string policy, string annotations, string phase)
    {
        _sim.Volume("v", annotations: annotations);
        _sim.EditVolume("v", v => v["spec"]!["persistentVolumeReclaimPolicy"] = policy);
        _sim.Claim("c");
        _sim.Settle();
        _sim.Remove(ResourceTypes.PersistentVolumeClaims, StorageSimulation.Key("c"));
        _sim.Settle();
        Assert.Equal(phase, _sim.Of("v").Phase);
        Assert.Equal(phase == "Failed" && policy == "Delete",
            _sim.Told("VolumeFailedDelete", "error getting deleter volume plugin for volume \"v\": no deletable volume plugin matched"));
        // A new claim of the name is another claim.
        _sim.Claim("c");
        _sim.Settle();
        Assert.Equal("Pending", _sim.Phase("c"));
    }

    [Fact]
    public void Reconcile_ReleasedVolumeIsFreedByHand_IsUsedAgain()
    {
        _sim.Volume("v");
        _sim.Claim("c");
        _sim.Settle();
        _sim.Remove(ResourceTypes.PersistentVolumeClaims, StorageSimulation.Key("c"));
        _sim.Settle();
        _sim.EditVolume("v", static v => v["spec"]!.AsObject().Remove("claimRef"));
        _sim.Settle();
        Assert.Equal("Available", _sim.Of("v").Phase);
        _sim.Claim("again");
        _sim.Settle();
        Assert.Equal("v", _sim.VolumeOf("again"));
    }

    [Fact]
    public void Reconcile_ReleaseNotConfirmed_DoesNothingYet()
    {
        _sim.Volume("v", more: """, "claimRef":{"namespace":"d","name":"c","uid":"gone"}""");
        var result = PersistentVolumeReconciler.Reconcile(_sim.Of("v"), _sim.Observe(), _sim.Cluster.Context());
        Assert.Empty(result.Actions);
        Assert.Equal(ResourceTypes.PersistentVolumeClaims, Assert.Single(result.Confirm));
    }

    [Fact]
    public void Reconcile_VolumeOfABoundClaimIsGone_TheClaimIsLost()
    {
        _sim.Volume("v");
        _sim.Claim("c");
        _sim.Settle();
        _sim.Remove(ResourceTypes.PersistentVolumes, new ObjectKey("", "v"));
        _sim.Settle();
        Assert.Equal("Lost", _sim.Phase("c"));
        Assert.True(_sim.Told("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!"));
    }

    [Fact]
    public void Reconcile_BoundVolumeLosesItsReference_GetsItBack()
    {
        _sim.Volume("v");
        _sim.Claim("c");
        _sim.Settle();
        _sim.EditVolume("v", static v => v["spec"]!.AsObject().Remove("claimRef"));
        _sim.Settle();
        Assert.Equal((StorageSimulation.Key("c"), "Bound"), (_sim.Of("v").Claim!.Key, _sim.Of("v").Phase));
    }

    [Fact]
    public void Reconcile_BoundClaimWhoseVolumeSaysAnother_IsMisbound()
    {
        _sim.Volume("v");
        _sim.Claim("a");
        _sim.Settle();
        _sim.Claim("c", more: """, "volumeName":"v" """);
        _sim.EditClaim("c", static c => c["metadata"]!["annotations"] = new JsonObject { [PersistentVolumeClaimView.BindCompletedAnnotation] = "yes" });
        _sim.Settle();
        Assert.Equal(("Lost", "Bound"), (_sim.Phase("c"), _sim.Phase("a")));
        Assert.True(_sim.Told("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Reconcile_TwoVolumesForOneClaim_TheOneTooManyIsGivenBack(bool byController)
    {
        _sim.Claim("c");
        var uid = _sim.Cluster.Get(ResourceTypes.PersistentVolumeClaims, StorageSimulation.Key("c"))!.Meta.Uid;
        _sim.Volume("v1");
        _sim.Settle();
        _sim.Volume("v2", more: $$$""", "claimRef":{"namespace":"d","name":"c","uid":"{{{uid}}}"}""",
            annotations: byController ? "\"pv.kubernetes.io/bound-by-controller\":\"yes\"" : "");
        _sim.Settle();
        Assert.Equal("v1", _sim.VolumeOf("c"));
        Assert.Equal(("Available", byController), (_sim.Of("v2").Phase, _sim.Of("v2").Claim is null));
        Assert.Equal("", _sim.Of("v2").Claim?.Uid ?? "");
    }

    [Fact]
    public void Reconcile_BoundClaimHasGrown_KeepsItsCapacity()
    {
        _sim.Volume("v");
        _sim.Claim("c");
        _sim.Settle();
        _sim.EditClaim("c", static c => c["status"]!["capacity"]!["storage"] = "4Gi");
        _sim.Settle();
        Assert.Equal("4Gi", (string)_sim.Tree(ResourceTypes.PersistentVolumeClaims, StorageSimulation.Key("c"))["status"]!["capacity"]!["storage"]!);
    }
}
