namespace Orchestrator.Kubectl.Tests;

public sealed partial class ApiTests
{
    private static string Agent(string image) => $$$"""
        apiVersion: apps/v1
        kind: DaemonSet
        metadata: {name: agent}
        spec:
          selector: {matchLabels: {app: agent}}
          template:
            metadata: {labels: {app: agent}}
            spec: {containers: [{name: agent, image: "{{{image}}}"}]}
        """;

    [SkippableFact]
    public async Task ReplicationController_RunsScalesIsExposedAndTakesItsPodsAlong()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.ApplyAsync("""
            apiVersion: v1
            kind: ReplicationController
            metadata: {name: front}
            spec:
              replicas: 3
              template:
                metadata: {labels: {app: front}}
                spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: "busybox:1", ports: [{containerPort: 80}]}]}
            """);
        await kubectl.RunAsync("wait", "--for=jsonpath={.status.readyReplicas}=3", "rc/front", "--timeout=60s");

        await kubectl.RunAsync("scale", "rc/front", "--current-replicas=3", "--replicas=1");
        await kubectl.RunAsync("wait", "--for=jsonpath={.status.replicas}=1", "rc/front", "--timeout=60s");
        Assert.NotEqual(0, (await kubectl.TryAsync("scale", "rc/front", "--current-replicas=3", "--replicas=2")).ExitCode);

        await kubectl.RunAsync("expose", "rc", "front");
        Assert.Equal("""{"app":"front"} 80""", await kubectl.FieldAsync("service", "front", ".spec.selector} {.spec.ports[0].port"));
        Assert.Contains("Pods Status:  1 Running", await kubectl.RunAsync("describe", "rc", "front"), StringComparison.Ordinal);

        await kubectl.RunAsync("delete", "rc", "front");
        await kubectl.RunAsync("wait", "--for=delete", "pod", "-l", "app=front", "--timeout=60s");
    }

    [SkippableFact]
    public async Task DaemonSet_HistoryTellsTheCause_AndUndoGoesBack()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.ApplyAsync(Agent("busybox:1"));
        await kubectl.RunAsync("annotate", "daemonset/agent", "kubernetes.io/change-cause=second image");
        await kubectl.RunAsync("rollout", "status", "daemonset/agent", "--timeout=60s");
        await kubectl.RunAsync("set", "image", "daemonset/agent", "agent=busybox:2");
        await kubectl.RunAsync("rollout", "status", "daemonset/agent", "--timeout=60s");
        Assert.Matches(@"(?m)^2\s+second image", await kubectl.RunAsync("rollout", "history", "daemonset/agent"));

        var absent = await kubectl.TryAsync("rollout", "undo", "daemonset/agent", "--to-revision=1000");
        Assert.Contains("unable to find specified revision", absent.Error, StringComparison.Ordinal);
        await kubectl.RunAsync("rollout", "undo", "daemonset/agent", "--to-revision=1");
        Assert.Equal("busybox:1", await kubectl.FieldAsync("daemonset", "agent", ".spec.template.spec.containers[0].image"));
    }

    [SkippableFact]
    public async Task Claim_InUseByAPod_GoesWhenThePodIsGone()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.ApplyAsync("""
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: free}
            spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
            ---
            apiVersion: v1
            kind: PersistentVolume
            metadata: {name: never-bound}
            spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /tmp/never-bound}}
            """);
        Assert.Equal("""["kubernetes.io/pvc-protection"]""", await kubectl.FieldAsync("pvc", "free", ".metadata.finalizers"));
        await kubectl.RunAsync("delete", "pvc/free", "pv/never-bound", "--timeout=60s");
        Assert.Empty(await kubectl.RunAsync("get", "pvc", "-o", "name"));
    }

    [SkippableFact]
    public async Task ClientSideApply_OfAnotherKindOfVolume_ReplacesTheFirst()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        const string Manifest = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: cache}
            spec:
              selector: {matchLabels: {app: cache}}
              template:
                metadata: {labels: {app: cache}}
                spec: {containers: [{name: c, image: "busybox:1"}], volumes: [{name: v, emptyDir: {}}]}
            """;
        await kubectl.ApplyAsync(Manifest);
        await kubectl.ApplyAsync(Manifest.Replace("emptyDir: {}", "hostPath: {path: /tmp}", StringComparison.Ordinal)
            .Replace("spec:\n  selector", "spec:\n  strategy: {type: Recreate}\n  selector", StringComparison.Ordinal));
        Assert.Equal("""{"hostPath":{"path":"/tmp","type":""},"name":"v"}""", await kubectl.FieldAsync("deployment", "cache", ".spec.template.spec.volumes[0]"));
        Assert.Equal("""{"type":"Recreate"}""", await kubectl.FieldAsync("deployment", "cache", ".spec.strategy"));
    }

    [SkippableFact]
    public async Task Patch_WhoseOutcomeIsNoPod_TellsWhatDoesNotFit()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("run", "p", "--image=busybox:1");
        var refused = await kubectl.TryAsync("patch", "pod", "p", "-p", """{"metadata":{"labels":"invalid"}}""");
        Assert.Contains("cannot restore map from string", refused.Error, StringComparison.Ordinal);
    }
}
