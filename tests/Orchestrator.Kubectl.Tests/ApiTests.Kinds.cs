namespace Orchestrator.Kubectl.Tests;

/// <summary>What particular kinds promise to kubectl.</summary>
public sealed partial class ApiTests
{
    private const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: engines.kinds.example.com}
        spec:
          group: kinds.example.com
          scope: Cluster
          names: {plural: engines, singular: engine, kind: Engine}
          versions:
          - name: v1
            served: true
            storage: true
            subresources:
              status: {}
              scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec: {type: object, properties: {replicas: {type: integer, maximum: 5}}}
                  status: {type: object, properties: {replicas: {type: integer}}}
        """;

    [SkippableFact]
    public async Task Service_GetsAddressAndNodePort_AndGivesThemUpWithItsType()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("create", "service", "nodeport", "s", "--tcp=80:8080");

        var ip = await kubectl.FieldAsync("service", "s", ".spec.clusterIP");
        Assert.StartsWith("10.96.", ip, StringComparison.Ordinal);
        var port = await kubectl.FieldAsync("service", "s", ".spec.ports[0].nodePort");
        Assert.InRange(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture), 30000, 32767);
        var taken = await kubectl.TryAsync("create", "service", "nodeport", "t", "--tcp=80", $"--node-port={port}");
        Assert.Contains("provided port is already allocated", taken.Error, StringComparison.Ordinal);

        await kubectl.RunAsync("patch", "service", "s", "-p", """{"spec":{"type":"ClusterIP"}}""");
        Assert.Empty(await kubectl.FieldAsync("service", "s", ".spec.ports[0].nodePort"));
        Assert.Equal(ip, await kubectl.FieldAsync("service", "s", ".spec.clusterIP"));
        await kubectl.RunAsync("create", "service", "nodeport", "t", "--tcp=80", $"--node-port={port}");
    }

    [SkippableFact]
    public async Task Service_OfTheApiServer_LeadsToIt()
    {
        var (host, port) = (new Uri(cluster.Up.Url).Host, new Uri(cluster.Up.Url).Port);
        var kubectl = await cluster.NewNamespaceAsync();

        await kubectl.RunAsync("wait", "-n", "default", "endpoints/kubernetes", $"--for=jsonpath={{.subsets[0].addresses[0].ip}}={host}", "--timeout=60s");

        Assert.Equal($"{port}", await kubectl.RunAsync("get", "-n", "default", "endpoints", "kubernetes", "-o", "jsonpath={.subsets[0].ports[0].port}"));
        Assert.Equal($"{port}", await kubectl.RunAsync("get", "-n", "default", "endpointslice", "kubernetes", "-o", "jsonpath={.ports[0].port}"));
    }

    [SkippableFact]
    public async Task Job_EndsWithItsPods()
    {
        var kubectl = await cluster.NewNamespaceAsync();

        await kubectl.RunAsync("create", "job", "good", "--image=i", "--", "exit", "0");
        await kubectl.ApplyAsync("""{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"bad"},"spec":{"backoffLimit":0,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i","command":["exit","3"]}]}}}}""");

        await kubectl.RunAsync("wait", "job/good", "--for=condition=Complete", "--timeout=60s");
        await kubectl.RunAsync("wait", "job/bad", "--for=condition=Failed", "--timeout=60s");
        Assert.Equal("BackoffLimitExceeded", await kubectl.FieldAsync("job", "bad", ".status.conditions[?(@.type=='Failed')].reason"));
        Assert.Matches(@"good\s+Complete\s+1/1", await kubectl.RunAsync("get", "jobs"));
    }

    [SkippableFact]
    public async Task Pod_ThatFitsNowhere_TellsWhy()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.ApplyAsync("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"nodeSelector":{"a":"b"},"containers":[{"name":"c","image":"i"}]}}""");

        await kubectl.RunAsync("wait", "pod/p", "--for=jsonpath={.status.conditions[?(@.type=='PodScheduled')].reason}=Unschedulable", "--timeout=60s");

        Assert.StartsWith("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
            await kubectl.FieldAsync("pod", "p", ".status.conditions[0].message"), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("orphan", true)]
    [InlineData("background", false)]
    [InlineData("foreground", false)]
    public async Task Deployment_Deleted_LeavesOrTakesWhatItOwns(string cascade, bool left)
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.ApplyAsync(Web);
        await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s");

        await kubectl.RunAsync("delete", "deployment", "web", $"--cascade={cascade}", "--timeout=60s");

        if (!left) await kubectl.RunAsync("wait", "--for=delete", "replicaset,pod", "-l", "app=web", "--timeout=60s");
        var names = await kubectl.RunAsync("get", "replicasets,pods", "-o", "name");
        Assert.Equal(left ? 4 : 0, names.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        if (left) Assert.Empty(await kubectl.RunAsync("get", "replicasets", "-o", "jsonpath={.items[0].metadata.ownerReferences}"));
    }

    [SkippableFact]
    public async Task CustomResource_ScalesAndKeepsItsStatusApart_AndHoldsItsDefinitionBack()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.ApplyAsync(Definition);
        await kubectl.RunAsync("wait", "--for=condition=Established", "crd/engines.kinds.example.com", "--timeout=30s");
        await kubectl.ApplyAsync("""{"apiVersion":"kinds.example.com/v1","kind":"Engine","metadata":{"name":"e","finalizers":["example.com/hold"]},"spec":{"replicas":1}}""");

        await kubectl.RunAsync("scale", "engine", "e", "--replicas=3");
        Assert.Equal("3", await kubectl.FieldAsync("engine", "e", ".spec.replicas"));
        await kubectl.RunAsync("patch", "engine", "e", "--subresource=status", "--type=merge", "-p", """{"status":{"replicas":2},"spec":{"replicas":5}}""");
        Assert.Equal("3 2", await kubectl.RunAsync("get", "engine", "e", "-o", "jsonpath={.spec.replicas} {.status.replicas}"));
        Assert.Contains("less than or equal to 5", (await kubectl.TryAsync("patch", "engine", "e", "--type=merge", "-p", """{"spec":{"replicas":6}}""")).Error, StringComparison.Ordinal);

        await kubectl.RunAsync("delete", "crd", "engines.kinds.example.com", "--wait=false");
        await kubectl.RunAsync("wait", "--for=condition=Terminating", "crd/engines.kinds.example.com", "--timeout=30s");
        Assert.Contains("create not allowed while custom resource definition is terminating",
            (await kubectl.TryApplyAsync("""{"apiVersion":"kinds.example.com/v1","kind":"Engine","metadata":{"name":"late"}}""")).Error, StringComparison.Ordinal);
        await kubectl.RunAsync("patch", "engine", "e", "--type=merge", "-p", """{"metadata":{"finalizers":null}}""");
        await kubectl.RunAsync("wait", "--for=delete", "crd/engines.kinds.example.com", "--timeout=60s");
    }
}
