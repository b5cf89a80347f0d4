using Orchestrator.Actors.Kinds.PersistentVolumeClaims;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Kinds.PersistentVolumes;

public sealed class StorageClassBindingTests
{
    private const string Late = """, "storageClassName":"late" """;
    private readonly StorageSimulation _sim = new();

    private string? Selected => PersistentVolumeClaimView.Of(_sim.Cluster.Get(ResourceTypes.PersistentVolumeClaims, StorageSimulation.Key("c"))!).SelectedNode;

    private void Select(string node) => _sim.EditClaim("c", c => c["metadata"]!["annotations"] = new JsonObject { [PersistentVolumeClaimView.SelectedNodeAnnotation] = node });

    [Fact]
    public void Reconcile_ClassDoesNotExist_SaysSo()
    {
        _sim.Claim("c", more: Late);
        _sim.Settle();
        Assert.True(_sim.Told("ProvisioningFailed", "storageclass.storage.k8s.io \"late\" not found"));
    }

    [Fact]
    public void Reconcile_ClassWithAProvisioner_CallsForIt()
    {
        _sim.Class("late");
        _sim.Claim("c", more: Late);
        _sim.Settle();
        Assert.Equal("example.com/x", _sim.Cluster.Get(ResourceTypes.PersistentVolumeClaims, StorageSimulation.Key("c"))!.Meta.Annotations["volume.kubernetes.io/storage-provisioner"]);
        Assert.Contains(_sim.Cluster.Events, static e => e is { Reason: "ExternalProvisioning", Warning: false });
        // The provisioner makes a volume for the claim.
        var uid = _sim.Cluster.Get(ResourceTypes.PersistentVolumeClaims, StorageSimulation.Key("c"))!.Meta.Uid;
        _sim.Volume("made", more: $$$"""{{{Late}}}, "claimRef":{"namespace":"d","name":"c","uid":"{{{uid}}}"}""");
        _sim.Settle();
        Assert.Equal(("made", "Bound"), (_sim.VolumeOf("c"), _sim.Phase("c")));
    }

    [Fact]
    public void Reconcile_ClassWithoutAProvisioner_SaysSoWhereItDoesNotWait()
    {
        _sim.Class("late", "kubernetes.io/no-provisioner");
        _sim.Claim("c", more: Late);
        _sim.Settle();
        Assert.True(_sim.Told("ProvisioningFailed", "no volume plugin matched name: kubernetes.io/no-provisioner"));
    }

    [Fact]
    public void Reconcile_DefaultClassComesLater_IsGivenToClaimsThatNameNone()
    {
        _sim.Claim("c");
        _sim.Claim("none", more: """, "storageClassName":"" """);
        _sim.Settle();
        _sim.Class("std", isDefault: true);
        _sim.Settle();
        Assert.Equal("std", (string)_sim.Tree(ResourceTypes.PersistentVolumeClaims, StorageSimulation.Key("c"))["spec"]!["storageClassName"]!);
        Assert.Equal("", (string)_sim.Tree(ResourceTypes.PersistentVolumeClaims, StorageSimulation.Key("none"))["spec"]!["storageClassName"]!);
    }

    [Theory]
    [InlineData(0, "WaitForFirstConsumer", "waiting for first consumer to be created before binding")]
    [InlineData(1, "WaitForPodScheduled", "waiting for pod p0 to be scheduled")]
    [InlineData(2, "WaitForPodScheduled", "waiting for pods p0,p1 to be scheduled")]
    public void Reconcile_ClassWaitsForTheConsumer_TakesNoVolumeAndSaysWhatItWaitsFor(int pods, string reason, string message)
    {
        _sim.Class("late", "kubernetes.io/no-provisioner", "WaitForFirstConsumer");
        _sim.Volume("v", more: Late);
        _sim.Claim("c", more: Late);
        for (var i = 0; i < pods; i++) _sim.WaitingPods.Add($"p{i}");
        _sim.Settle();
        Assert.Equal(("", "Pending"), (_sim.VolumeOf("c"), _sim.Phase("c")));
        Assert.True(_sim.Told(reason, message));
    }

    [Fact]
    public void Reconcile_NodeIsSelected_TakesAVolumeThatTheNodeReaches()
    {
        _sim.Class("late", "kubernetes.io/no-provisioner", "WaitForFirstConsumer");
        _sim.Node("n1");
        _sim.Node("n2");
        _sim.Volume("on1", more: Late + StorageSimulation.OnNode("n1"));
        _sim.Volume("on2", "5Gi", more: Late + StorageSimulation.OnNode("n2"));
        _sim.Claim("c", more: Late);
        _sim.Settle();
        Select("n2");
        _sim.Settle();
        Assert.Equal(("on2", "Bound"), (_sim.VolumeOf("c"), _sim.Phase("c")));
    }

    [Theory]
    [InlineData("n1")]
    [InlineData("gone")]
    public void Reconcile_NothingOnTheSelectedNode_LetsTheSchedulerChooseAgain(string node)
    {
        _sim.Class("late", "kubernetes.io/no-provisioner", "WaitForFirstConsumer");
        _sim.Node("n1");
        _sim.Volume("on2", more: Late + StorageSimulation.OnNode("n2"));
        _sim.Claim("c", more: Late);
        Select(node);
        _sim.Settle();
        Assert.Null(Selected);
        Assert.Equal("", _sim.VolumeOf("c"));
    }

    [Fact]
    public void Reconcile_NodeIsSelectedForAProvisioner_CallsForIt()
    {
        _sim.Class("late", mode: "WaitForFirstConsumer");
        _sim.Node("n1");
        _sim.Claim("c", more: Late);
        Select("n1");
        _sim.Settle();
        Assert.Equal("n1", Selected);
        Assert.Contains(_sim.Cluster.Events, static e => e.Reason == "ExternalProvisioning");
    }

    [Fact]
    public void Reconcile_VolumeIsKeptForAWaitingClaim_DoesNotWait()
    {
        _sim.Class("late", "kubernetes.io/no-provisioner", "WaitForFirstConsumer");
        _sim.Volume("v", more: $$"""{{Late}}, "claimRef":{"namespace":"d","name":"c"}""");
        _sim.Claim("c", more: Late);
        _sim.Settle();
        Assert.Equal("v", _sim.VolumeOf("c"));
    }
}
