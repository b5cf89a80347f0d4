using System.Text.Json.Nodes;

namespace Orchestrator.Kubectl.Tests;

/// <summary>What kubectl does with objects, whatever runs them.</summary>
public sealed partial class ApiTests(HollowCluster cluster) : IClassFixture<HollowCluster>
{
    private const string Web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, labels: {app: web}}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - {name: web, image: "busybox:1", command: [sleep, "3600"]}
        """;

    [SkippableFact]
    public async Task Deployment_AppliedAndScaledAndRolled_BehavesAsOnKubernetes()
    {
        var kubectl = await cluster.NewNamespaceAsync();

        Assert.Contains("deployment.apps/web created", await kubectl.ApplyAsync(Web), StringComparison.Ordinal);
        await kubectl.RunAsync("wait", "--for=condition=Available", "deployment/web", "--timeout=60s");
        Assert.Contains("successfully rolled out", await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s"), StringComparison.Ordinal);
        Assert.Contains("unchanged", await kubectl.ApplyAsync(Web), StringComparison.Ordinal);

        await kubectl.RunAsync("scale", "deployment/web", "--replicas=5");
        await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s");
        Assert.Equal("5", await kubectl.FieldAsync("deployment", "web", ".status.readyReplicas"));

        await kubectl.RunAsync("set", "image", "deployment/web", "web=busybox:2");
        await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s");
        Assert.Equal("busybox:2", (await kubectl.RunAsync("get", "pods", "-o", "jsonpath={.items[*].spec.containers[0].image}")).Split(' ').Distinct().Single());
        var history = await kubectl.RunAsync("rollout", "history", "deployment/web");
        Assert.Matches(@"(?m)^1\s", history);
        Assert.Matches(@"(?m)^2\s", history);

        await kubectl.RunAsync("rollout", "undo", "deployment/web");
        await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s");
        Assert.Equal("busybox:1", await kubectl.FieldAsync("deployment", "web", ".spec.template.spec.containers[0].image"));

        await kubectl.RunAsync("delete", "deployment", "web", "--timeout=60s");
        await kubectl.RunAsync("wait", "--for=delete", "pod", "-l", "app=web", "--timeout=60s");
        Assert.Empty(await kubectl.RunAsync("get", "replicasets", "-o", "name"));
    }

    [SkippableFact]
    public async Task DeletedPod_IsReplaced()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.ApplyAsync(Web);
        await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s");
        var before = (await kubectl.RunAsync("get", "pods", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        await kubectl.RunAsync("delete", before[0], "--timeout=60s");
        await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s");

        var after = (await kubectl.RunAsync("get", "pods", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, after.Length);
        Assert.DoesNotContain(before[0], after);
    }

    [SkippableFact]
    public async Task DaemonSet_CoversTheNode()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.ApplyAsync("""
            apiVersion: apps/v1
            kind: DaemonSet
            metadata: {name: agent}
            spec:
              selector: {matchLabels: {app: agent}}
              template:
                metadata: {labels: {app: agent}}
                spec: {containers: [{name: agent, image: busybox, command: [sleep, "3600"]}]}
            """);

        await kubectl.RunAsync("rollout", "status", "daemonset/agent", "--timeout=60s");
        Assert.Equal("1", await kubectl.FieldAsync("daemonset", "agent", ".status.numberReady"));
    }

    [SkippableFact]
    public async Task Patches_OfTheThreeTypes_ChangeWhatTheySay()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("create", "configmap", "c", "--from-literal=a=1", "--from-literal=b=2");

        await kubectl.RunAsync("patch", "configmap", "c", "--type=merge", "-p", """{"data":{"a":null,"c":"3"}}""");
        await kubectl.RunAsync("patch", "configmap", "c", "--type=json", "-p", """[{"op":"replace","path":"/data/b","value":"x"}]""");
        await kubectl.RunAsync("patch", "configmap", "c", "--type=strategic", "-p", """{"metadata":{"labels":{"l":"v"}}}""");
        await kubectl.RunAsync("label", "configmap", "c", "m=w");
        await kubectl.RunAsync("annotate", "configmap", "c", "note=hello");

        var tree = JsonNode.Parse(await kubectl.RunAsync("get", "configmap", "c", "-o", "json"))!;
        Assert.Equal("""{"b":"x","c":"3"}""", tree["data"]!.ToJsonString());
        Assert.Equal("""{"l":"v","m":"w"}""", tree["metadata"]!["labels"]!.ToJsonString());
        Assert.Equal("hello", (string?)tree["metadata"]!["annotations"]!["note"]);
        Assert.Equal("configmap/c", (await kubectl.RunAsync("get", "configmaps", "-l", "l in (v,u),m!=z", "-o", "name")).Trim());
    }

    [SkippableTheory]
    [InlineData("{ not json", "error")]
    [InlineData("""{"apiVersion":"v1","kind":"Nonsense","metadata":{"name":"x"}}""", "no matches for kind \"Nonsense\"")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"UPPER"}}""", "a lowercase RFC 1123 subdomain must consist of")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"dat":{}}""", "unknown field \"dat\"")]
    [InlineData("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{}}""", "spec.containers: Required value")]
    [InlineData("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":"many"}}""", "cannot unmarshal string")]
    [InlineData("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"c","image":"i"}],"restartPolicy":"Maybe"}}""", "Unsupported value: \"Maybe\"")]
    [InlineData("""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"x"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"c"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}""", "`selector` does not match template `labels`")]
    public async Task BadInput_IsRefusedAsKubernetesWould_AndNothingIsStored(string manifest, string expected)
    {
        var kubectl = await cluster.NewNamespaceAsync();

        var result = await kubectl.TryApplyAsync(manifest);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Empty((await kubectl.RunAsync("get", "pods,configmaps,deployments", "-o", "name")).Replace("configmap/kube-root-ca.crt\n", "", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Update_OfAnOldVersion_IsAConflict()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("create", "configmap", "c", "--from-literal=a=1");
        var old = await kubectl.RunAsync("get", "configmap", "c", "-o", "json");
        await kubectl.RunAsync("label", "configmap", "c", "new=er");

        var result = await cluster.Up.KubectlAsync(old, ["replace", "-f", "-"]);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("the object has been modified", result.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task CustomResource_IsServedWithItsDefinitionAndGoneWithIt()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.ApplyAsync("""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: gadgets.example.com}
            spec:
              group: example.com
              scope: Namespaced
              names: {plural: gadgets, singular: gadget, kind: Gadget, shortNames: [gd]}
              versions:
              - name: v1
                served: true
                storage: true
                subresources: {status: {}}
                additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
                schema:
                  openAPIV3Schema:
                    type: object
                    properties:
                      spec:
                        type: object
                        required: [size]
                        properties:
                          size: {type: integer, minimum: 1}
                          colour: {type: string, default: red}
            """);
        await kubectl.RunAsync("wait", "--for=condition=Established", "crd/gadgets.example.com", "--timeout=30s");

        await kubectl.ApplyAsync("""{"apiVersion":"example.com/v1","kind":"Gadget","metadata":{"name":"g"},"spec":{"size":3}}""");
        Assert.Equal("red", await kubectl.FieldAsync("gadget", "g", ".spec.colour"));
        Assert.Matches(@"NAME\s+SIZE\s*\ng\s+3", await kubectl.RunAsync("get", "gd"));
        var refused = await kubectl.TryApplyAsync("""{"apiVersion":"example.com/v1","kind":"Gadget","metadata":{"name":"h"},"spec":{"size":0}}""");
        Assert.Contains("spec.size", refused.Error, StringComparison.Ordinal);

        await kubectl.RunAsync("delete", "crd", "gadgets.example.com", "--timeout=60s");
        Assert.NotEqual(0, (await kubectl.TryAsync("get", "gadgets")).ExitCode);
    }

    [SkippableFact]
    public async Task Discovery_AndExplain_AndTables_Answer()
    {
        var kubectl = await cluster.NewNamespaceAsync();

        Assert.Matches(@"deployments\s+deploy\s+apps/v1\s+true\s+Deployment", await kubectl.RunAsync("api-resources"));
        Assert.Contains("FIELDS:", await kubectl.RunAsync("explain", "pod.spec.containers"), StringComparison.Ordinal);
        Assert.Contains("apps/v1", await kubectl.RunAsync("api-versions"), StringComparison.Ordinal);
        Assert.Contains("service/kubernetes", await kubectl.RunAsync("get", "all", "-A"), StringComparison.Ordinal);
        Assert.Matches(@"node-1\s+Ready\s", await kubectl.RunAsync("get", "nodes", "-o", "wide"));
        Assert.Contains("v1.32", await kubectl.RunAsync("version"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Namespace_Deleted_TakesEverythingWithIt()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.ApplyAsync(Web);
        await kubectl.RunAsync("create", "configmap", "c", "--from-literal=a=1");

        await kubectl.RunAsync("delete", "namespace", kubectl.Namespace, "--timeout=90s");

        Assert.DoesNotContain(kubectl.Namespace, await kubectl.RunAsync("get", "namespaces", "-o", "name"), StringComparison.Ordinal);
        Assert.Empty(await kubectl.RunAsync("get", "pods,configmaps,deployments,replicasets", "-o", "name"));
    }
}
