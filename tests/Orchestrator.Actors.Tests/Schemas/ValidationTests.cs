using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Schemas;

public sealed class ValidationTests
{
    private static readonly DateTimeOffset Now = new(2024, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static JsonObject Create(ResourceSchema schema, string body, out ApiError? error)
    {
        var decoded = ObjectDecoder.Decode(schema, Encoding.UTF8.GetBytes(body), FieldValidation.Strict);
        Assert.Null(decoded.Error);
        var tree = decoded.Tree!;
        Defaulting.Apply(schema, tree);
        ObjectStrategy.PrepareForCreate(schema, tree, schema.Namespaced ? "default" : "", "uid-1", Now, new Random(1));
        error = Validation.ValidateCreate(schema, tree);
        return tree;
    }

    private static ResourceSchema Kind(string group, string kind) => SchemaCatalog.BuiltIn.FindKind(group, "v1", kind)!;

    [Fact]
    public void Pod_EveryFault_IsToldAtOnce()
    {
        Create(Kind("", "Pod"), """
            {"metadata":{"name":"Bad_Name","labels":{"a b":"c"}},"spec":{"restartPolicy":"Sometimes","activeDeadlineSeconds":-1,
             "containers":[{"image":"x","ports":[{"containerPort":70000}]}]}}
            """, out var error);
        Assert.Equal(422, error!.Code);
        var faults = error.Causes.ToDictionary(c => c.Field, c => (c.Reason, c.Message));
        Assert.StartsWith("Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain must consist of", faults["metadata.name"].Message, StringComparison.Ordinal);
        Assert.StartsWith("Invalid value: \"a b\": name part must consist of", faults["metadata.labels"].Message, StringComparison.Ordinal);
        Assert.Equal(("FieldValueNotSupported", "Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\""), faults["spec.restartPolicy"]);
        Assert.Equal(("FieldValueInvalid", "Invalid value: -1: must be between 1 and 2147483647, inclusive"), faults["spec.activeDeadlineSeconds"]);
        Assert.Equal(("FieldValueRequired", "Required value"), faults["spec.containers[0].name"]);
        Assert.Equal("Invalid value: 70000: must be between 1 and 65535, inclusive", faults["spec.containers[0].ports[0].containerPort"].Message);
        Assert.StartsWith("Pod \"Bad_Name\" is invalid: [", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pod_Empty_LacksContainersAndName()
    {
        Create(Kind("", "Pod"), "{}", out var error);
        Assert.Contains(error!.Causes, c => c is { Field: "spec.containers", Message: "Required value" });
        Assert.Contains(error.Causes, c => c is { Field: "metadata.name", Message: "Required value: name or generateName is required" });
    }

    [Fact]
    public void Pod_Create_IsDefaulted()
    {
        var pod = Create(Kind("", "Pod"), """
            {"metadata":{"generateName":"web-"},"spec":{"containers":[
              {"name":"a","image":"nginx","resources":{"limits":{"cpu":"1","memory":"1Gi"}},"livenessProbe":{"httpGet":{"port":80}}},
              {"name":"b","image":"reg:5000/x:1","resources":{"limits":{"cpu":"1","memory":"1Gi"}}}],"volumes":[{"name":"v"}]}}
            """, out var error);
        Assert.Null(error);
        Assert.Matches("^web-[bcdfghjklmnpqrstvwxz2456789]{5}$", JsonTree.AsString(pod["metadata"]!["name"]));
        var spec = (JsonObject)pod["spec"]!;
        Assert.Equal("Always", JsonTree.AsString(spec["containers"]![0]!["imagePullPolicy"]));
        Assert.Equal("IfNotPresent", JsonTree.AsString(spec["containers"]![1]!["imagePullPolicy"]));
        Assert.Equal("""{"cpu":"1","memory":"1Gi"}""", JsonTree.ToText(spec["containers"]![0]!["resources"]!["requests"]));
        Assert.Equal("""{"name":"v","emptyDir":{}}""", JsonTree.ToText(spec["volumes"]![0]));
        Assert.Equal(10, JsonTree.AsInt64(spec["containers"]![0]!["livenessProbe"]!["periodSeconds"]));
        Assert.Equal("ClusterFirst", JsonTree.AsString(spec["dnsPolicy"]));
        Assert.Equal("Guaranteed", JsonTree.AsString(pod["status"]!["qosClass"]));
        Assert.Null(pod["metadata"]!["generation"]);
    }

    [Theory]
    [InlineData("nginx", "Always")]
    [InlineData("nginx:latest", "Always")]
    [InlineData("reg:5000/nginx", "Always")]
    [InlineData("nginx:1", "IfNotPresent")]
    [InlineData("nginx@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "IfNotPresent")]
    [InlineData("reg:5000/nginx:latest@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "Always")]
    public void Pod_PullPolicy_FollowsFromTheTag(string image, string policy)
    {
        var pod = Create(Kind("", "Pod"), $$$"""{"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"{{{image}}}"}]}}""", out _);
        Assert.Equal(policy, JsonTree.AsString(pod["spec"]!["containers"]![0]!["imagePullPolicy"]));
    }

    [Fact]
    public void DaemonSet_NumberOfItsTemplate_RisesWithThat()
    {
        var schema = Kind("apps", "DaemonSet");
        const string Body = """{"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}""";
        static string? Number(JsonObject tree) => JsonTree.AsString(JsonTree.At(tree, ["metadata", "annotations", "deprecated.daemonset.template.generation"]));
        var stored = Create(schema, Body, out var error);
        Assert.Null(error);
        Assert.Equal("1", Number(stored));
        var slower = stored.DeepClone().AsObject();
        slower["spec"]!["minReadySeconds"] = 5L;
        slower["metadata"]!.AsObject().Remove("annotations");
        ObjectUpdate.Prepare(schema, slower, stored, "", DateTimeOffset.UnixEpoch);
        Assert.Equal("1", Number(slower));
        var other = slower.DeepClone().AsObject();
        other["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "j";
        ObjectUpdate.Prepare(schema, other, slower, "", DateTimeOffset.UnixEpoch);
        Assert.Equal("2", Number(other));
    }

    [Fact]
    public void Deployment_UpdateOfSpec_RaisesTheGenerationAndKeepsTheStatus()
    {
        var schema = Kind("apps", "Deployment");
        const string Body = """
            {"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}
            """;
        var stored = Create(schema, Body, out var error);
        Assert.Null(error);
        Assert.Equal("""{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}}""", JsonTree.ToText(stored["spec"]!["strategy"]));
        Assert.Null(stored["spec"]!["template"]!["spec"]!["enableServiceLinks"]);
        stored["status"] = new JsonObject { ["replicas"] = 1L };

        var same = (JsonObject)stored.DeepClone();
        ((JsonObject)same["metadata"]!).Remove("uid");
        same["status"] = new JsonObject();
        ObjectStrategy.PrepareForUpdate(schema, same, stored, "");
        Assert.True(JsonTree.DeepEquals(stored, same));

        var changed = (JsonObject)stored.DeepClone();
        changed["spec"]!["replicas"] = 3;
        ObjectStrategy.PrepareForUpdate(schema, changed, stored, "");
        Assert.Equal(2, JsonTree.AsInt64(changed["metadata"]!["generation"]));
        Assert.Null(Validation.ValidateUpdate(schema, changed, stored));

        var status = (JsonObject)stored.DeepClone();
        status["spec"]!["replicas"] = 9;
        status["status"] = new JsonObject { ["replicas"] = 5L };
        ObjectStrategy.PrepareForUpdate(schema, status, stored, "status");
        Assert.Equal(1, JsonTree.AsInt64(status["spec"]!["replicas"]));
        Assert.Equal(5, JsonTree.AsInt64(status["status"]!["replicas"]));
        Assert.Equal(1, JsonTree.AsInt64(status["metadata"]!["generation"]));
    }

    [Fact]
    public void Update_OfIdentityAndOfFinalizersWhileDeleting_IsRefused()
    {
        var schema = Kind("", "ConfigMap");
        var stored = Create(schema, """{"metadata":{"name":"c"}}""", out _);
        stored["metadata"]!["deletionTimestamp"] = "2024-01-02T03:04:05Z";
        var changed = (JsonObject)stored.DeepClone();
        changed["metadata"]!["uid"] = "other";
        changed["metadata"]!["finalizers"] = new JsonArray("a/b");
        var error = Validation.ValidateUpdate(schema, changed, stored)!;
        Assert.Contains(error.Causes, c => c is { Field: "metadata.uid", Message: "Invalid value: \"other\": field is immutable" });
        Assert.Contains(error.Causes, c => c.Reason == "FieldValueForbidden" && c.Message.EndsWith("[]string{\"a/b\"}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "ConfigMap", "{}", "metadata.finalizers[0]")]
    [InlineData("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "{}", "")]
    public void Finalizer_WithoutADomain_IsRefusedOfCoreKindsOnly(string group, string kind, string rest, string field)
    {
        var body = JsonNode.Parse(rest)!.AsObject();
        body["metadata"] = JsonNode.Parse("""{"name":"c","finalizers":["test-finalizer"]}""");
        Create(Kind(group, kind), body.ToJsonString(), out var error);
        Assert.Equal(field, string.Join(',', error?.Causes.Select(static c => c.Field) ?? []));
    }

    [Fact]
    public void LoadBalancer_AddressesInTheStatus_SayHowTheyAreUsed()
    {
        var service = JsonNode.Parse("""{"spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.1"},{"hostname":"h"},{"ip":"203.0.113.2","ipMode":"Proxy"}]}}}""")!.AsObject();
        Defaulting.Apply(Kind("", "Service"), service);
        Assert.Equal(["VIP", null, "Proxy"], service["status"]!["loadBalancer"]!["ingress"]!.AsArray().Select(static a => JsonTree.AsString(a!["ipMode"])));
    }

    [Fact]
    public void Service_Defaults_DependOnTheType()
    {
        var service = Create(Kind("", "Service"), """{"metadata":{"name":"s"},"spec":{"type":"NodePort","ports":[{"port":80}]}}""", out var error);
        Assert.Null(error);
        var spec = service["spec"]!;
        Assert.Equal("""{"port":80,"protocol":"TCP","targetPort":80}""", JsonTree.ToText(spec["ports"]![0]));
        Assert.Equal("Cluster", JsonTree.AsString(spec["externalTrafficPolicy"]));
        Assert.Equal("None", JsonTree.AsString(spec["sessionAffinity"]));
    }

    [Fact]
    public void Job_Create_GetsItsSelectorFromItsIdentity()
    {
        var job = Create(Kind("batch", "Job"), """
            {"metadata":{"name":"j"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}
            """, out var error);
        Assert.Null(error);
        Assert.Equal("""{"matchLabels":{"batch.kubernetes.io/controller-uid":"uid-1"}}""", JsonTree.ToText(job["spec"]!["selector"]));
        Assert.Equal("j", JsonTree.AsString(job["spec"]!["template"]!["metadata"]!["labels"]!["batch.kubernetes.io/job-name"]));
        Assert.Equal(6, JsonTree.AsInt64(job["spec"]!["backoffLimit"]));
    }

    [Fact]
    public void Secret_StringData_IsFoldedIntoData()
    {
        var secret = Create(Kind("", "Secret"), """{"metadata":{"name":"s"},"stringData":{"k":"v"}}""", out var error);
        Assert.Null(error);
        Assert.Equal("""{"k":"dg=="}""", JsonTree.ToText(secret["data"]));
        Assert.Null(secret["stringData"]);
        Assert.Equal("Opaque", JsonTree.AsString(secret["type"]));
    }

    [Fact]
    public void Namespace_InClusterScope_HasNoNamespace()
    {
        var ns = Create(Kind("", "Namespace"), """{"metadata":{"name":"n","namespace":"x"}}""", out var error);
        Assert.Equal("Active", JsonTree.AsString(ns["status"]!["phase"]));
        Assert.Equal("n", JsonTree.AsString(ns["metadata"]!["labels"]!["kubernetes.io/metadata.name"]));
        Assert.Contains(error!.Causes, c => c is { Field: "metadata.namespace", Message: "Forbidden: not allowed on this type" });
    }

    [Fact]
    public void EndpointSlice_WithoutEndpoints_IsValid()
    {
        Create(Kind("discovery.k8s.io", "EndpointSlice"), """{"metadata":{"name":"s"},"addressType":"IPv4"}""", out var error);
        Assert.Null(error);
        Create(Kind("discovery.k8s.io", "EndpointSlice"), """{"metadata":{"name":"s"},"addressType":"IPv9"}""", out error);
        Assert.Equal("addressType", Assert.Single(error!.Causes).Field);
    }
}
