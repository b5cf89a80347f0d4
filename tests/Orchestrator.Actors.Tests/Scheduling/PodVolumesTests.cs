using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Scheduling;
using static Orchestrator.Actors.Tests.Scheduling.SchedulingFixture;

namespace Orchestrator.Actors.Tests.Scheduling;

public sealed class PodVolumesTests
{
    private readonly StorageModel _storage = new();
    private readonly NodeModel _nodes = Model(Node("n1"), Node("n2"));

    private void Claim(string name, string spec = "", string annotations = "", string phase = "Pending", string metadata = "", string size = "1Gi") =>
        _storage.Set(ResourceTypes.PersistentVolumeClaims, Stored("d", name, $$$"""
            {"metadata":{"name":"{{{name}}}","namespace":"d","uid":"{{{name}}}","annotations":{{{{annotations}}}}{{{metadata}}}},
             "spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"{{{size}}}"} }{{{spec}}}},"status":{"phase":"{{{phase}}}"}}
            """));

    private void Volume(string name, string node, string size = "1Gi") => _storage.Set(ResourceTypes.PersistentVolumes, Stored("", name, $$$"""
        {"metadata":{"name":"{{{name}}}","uid":"{{{name}}}"},"spec":{"accessModes":["ReadWriteOnce"],"capacity":{"storage":"{{{size}}}"},"storageClassName":"late",
         "nodeAffinity":{"required":{"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["{{{node}}}"]}]}]} } },"status":{"phase":"Available"}}
        """));

    private void Class(string provisioner, string more = "") => _storage.Set(ResourceTypes.StorageClasses, Stored("", "late", $$$"""
        {"metadata":{"name":"late","uid":"late"},"provisioner":"{{{provisioner}}}","volumeBindingMode":"WaitForFirstConsumer"{{{more}}}}
        """));

    private static PodView Using(params string[] claims) => Pod("p", spec: $$$"""
        , "volumes":[{"name":"t","emptyDir":{}},{{{string.Join(',', claims.Select((c, i) => $$"""{"name":"v{{i}}","persistentVolumeClaim":{"claimName":"{{c}}"} }"""))}}}]
        """);

    private string Refusal(PodView pod) => _storage.VolumesOf(pod)!.Refusal;

    private string Place(PodView pod)
    {
        var result = new SchedulingCycle(_nodes, SchedulerProfile.Default, new Random(1)).Place(new PodToPlace(pod, _storage.VolumesOf(pod)));
        return result.Node?.Name ?? result.Failure!.Message;
    }

    private const string Bound = "\"pv.kubernetes.io/bind-completed\":\"yes\"";
    private const string Late = """, "storageClassName":"late" """;

    [Fact]
    public void VolumesOf_PodWithoutClaims_AsksNothing() => Assert.Null(_storage.VolumesOf(Pod("p", spec: """, "volumes":[{"name":"t","emptyDir":{}}]""")));

    [Fact]
    public void VolumesOf_ClaimDoesNotExist_SaysSo() => Assert.Equal("persistentvolumeclaim \"c\" not found", Refusal(Using("c")));

    [Fact]
    public void VolumesOf_ClaimIsUnbound_SaysSo()
    {
        Claim("c");
        Assert.Equal("pod has unbound immediate PersistentVolumeClaims", Refusal(Using("c")));
    }

    [Fact]
    public void VolumesOf_ClaimThatWaitsButNamesItsVolume_IsImmediate()
    {
        Class("x");
        Claim("c", Late + """, "volumeName":"v" """);
        Assert.Equal("pod has unbound immediate PersistentVolumeClaims", Refusal(Using("c")));
    }

    [Fact]
    public void VolumesOf_ClaimIsGoing_SaysSo()
    {
        Claim("c", metadata: """, "deletionTimestamp":"2026-01-01T00:00:00Z" """);
        Assert.Equal("persistentvolumeclaim \"c\" is being deleted", Refusal(Using("c")));
    }

    [Fact]
    public void VolumesOf_ClaimIsLost_SaysSo()
    {
        Claim("c", """, "volumeName":"v" """, Bound, "Lost");
        Assert.Equal("persistentvolumeclaim \"c\" bound to non-existent persistentvolume \"v\"", Refusal(Using("c")));
    }

    [Fact]
    public void VolumesOf_ClaimOfAPodsOwn_MustBeMadeForIt()
    {
        var pod = Pod("p", spec: """, "volumes":[{"name":"v","ephemeral":{"volumeClaimTemplate":{}}}]""");
        Assert.Equal("waiting for ephemeral volume controller to create the persistentvolumeclaim \"p-v\"", Refusal(pod));
        Claim("p-v");
        Assert.Equal("PVC d/p-v was not created for pod d/p (pod is not owner)", Refusal(pod));
    }

    [Fact]
    public void Place_BoundVolume_PullsThePodToItsNode()
    {
        Volume("v", "n2");
        Claim("c", """, "volumeName":"v" """, Bound, "Bound");
        Assert.Equal("n2", Place(Using("c")));
    }

    [Fact]
    public void Place_VolumesOfTwoNodes_FitNowhere()
    {
        Volume("v1", "n1");
        Volume("v2", "n2");
        Claim("c1", """, "volumeName":"v1" """, Bound, "Bound");
        Claim("c2", """, "volumeName":"v2" """, Bound, "Bound");
        Assert.StartsWith("0/2 nodes are available: 2 node(s) had volume node affinity conflict.", Place(Using("c1", "c2")), StringComparison.Ordinal);
    }

    [Fact]
    public void Place_WaitingClaims_GoWhereThereIsAVolumeForEach()
    {
        Class("kubernetes.io/no-provisioner");
        Volume("v1", "n1", "5Gi");
        Volume("v2", "n2");
        Volume("v3", "n2", "2Gi");
        Claim("c1", Late);
        Claim("c2", Late, size: "2Gi");
        Assert.Equal("n2", Place(Using("c2", "c1")));
        Claim("c3", Late, size: "5Gi");
        Assert.Equal("n1", Place(Using("c3")));
    }

    [Fact]
    public void Place_NoVolumeForAWaitingClaim_FitsNowhere()
    {
        Class("kubernetes.io/no-provisioner");
        Claim("c", Late);
        Assert.StartsWith("0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.", Place(Using("c")), StringComparison.Ordinal);
    }

    [Fact]
    public void Place_ClassWithAProvisioner_GoesWhereItsTopologyAllows()
    {
        Class("example.com/x", """, "allowedTopologies":[{"matchLabelExpressions":[{"key":"kubernetes.io/hostname","values":["n2"]}]}]""");
        Claim("c", Late);
        Assert.Equal("n2", Place(Using("c")));
    }

    [Fact]
    public void Place_NodeIsSelectedAlready_GoesThere()
    {
        Class("example.com/x");
        Claim("c", Late, "\"volume.kubernetes.io/selected-node\":\"n2\"");
        Assert.Equal("n2", Place(Using("c")));
    }

    [Fact]
    public void Message_WhicheverNode_IsNotCountedByNodes() => Assert.Equal(
        "0/3 nodes are available: persistentvolumeclaim \"c\" not found. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
        new FitFailure(3, new Dictionary<string, int>(), 0, ClusterEvents.StorageChanged) { WhicheverNode = "persistentvolumeclaim \"c\" not found" }.Message);
}
