using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Kinds;

/// <summary>Fields whose feature gates are closed are not stored, unless they are there already.</summary>
public sealed class ClosedFieldsTests
{
    private const string Open = """
        "hostUsers":false,"resources":{"requests":{"cpu":"1"}},"resourceClaims":[{"name":"gpu"}],
        "securityContext":{"runAsUser":1,"supplementalGroupsPolicy":"Strict","seLinuxChangePolicy":"Recursive"},
        "initContainers":[{"name":"i","image":"i","resizePolicy":[{"resourceName":"cpu","restartPolicy":"NotRequired"}]}],
        "containers":[{"name":"a","image":"a","resizePolicy":[{"resourceName":"cpu","restartPolicy":"NotRequired"}],"resources":{"claims":[{"name":"gpu"}]},
          "securityContext":{"procMount":"Unmasked","privileged":true},"volumeMounts":[{"name":"v","mountPath":"/v"},{"name":"p","mountPath":"/p"}]}],
        "volumes":[{"name":"v","image":{"reference":"r"}},{"name":"p","projected":{"sources":[{"clusterTrustBundle":{"path":"p"}},{"configMap":{"name":"c"}}]}}]
        """;

    private const string Closed = """
        "securityContext":{"runAsUser":1},
        "initContainers":[{"name":"i","image":"i"}],
        "containers":[{"name":"a","image":"a","resources":{},"securityContext":{"procMount":"Default","privileged":true},"volumeMounts":[{"name":"p","mountPath":"/p"}]}],
        "volumes":[{"name":"p","projected":{"sources":[{},{"configMap":{"name":"c"}}]}}]
        """;

    public static TheoryData<string, string, string> Specs => new()
    {
        { "pods", $"{{{Open}}}", $"{{{Closed}}}" },
        { "deployments", $"{{\"template\":{{\"spec\":{{{Open}}}}}}}", $"{{\"template\":{{\"spec\":{{{Closed}}}}}}}" },
        { "replicasets", $"{{\"template\":{{\"spec\":{{{Open}}}}}}}", $"{{\"template\":{{\"spec\":{{{Closed}}}}}}}" },
        { "daemonsets", $"{{\"template\":{{\"spec\":{{{Open}}}}}}}", $"{{\"template\":{{\"spec\":{{{Closed}}}}}}}" },
        { "replicationcontrollers", $"{{\"template\":{{\"spec\":{{{Open}}}}}}}", $"{{\"template\":{{\"spec\":{{{Closed}}}}}}}" },
        { "cronjobs", $"{{\"jobTemplate\":{{\"spec\":{{\"template\":{{\"spec\":{{{Open}}}}}}}}}}}", $"{{\"jobTemplate\":{{\"spec\":{{\"template\":{{\"spec\":{{{Closed}}}}}}}}}}}" },
        {
            "statefulsets", $"{{\"template\":{{\"spec\":{{{Open}}}}},\"updateStrategy\":{{\"rollingUpdate\":{{\"partition\":1,\"maxUnavailable\":2}}}}}}",
            $"{{\"template\":{{\"spec\":{{{Closed}}}}},\"updateStrategy\":{{\"rollingUpdate\":{{\"partition\":1}}}}}}"
        },
        { "persistentvolumes", """{"volumeAttributesClassName":"gold","volumeMode":"Block"}""", """{"volumeMode":"Block"}""" },
        {
            "persistentvolumeclaims", """{"volumeAttributesClassName":"gold","dataSourceRef":{"kind":"PersistentVolumeClaim","name":"a","namespace":"other"},"volumeMode":"Block"}""",
            """{"volumeMode":"Block"}"""
        },
        { "leases", """{"holderIdentity":"me","strategy":"OldestEmulationVersion","preferredHolder":"you"}""", """{"holderIdentity":"me"}""" },
    };

    [Theory]
    [MemberData(nameof(Specs))]
    public void Fields_AreNotStored_UnlessTheyAreThereAlready(string plural, string open, string closed)
    {
        var schema = Schema(plural);
        var made = Object(open);
        ObjectStrategy.PrepareForCreate(schema, made, "default", "uid-1", default, new Random(1));
        AssertSpec(closed, made);

        var changed = Object(open);
        ObjectStrategy.PrepareForUpdate(schema, changed, Object(closed), "");
        AssertSpec(closed, changed);

        var kept = Object(open);
        ObjectStrategy.PrepareForUpdate(schema, kept, Object(open), "");
        AssertSpec(open, kept);
    }

    [Fact]
    public void Source_OfClaim_InTheOlderField_IsAClaimOrASnapshot_UnlessTheClaimHasOne()
    {
        const string Populated = """{"dataSource":{"apiGroup":"example.com","kind":"Populator","name":"a"}}""";
        var made = Object(Populated);
        ObjectStrategy.PrepareForCreate(Schema("persistentvolumeclaims"), made, "default", "uid-1", default, new Random(1));
        AssertSpec("{}", made);
        var kept = Object(Populated);
        ObjectStrategy.PrepareForUpdate(Schema("persistentvolumeclaims"), kept, Object("""{"dataSourceRef":{"apiGroup":"example.com","kind":"Populator","name":"a"}}"""), "");
        Assert.NotNull(kept["spec"]!["dataSource"]);
    }

    [Fact]
    public void Template_OfPods_DropsThem()
    {
        var made = JsonNode.Parse("{\"metadata\":{\"name\":\"a\"},\"template\":{\"spec\":{" + Open + "}}}")!.AsObject();
        ObjectStrategy.PrepareForCreate(Schema("podtemplates"), made, "default", "uid-1", default, new Random(1));
        Assert.True(JsonTree.DeepEquals(JsonNode.Parse($"{{{Closed}}}"), made["template"]!["spec"]), made.ToJsonString());
    }

    [Theory]
    [InlineData("""{"containers":[{"name":"a"}]}""", """{"phase":"Running","containerStatuses":[{"name":"a"}]}""")]
    [InlineData("""{"containers":[{"name":"a","resizePolicy":[{"resourceName":"cpu"}]}]}""",
        """{"phase":"Running","resize":"Proposed","containerStatuses":[{"name":"a","resources":{"limits":{"cpu":"1"}},"allocatedResources":{"cpu":"1"}}]}""")]
    [InlineData("""{"containers":[{"name":"a"}],"resourceClaims":[{"name":"c"}],"securityContext":{"supplementalGroupsPolicy":"Strict"}}""",
        """{"phase":"Running","resourceClaimStatuses":[{"name":"c"}],"containerStatuses":[{"name":"a","user":{"linux":{"uid":1}}}]}""")]
    public void Status_OfPod_HasWhatItsSpecUses(string spec, string status)
    {
        var stored = Object(spec);
        var tree = Object(spec);
        tree["status"] = JsonNode.Parse("""
            {"phase":"Running","resize":"Proposed","resourceClaimStatuses":[{"name":"c"}],"containerStatuses":[{"name":"a","resources":{"limits":{"cpu":"1"}},
             "allocatedResources":{"cpu":"1"},"allocatedResourcesStatus":[{"name":"x"}],"user":{"linux":{"uid":1}}}]}
            """);
        ObjectStrategy.PrepareForUpdate(Schema("pods"), tree, stored, "status");
        tree["status"]!.AsObject().Remove("qosClass");
        Assert.True(JsonTree.DeepEquals(JsonNode.Parse(status), tree["status"]), tree.ToJsonString());
    }

    private static ResourceSchema Schema(string plural) => SchemaCatalog.BuiltIn.Resources.First(s => s.Plural == plural && (s.Group is "" or "apps" or "batch" or "coordination.k8s.io"));

    private static JsonObject Object(string spec) => JsonNode.Parse($$"""{"metadata":{"name":"a","namespace":"default"},"spec":{{spec}}}""")!.AsObject();

    private static void AssertSpec(string expected, JsonObject tree) => Assert.True(JsonTree.DeepEquals(JsonNode.Parse(expected), tree["spec"]), tree.ToJsonString());
}
