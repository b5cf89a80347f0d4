using System.Globalization;

namespace Orchestrator.Kubectl.Tests;

/// <summary>Clients of other languages, unmodified, against a real server whose containers are processes.</summary>
public sealed class ClientTests : IAsyncLifetime
{
    private static readonly string Clients = Path.Combine(AppContext.BaseDirectory, "Clients");

    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-clients").FullName;
    private OrchestratorProcess _up = null!;

    public async Task InitializeAsync()
    {
        RequiredTool.Need("kubectl");
        _up = await StartAsync();
        (await _up.KubectlAsync("create", "namespace", "clients")).Succeeded();
    }

    public async Task DisposeAsync()
    {
        if (_up is not null)
        {
            // Pods here are processes of this machine; they go with their pods.
            await _up.KubectlAsync("delete", "pods,deployments", "--all", "-n", "clients", "--timeout=60s");
            await _up.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private Task<OrchestratorProcess> StartAsync(params string[] more) => OrchestratorProcess.StartAsync(["up", "--data", Path.Combine(_folder, "data"),
        "--listen", "127.0.0.1:0", "--remoting", "127.0.0.1:0", "--runtime", "process", "--node-name", "node-1", .. more]);

    /// <summary>Makes the server forget how its ConfigMaps began, so that whoever watches from there gets 410 and has to list again.</summary>
    private async Task ForgetAsync()
    {
        var settings = Path.Combine(_folder, "forgetful.conf");
        await File.WriteAllTextAsync(settings, "orchestrator.registry { retention = 1ms, snapshot-after-min = 10 }");
        await RestartAsync();
        var maps = string.Join(",", Enumerable.Range(0, 60).Select(static i => $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m{{{i}}}","labels":{"passing":"yes"} } }"""));
        var file = Path.Combine(_folder, "maps.json");
        await File.WriteAllTextAsync(file, $$"""{"apiVersion":"v1","kind":"List","items":[{{maps}}]}""");
        (await _up.KubectlAsync("create", "-f", file)).Succeeded();
        (await _up.KubectlAsync("delete", "configmaps", "-l", "passing=yes")).Succeeded();
        // What is still in memory is given; only the journal forgets.
        await RestartAsync();

        async Task RestartAsync()
        {
            await _up.DisposeAsync();
            _up = await StartAsync("--config", settings);
        }
    }

    [SkippableFact]
    public async Task JavaScript()
    {
        RequiredTool.Need("node");
        await ForgetAsync();
        // The second version needs a newer Node.js than the first.
        var node = int.Parse((await Command.RunAsync("node", ["--version"])).Succeeded().Trim('v', '\n').Split('.')[0], CultureInfo.InvariantCulture);
        var version = node >= 22 ? "2.0.1" : "1.4.0";
        var home = Path.Combine(_folder, "javascript");
        Directory.CreateDirectory(home);
        (await Command.RunAsync("npm", ["install", $"@kubernetes/client-node@{version}", "--prefix", home, "--no-audit", "--no-fund"])).Succeeded();

        await RunAsync("node", [Path.Combine(Clients, "clients.mjs"), "clients", node >= 22 ? "2,forgetful" : "1,forgetful"], home);
    }

    [SkippableFact]
    public async Task Python()
    {
        RequiredTool.Need("python");
        await RunAsync("/usr/bin/python3", [Path.Combine(Clients, "clients.py"), "clients"]);
    }

    [SkippableFact]
    public async Task Ruby()
    {
        RequiredTool.Need("ruby");
        await RunAsync("ruby", [Path.Combine(Clients, "clients.rb"), "clients"]);
    }

    [SkippableFact]
    public async Task Kubectl_OfEveryMinorVersion()
    {
        var manifest = Path.Combine(_folder, "web.yaml");
        await File.WriteAllTextAsync(manifest, """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              replicas: 2
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers: [{name: web, image: any, command: [sh, -c, "echo begun; sleep 3600"], ports: [{containerPort: 8080}]}]
            """);
        foreach (var kubectl in KubectlVersions.All())
        {
            var ns = $"minor-{Guid.CreateVersion7():N}";
            async Task<string> Run(params string[] arguments) => (await Command.RunAsync(kubectl, ["--kubeconfig", _up.Kubeconfig, "-n", ns, .. arguments])).Succeeded();
            await Run("create", "namespace", ns);
            string[] commands =
            [
                "version", "cluster-info", "api-resources", "api-versions", "get nodes -o wide", "describe node node-1", "explain pods.spec.containers",
                "explain deployments --recursive", $"apply -f {manifest}", "rollout status deployment/web --timeout=90s", "get deploy,rs,pods -o wide", "get pods -l app=web -o yaml",
                "get pods -A --sort-by=.metadata.name", "describe deployment web", "describe pods", "scale deployment web --replicas=1", "set env deployment/web A=B",
                "rollout status deployment/web --timeout=90s", "rollout history deployment/web", "rollout undo deployment/web", "rollout restart deployment/web",
                "rollout status deployment/web --timeout=90s", "label deployment web x=y", "annotate deployment web x=y", """patch deployment web -p {"spec":{"paused":true}}""",
                """patch deployment web --type=json -p [{"op":"remove","path":"/spec/paused"}]""", "expose deployment web --port=80 --target-port=8080", "autoscale deployment web --max=3",
                "create configmap map --from-literal=a=b", "create role reader --verb=get --resource=pods", "auth can-i get pods", "create job once --image=any -- true",
                "wait --for=condition=complete job/once --timeout=90s", $"apply --server-side --force-conflicts -f {manifest}", $"apply --dry-run=server -f {manifest}", "get events", "get hpa,svc,endpoints",
                "taint nodes node-1 a=b:PreferNoSchedule", "taint nodes node-1 a-", "get --raw /readyz",
            ];
            foreach (var command in commands) await Run(command.Split(' '));
            Assert.Equal("begun", (await Run("logs", "deployment/web", "--tail=1")).Trim());
            Assert.Equal("hello", (await Run("exec", "deployment/web", "--", "echo", "hello")).Trim());
            await Run("delete", "deployment,job", "--all", "--wait");
        }
    }

    private async Task RunAsync(string program, string[] arguments, string? home = null)
    {
        var environment = new Dictionary<string, string> { ["KUBECONFIG"] = _up.Kubeconfig };
        if (home is not null) environment["CLIENT_HOME"] = home;
        var result = await Command.RunAsync(program, arguments, environment: environment);
        Assert.True(result.ExitCode == 0, $"exit code {result.ExitCode}\n{result.Output}\n{result.Error}");
        Assert.Contains("all well", result.Output, StringComparison.Ordinal);
    }
}
