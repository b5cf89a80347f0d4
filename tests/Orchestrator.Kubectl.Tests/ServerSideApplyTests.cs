using System.Text.Json.Nodes;

namespace Orchestrator.Kubectl.Tests;

/// <summary>kubectl's ways to apply, and the records of field managers that they leave.</summary>
public sealed class ServerSideApplyTests(HollowCluster cluster) : IClassFixture<HollowCluster>
{
    private static string Web(string image, string replicas = "replicas: 2", string env = "env: [{name: A, value: \"1\"}, {name: B, value: \"2\"}]", string labels = "{app: web, extra: x}") => $$$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, labels: {{{labels}}}}
        spec:
          {{{replicas}}}
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - name: web
                image: {{{image}}}
                ports: [{containerPort: 80}]
                {{{env}}}
        """;

    [SkippableFact]
    public async Task Deployment_AppliedOnTheServer_LosesWhatIsLeftOut()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        Assert.Contains("deployment.apps/web serverside-applied", await ApplyAsync(kubectl, Web("nginx:1")), StringComparison.Ordinal);
        await ApplyAsync(kubectl, Web("nginx:2", env: "env: [{name: B, value: \"2\"}]", labels: "{app: web}"));

        Assert.Equal("""{"app":"web"}""", await kubectl.FieldAsync("deployment", "web", ".metadata.labels"));
        var container = JsonNode.Parse(await kubectl.FieldAsync("deployment", "web", ".spec.template.spec.containers[0]"))!;
        Assert.Equal("nginx:2", (string?)container["image"]);
        Assert.Equal(["B"], container["env"]!.AsArray().Select(e => (string?)e!["name"]));
        Assert.Equal("TCP", (string?)container["ports"]![0]!["protocol"]);
    }

    [SkippableFact]
    public async Task ScaledDeployment_IsConflict_UntilForcedOrLeftToTheOther()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await ApplyAsync(kubectl, Web("nginx:1"));
        await kubectl.RunAsync("scale", "deployment/web", "--replicas=3");

        var refused = await kubectl.TryApplyOnServerAsync(cluster, Web("nginx:1"));
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("Apply failed with 1 conflict: conflict with \"kubectl\" with subresource \"scale\" using apps/v1: .spec.replicas", refused.Error, StringComparison.Ordinal);

        await ApplyAsync(kubectl, Web("nginx:1", replicas: "paused: false"));
        Assert.Equal("3", await kubectl.FieldAsync("deployment", "web", ".spec.replicas"));
        await ApplyAsync(kubectl, Web("nginx:1"), "--force-conflicts");
        Assert.Equal("2", await kubectl.FieldAsync("deployment", "web", ".spec.replicas"));
    }

    [SkippableFact]
    public async Task ClientSideApply_MovesToTheServer()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.ApplyAsync(Web("nginx:1"));
        Assert.Contains("kubectl-client-side-apply", await ManagersAsync(kubectl), StringComparison.Ordinal);
        var moved = await ApplyAsync(kubectl, Web("nginx:2", env: "", labels: "{app: web}"));
        Assert.Contains("serverside-applied", moved, StringComparison.Ordinal);

        Assert.Equal("""{"app":"web"}""", await kubectl.FieldAsync("deployment", "web", ".metadata.labels"));
        Assert.Equal("", await kubectl.FieldAsync("deployment", "web", ".spec.template.spec.containers[0].env"));
        Assert.DoesNotContain("kubectl-client-side-apply", await ManagersAsync(kubectl), StringComparison.Ordinal);
        Assert.Contains("nginx:2", await kubectl.RunAsync("apply", "view-last-applied", "deployment/web"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Diff_OnTheServer_ShowsAndChangesNothing()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await ApplyAsync(kubectl, Web("nginx:1"));
        var diff = await kubectl.TryOnServerAsync(cluster, Web("nginx:2"), "diff", "--server-side", "-f", "-");
        Assert.Equal(1, diff.ExitCode);
        Assert.Contains("image: nginx:2", diff.Output, StringComparison.Ordinal);
        Assert.Equal("nginx:1", await kubectl.FieldAsync("deployment", "web", ".spec.template.spec.containers[0].image"));
        var same = await kubectl.TryOnServerAsync(cluster, Web("nginx:1"), "diff", "--server-side", "-f", "-");
        Assert.Equal(0, same.ExitCode);
    }

    [SkippableFact]
    public async Task Prune_TakesWhatIsNoLongerApplied()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        static string Map(string name) => $$$"""
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: {{{name}}}, labels: {set: one}}

            """;
        await kubectl.TryOnServerAsync(cluster, Map("a") + Map("b"), "apply", "-f", "-");
        var pruned = await kubectl.TryOnServerAsync(cluster, Map("a"), "apply", "--prune", "-l", "set=one", "--prune-allowlist=core/v1/ConfigMap", "-f", "-");
        Assert.Contains("configmap/b pruned", pruned.Succeeded(), StringComparison.Ordinal);
        Assert.Equal("configmap/a", (await kubectl.RunAsync("get", "configmap", "-l", "set=one", "-o", "name")).Trim());
    }

    [SkippableFact]
    public async Task ManagedFields_AreShownOnlyWhenAskedFor()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("create", "configmap", "c", "--from-literal=k=v");
        Assert.DoesNotContain("managedFields", await kubectl.RunAsync("get", "configmap", "c", "-o", "yaml"), StringComparison.Ordinal);
        var shown = JsonNode.Parse(await kubectl.RunAsync("get", "configmap", "c", "-o", "json", "--show-managed-fields"))!["metadata"]!["managedFields"]![0]!;
        Assert.Equal("kubectl-create", (string?)shown["manager"]);
        Assert.Equal("""{"f:data":{".":{},"f:k":{}}}""", shown["fieldsV1"]!.ToJsonString());
    }

    private static async Task<string> ManagersAsync(Kubectl kubectl) =>
        await kubectl.RunAsync("get", "deployment", "web", "--show-managed-fields", "-o", "jsonpath={.metadata.managedFields[*].manager}");

    private async Task<string> ApplyAsync(Kubectl kubectl, string manifest, params string[] flags) =>
        (await kubectl.TryOnServerAsync(cluster, manifest, ["apply", "--server-side", .. flags, "-f", "-"])).Succeeded();
}

internal static class KubectlInput
{
    public static Task<CommandResult> TryOnServerAsync(this Kubectl kubectl, HollowCluster cluster, string manifest, params string[] arguments) =>
        cluster.Up.KubectlAsync(manifest, ["-n", kubectl.Namespace, .. arguments]);

    public static Task<CommandResult> TryApplyOnServerAsync(this Kubectl kubectl, HollowCluster cluster, string manifest) =>
        kubectl.TryOnServerAsync(cluster, manifest, "apply", "--server-side", "-f", "-");
}
