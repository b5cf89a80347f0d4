using System.Globalization;

namespace Orchestrator.Kubectl.Tests;

/// <summary>What admission promises to kubectl.</summary>
public sealed class AdmissionTests(HollowCluster cluster) : IClassFixture<HollowCluster>
{
    private const string Pod = """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"NAME"},"spec":{"containers":[{"name":"c","image":"i"}]}}""";

    [SkippableFact]
    public async Task Quota_RefusesWhatExceedsIt_AndIsGivenBackByADeletion()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("create", "quota", "q", "--hard=pods=2,configmaps=5");
        await kubectl.RunAsync("wait", "quota/q", "--for=jsonpath={.status.hard.pods}=2", "--timeout=60s");
        await kubectl.ApplyAsync(Named("a"));
        await kubectl.ApplyAsync(Named("b"));
        var refused = await kubectl.TryApplyAsync(Named("c"));
        Assert.Contains("pods \"c\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2", refused.Error, StringComparison.Ordinal);

        await kubectl.RunAsync("delete", "pod", "a", "--timeout=60s");
        await kubectl.RunAsync("wait", "quota/q", "--for=jsonpath={.status.used.pods}=1", "--timeout=60s");
        await kubectl.ApplyAsync(Named("c"));
        Assert.Matches(@"pods\s+2\s+2", await kubectl.RunAsync("describe", "quota", "q"));
    }

    [SkippableFact]
    public async Task Quota_HoldsBackAWorkload()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("create", "quota", "q", "--hard=pods=2");
        await kubectl.RunAsync("wait", "quota/q", "--for=jsonpath={.status.hard.pods}=2", "--timeout=60s");
        await kubectl.RunAsync("create", "deployment", "web", "--image=i", "--replicas=5");
        await kubectl.RunAsync("wait", "deployment/web", "--for=jsonpath={.status.readyReplicas}=2", "--timeout=60s");
        await kubectl.RunAsync("wait", "deployment/web", "--for=condition=ReplicaFailure", "--timeout=60s");
        await kubectl.RunAsync("patch", "quota", "q", "-p", """{"spec":{"hard":{"pods":"5"}}}""");
        await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=120s");
    }

    [SkippableFact]
    public async Task LimitRange_FillsInAndRefuses()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.ApplyAsync("""{"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"l"},"spec":{"limits":[{"type":"Container","default":{"cpu":"200m"},"defaultRequest":{"cpu":"100m"},"max":{"cpu":"500m"}}]}}""");
        await kubectl.ApplyAsync(Named("a"));
        Assert.Equal("100m 200m", await kubectl.FieldAsync("pod", "a", ".spec.containers[0].resources.requests.cpu") + " " + await kubectl.FieldAsync("pod", "a", ".spec.containers[0].resources.limits.cpu"));
        Assert.Equal("LimitRanger plugin set: cpu request for container c; cpu limit for container c", await kubectl.FieldAsync("pod", "a", ".metadata.annotations.kubernetes\\.io/limit-ranger"));
        var refused = await kubectl.TryApplyAsync("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"},"spec":{"containers":[{"name":"c","image":"i","resources":{"limits":{"cpu":"1"}}}]}}""");
        Assert.Contains("pods \"b\" is forbidden: maximum cpu usage per Container is 500m, but limit is 1", refused.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task PodSecurity_RefusesPods_AndWarnsOfWorkloads()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("label", "namespace", kubectl.Namespace, "pod-security.kubernetes.io/enforce=restricted");
        var refused = await kubectl.TryApplyAsync(Named("a"));
        Assert.Contains("violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false (container \"c\" must set securityContext.allowPrivilegeEscalation=false)", refused.Error, StringComparison.Ordinal);
        var made = await kubectl.TryAsync("create", "deployment", "web", "--image=i");
        Assert.Contains("Warning: would violate PodSecurity \"restricted:latest\"", made.Error, StringComparison.Ordinal);
        Assert.Contains("deployment.apps/web created", made.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task PriorityClass_GivesItsPriority()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        Assert.Contains("system-node-critical", await kubectl.RunAsync("get", "priorityclasses"), StringComparison.Ordinal);
        await kubectl.RunAsync("create", "priorityclass", "high-" + kubectl.Namespace, "--value=1000");
        await kubectl.ApplyAsync($$$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"priorityClassName":"high-{{{kubectl.Namespace}}}","containers":[{"name":"c","image":"i"}]}}""");
        Assert.Equal("1000", await kubectl.FieldAsync("pod", "p", ".spec.priority"));
    }

    [SkippableFact]
    public async Task Drain_WaitsForTheBudget()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("create", "deployment", "web", "--image=i", "--replicas=2");
        await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s");
        await kubectl.RunAsync("create", "poddisruptionbudget", "b", "--selector=app=web", "--min-available=2");
        await kubectl.RunAsync("wait", "pdb/b", "--for=jsonpath={.status.currentHealthy}=2", "--timeout=60s");
        var selector = "--pod-selector=app=web";
        try
        {
            var refused = await kubectl.TryAsync("drain", "node-1", selector, "--ignore-daemonsets", "--timeout=8s");
            Assert.Contains("Cannot evict pod as it would violate the pod's disruption budget.", refused.Error, StringComparison.Ordinal);
            Assert.Equal("2", await kubectl.FieldAsync("deployment", "web", ".status.readyReplicas"));
            await kubectl.RunAsync("patch", "pdb", "b", "--type=merge", "-p", """{"spec":{"minAvailable":0}}""");
            await kubectl.RunAsync("drain", "node-1", selector, "--ignore-daemonsets", "--timeout=60s");
            Assert.Equal("0", await kubectl.FieldAsync("pdb", "b", ".status.currentHealthy"));
        }
        finally
        {
            await kubectl.RunAsync("uncordon", "node-1");
        }
        await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s");
    }

    private static string Named(string name) => Pod.Replace("NAME", name, false, CultureInfo.InvariantCulture);
}
