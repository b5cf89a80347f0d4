namespace Orchestrator.Kubectl.Tests;

/// <summary>What the controllers make of objects, seen through the real client.</summary>
public sealed class ControllerTests(HollowCluster cluster) : IClassFixture<HollowCluster>
{
    private const string Set = """
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: web}
        spec:
          replicas: 2
          serviceName: web
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {terminationGracePeriodSeconds: 0, containers: [{name: web, image: "busybox:1"}]}
        """;

    [SkippableFact]
    public async Task StatefulSet_RollsOutGoesBackRestartsAndShrinks()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.ApplyAsync(Set);
        await kubectl.RunAsync("rollout", "status", "statefulset/web", "--timeout=120s");
        Assert.Equal("web-0 web-1", await kubectl.RunAsync("get", "pods", "-o", "jsonpath={.items[*].metadata.name}"));
        Assert.Equal("web-1 web 1", await kubectl.FieldAsync("pod", "web-1", ".spec.hostname} {.spec.subdomain} {.metadata.labels.apps\\.kubernetes\\.io/pod-index"));

        await kubectl.RunAsync("set", "image", "statefulset/web", "web=busybox:2");
        await kubectl.RunAsync("rollout", "status", "statefulset/web", "--timeout=120s");
        Assert.Matches(@"(?m)^1\s.*\n2\s", await kubectl.RunAsync("rollout", "history", "statefulset/web"));
        Assert.Contains("busybox:1", await kubectl.RunAsync("rollout", "history", "statefulset/web", "--revision=1"), StringComparison.Ordinal);

        await kubectl.RunAsync("rollout", "undo", "statefulset/web");
        await kubectl.RunAsync("rollout", "status", "statefulset/web", "--timeout=120s");
        Assert.Equal("busybox:1 busybox:1", await kubectl.RunAsync("get", "pods", "-o", "jsonpath={.items[*].spec.containers[0].image}"));
        Assert.Matches(@"(?m)^2\s.*\n3\s", await kubectl.RunAsync("rollout", "history", "statefulset/web"));
        // The client compares the bytes of the revision with what it makes of the set.
        Assert.Contains("skipped rollback (current template already matches revision 3)",
            await kubectl.RunAsync("rollout", "undo", "statefulset/web", "--to-revision=3"), StringComparison.Ordinal);

        await kubectl.RunAsync("rollout", "restart", "statefulset/web");
        await kubectl.RunAsync("rollout", "status", "statefulset/web", "--timeout=120s");
        await kubectl.RunAsync("scale", "statefulset/web", "--replicas=1");
        await kubectl.RunAsync("wait", "--for=delete", "pod/web-1", "--timeout=60s");
        await kubectl.RunAsync("wait", "--for=jsonpath={.status.replicas}=1", "statefulset/web", "--timeout=60s");
        Assert.Contains("create Pod web-0 in StatefulSet web successful", await kubectl.RunAsync("describe", "statefulset", "web"), StringComparison.Ordinal);

        await kubectl.RunAsync("delete", "statefulset", "web", "--cascade=orphan");
        Assert.Equal("", await kubectl.FieldAsync("pod", "web-0", ".metadata.ownerReferences"));
        await kubectl.ApplyAsync(Set);
        await kubectl.RunAsync("wait", "--for=jsonpath={.metadata.ownerReferences[0].kind}=StatefulSet", "pod/web-0", "--timeout=60s");
        await kubectl.RunAsync("delete", "statefulset", "web");
        await kubectl.RunAsync("wait", "--for=delete", "pod", "-l", "app=web", "--timeout=60s");
    }

    [SkippableFact]
    public async Task CronJob_RunsItsJobAndOneByHandAndKeepsBook()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("create", "cronjob", "tick", "--image=busybox:1", "--schedule=@every 1s");
        // The first run is told once its Job is there.
        await kubectl.RunAsync("wait", "--for=jsonpath={.status.lastScheduleTime}", "cronjob/tick", "--timeout=60s");
        await kubectl.RunAsync("patch", "cronjob", "tick", "-p", """{"spec":{"suspend":true}}""");
        Assert.StartsWith("tick-", await kubectl.FieldAsync("cronjob", "tick", ".status.active[0].name"), StringComparison.Ordinal);
        Assert.Matches(@"tick\s+@every 1s\s+<none>\s+True\s+\d", await kubectl.RunAsync("get", "cronjob", "tick"));

        await kubectl.RunAsync("create", "job", "byhand", "--from=cronjob/tick");
        await kubectl.RunAsync("wait", "--for=jsonpath={.status.active}=1", "job/byhand", "--timeout=60s");
        var described = await kubectl.RunAsync("describe", "cronjob", "tick");
        Assert.Contains("Created job tick-", described, StringComparison.Ordinal);

        await kubectl.RunAsync("delete", "cronjob", "tick");
        await kubectl.RunAsync("wait", "--for=delete", "pod", "--all", "--timeout=60s");
    }

    [SkippableFact]
    public async Task Claims_GetTheirVolumesAtOnceOrWhereTheirPodRuns()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        var ns = kubectl.Namespace;
        await kubectl.ApplyAsync($$$"""
            apiVersion: v1
            kind: PersistentVolume
            metadata: {name: {{{ns}}}-now}
            spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: {{{ns}}}-none, hostPath: {path: /tmp}}
            ---
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: now}
            spec: {accessModes: [ReadWriteOnce], storageClassName: {{{ns}}}-none, resources: {requests: {storage: 500Mi} } }
            """);
        await kubectl.RunAsync("wait", "--for=jsonpath={.status.phase}=Bound", "pvc/now", "--timeout=60s");
        Assert.Equal($"{ns}-now 1Gi", await kubectl.FieldAsync("pvc", "now", ".spec.volumeName} {.status.capacity.storage"));
        await kubectl.RunAsync("wait", "--for=jsonpath={.status.phase}=Bound", $"pv/{ns}-now", "--timeout=60s");
        await kubectl.RunAsync("delete", "pvc", "now");
        await kubectl.RunAsync("wait", "--for=jsonpath={.status.phase}=Released", $"pv/{ns}-now", "--timeout=60s");

        await kubectl.ApplyAsync($$$"""
            apiVersion: storage.k8s.io/v1
            kind: StorageClass
            metadata: {name: {{{ns}}}-late}
            provisioner: kubernetes.io/no-provisioner
            volumeBindingMode: WaitForFirstConsumer
            ---
            apiVersion: v1
            kind: PersistentVolume
            metadata: {name: {{{ns}}}-late}
            spec:
              capacity: {storage: 1Gi}
              accessModes: [ReadWriteOnce]
              storageClassName: {{{ns}}}-late
              local: {path: /tmp}
              nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node-1]}]}]}}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: user}
            spec:
              terminationGracePeriodSeconds: 0
              containers: [{name: c, image: "busybox:1"}]
              volumes: [{name: data, persistentVolumeClaim: {claimName: late}}]
            """);
        await kubectl.RunAsync("wait", "--for=condition=PodScheduled=False", "pod/user", "--timeout=60s");
        Assert.Contains("persistentvolumeclaim \"late\" not found", await kubectl.FieldAsync("pod", "user", ".status.conditions[?(@.type==\"PodScheduled\")].message"),
            StringComparison.Ordinal);
        await kubectl.ApplyAsync($$$"""
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: late}
            spec: {accessModes: [ReadWriteOnce], storageClassName: {{{ns}}}-late, resources: {requests: {storage: 500Mi} } }
            """);
        await kubectl.RunAsync("wait", "--for=condition=Ready", "pod/user", "--timeout=90s");
        Assert.Equal($"{ns}-late", await kubectl.FieldAsync("pvc", "late", ".spec.volumeName"));
    }
}
