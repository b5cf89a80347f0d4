using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Kinds;

public sealed class KindWarningsTests
{
    private static string Warnings(string group, string resource, string json, string? stored = null)
    {
        var notes = new AdmissionNotes();
        var schema = SchemaCatalog.BuiltIn.Find(new ResourceType(group, resource))!;
        KindWarnings.Tell(schema, JsonNode.Parse(json)!.AsObject(), stored is null ? null : JsonNode.Parse(stored)!.AsObject(), notes);
        return string.Join(" | ", notes.Warnings);
    }

    [Theory]
    [InlineData("\"nodeSelector\":{\"beta.kubernetes.io/os\":\"linux\"}", "spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use \"kubernetes.io/os\" instead")]
    [InlineData("\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":[{\"matchExpressions\":[{\"key\":\"beta.kubernetes.io/arch\",\"operator\":\"Exists\"}]}]}}}",
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/arch is deprecated since v1.14; use \"kubernetes.io/arch\" instead")]
    [InlineData("\"affinity\":{\"podAntiAffinity\":{\"preferredDuringSchedulingIgnoredDuringExecution\":[{\"weight\":1,\"podAffinityTerm\":{\"topologyKey\":\"k\"}}]}}",
        "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector: a null labelSelector results in matching no pod")]
    [InlineData("\"imagePullSecrets\":[{\"name\":\"a\"},{\"name\":\"a\"},{}]", "spec.imagePullSecrets[1].name: duplicate name \"a\" | spec.imagePullSecrets[2].name: invalid empty name \"\"")]
    [InlineData("\"hostAliases\":[{\"ip\":\"1.1.1.1\"},{\"ip\":\"1.1.1.1\"}]", "spec.hostAliases[1].ip: duplicate ip \"1.1.1.1\"")]
    [InlineData("\"terminationGracePeriodSeconds\":-1", "spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1")]
    [InlineData("\"volumes\":[{\"name\":\"v\",\"gitRepo\":{\"repository\":\"r\"}}]", "spec.volumes[0].gitRepo: deprecated in v1.11")]
    [InlineData("\"overhead\":{\"memory\":\"100m\"}", "spec.overhead[memory]: fractional byte value \"100m\" is invalid, must be an integer")]
    [InlineData("\"containers\":[{\"name\":\"c\",\"env\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"A\",\"value\":\"2\"},{\"name\":\"B\",\"value\":\"1\"},{\"name\":\"B\",\"value\":\"$(B)2\"},{\"name\":\"B\",\"value\":\"$(B)\"}]}]",
        "spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped when using apply | spec.containers[0].env[4]: hides previous definition of \"B\", which may be dropped when using apply")]
    [InlineData("\"containers\":[{\"name\":\"c\",\"ports\":[{\"containerPort\":80}]},{\"name\":\"d\",\"ports\":[{\"containerPort\":80},{\"containerPort\":80,\"hostPort\":8080},{\"containerPort\":80,\"protocol\":\"UDP\"}]}]",
        "spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0] | spec.containers[1].ports[1]: overlapping port definition with spec.containers[0].ports[0]"
        + " | spec.containers[1].ports[1]: overlapping port definition with spec.containers[1].ports[0]")]
    [InlineData("\"containers\":[{\"name\":\"c\"}]", "")]
    public void Pod_IsRemarkedOn(string spec, string warnings)
    {
        Assert.Equal(warnings, Warnings("", "pods", $$$"""{"metadata":{"name":"p"},"spec":{ {{{spec}}} }}"""));
        Assert.Equal("", Warnings("", "pods", $$$"""{"metadata":{"name":"p"},"spec":{ {{{spec}}} }}""", "{}"));
    }

    [Fact]
    public void Template_IsRemarkedOn_WhenItChanges()
    {
        const string Deployment = """{"metadata":{"name":"ab"},"spec":{"template":{"metadata":{"annotations":{"seccomp.security.alpha.kubernetes.io/pod":"x"}},"spec":{"containers":[]}}}}""";
        const string Remark = "spec.template.metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the \"seccompProfile\" field instead";
        Assert.Equal(Remark, Warnings("apps", "deployments", Deployment));
        Assert.StartsWith("metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [",
            Warnings("apps", "deployments", Deployment.Replace("\"ab\"", "\"a.b\"", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal("", Warnings("apps", "deployments", Deployment, Deployment));
        Assert.Equal(Remark, Warnings("apps", "deployments", Deployment, """{"metadata":{"name":"ab"},"spec":{}}"""));
    }

    [Theory]
    [InlineData("", "services", """{"spec":{"type":"ClusterIP","clusterIP":"None","sessionAffinity":"ClientIP"}}""", "spec.SessionAffinity is ignored for headless services")]
    [InlineData("", "services", """{"spec":{"type":"ClusterIP","externalIPs":["2001:DB8::1"],"externalName":"x"}}""",
        "spec.externalIPs[0]: IPv6 address \"2001:DB8::1\" is not in RFC 5952 canonical format (\"2001:db8::1\"), which may cause controller apply-loops | spec.externalName is ignored when spec.type is not \"ExternalName\"")]
    [InlineData("networking.k8s.io", "ingresses", """{"metadata":{"annotations":{"kubernetes.io/ingress.class":"x"}},"spec":{}}""",
        "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead")]
    [InlineData("", "persistentvolumes", """{"spec":{"persistentVolumeReclaimPolicy":"Recycle","capacity":{"storage":"1500m"}}}""",
        "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning."
        + " | spec.capacity[storage]: fractional byte value \"1500m\" is invalid, must be an integer")]
    [InlineData("", "persistentvolumeclaims", """{"metadata":{"annotations":{"volume.beta.kubernetes.io/storage-class":"x"}},"spec":{}}""",
        "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use \"storageClassName\" attribute instead")]
    [InlineData("batch", "jobs", """{"metadata":{"name":"j"},"spec":{"completionMode":"Indexed","completions":100001,"parallelism":10001}}""",
        "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail")]
    public void OtherKinds_AreRemarkedOn(string group, string resource, string json, string warnings) => Assert.Equal(warnings, Warnings(group, resource, json));

    [Fact]
    public void CustomResource_IsToldOfFinalizersThatMayCollide()
    {
        var notes = new AdmissionNotes();
        var schema = SchemaCatalog.BuiltIn.Find("", "v1", "configmaps")! with { IsCustom = true };
        KindWarnings.Tell(schema, JsonNode.Parse("""{"metadata":{"finalizers":["known","plain","orphan","a.b/c"]}}""")!.AsObject(), JsonNode.Parse("""{"metadata":{"finalizers":["known"]}}""")!.AsObject(), notes);
        Assert.Equal("metadata.finalizers: \"plain\": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers", Assert.Single(notes.Warnings));
    }
}
