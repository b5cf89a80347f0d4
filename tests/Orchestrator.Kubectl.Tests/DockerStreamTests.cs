namespace Orchestrator.Kubectl.Tests;

/// <summary>Streams into real containers, which have a network of their own.</summary>
public sealed class DockerStreamTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-docker-streams").FullName;
    private OrchestratorProcess? _up;

    public async Task InitializeAsync()
    {
        RequiredTool.Need("kubectl");
        await DockerImage.EnsureAsync();
        _up = await OrchestratorProcess.StartAsync(
            "up", "--data", _folder, "--listen", "127.0.0.1:0", "--remoting", "127.0.0.1:0", "--runtime", "docker", "--node-name", $"node-{Guid.NewGuid():N}"[..12]);
    }

    public async Task DisposeAsync()
    {
        if (_up is not null)
        {
            await _up.KubectlAsync("delete", "pods", "--all", "--grace-period=1", "--timeout=60s");
            await _up.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    [SkippableFact]
    public async Task Container_IsReachedByPortForwardProxyAttachAndDebug()
    {
        var kubectl = new Kubectl(_up!, "default");
        await kubectl.ApplyAsync($$$"""
            apiVersion: v1
            kind: Pod
            metadata: {name: web, labels: {app: web}}
            spec:
              terminationGracePeriodSeconds: 1
              containers:
              - name: web
                image: "{{{DockerImage.Name}}}"
                command: [sh, -c, "echo served by the pod > /index.html; exec httpd -f -p 8080 -h /"]
                ports: [{containerPort: 8080, name: http}]
                readinessProbe: {tcpSocket: {port: http}, periodSeconds: 1}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {selector: {app: web}, ports: [{name: site, port: 80, targetPort: http}]}
            """);
        await kubectl.RunAsync("wait", "--for=condition=Ready", "pod/web", "--timeout=90s");
        await kubectl.RunAsync("wait", "--for=jsonpath={.subsets[0].addresses[0].targetRef.name}=web", "endpoints/web", "--timeout=60s");

        foreach (var path in (string[])["pods/web", "pods/http:web:8080", "services/web:site", "services/http:web:80"])
            Assert.Equal("served by the pod\n", await kubectl.RunAsync("get", "--raw", $"/api/v1/namespaces/default/{path}/proxy/index.html"));
        Assert.Contains("error trying to reach service", (await kubectl.TryAsync("get", "--raw", "/api/v1/namespaces/default/pods/web:1/proxy/")).Error, StringComparison.Ordinal);

        await using (var forward = await Background.StartAsync("kubectl", new(@"^Forwarding from 127\.0\.0\.1:(?<port>\d+)"), ["--kubeconfig", _up!.Kubeconfig, "port-forward", "service/web", ":80"]))
        {
            using var http = new HttpClient();
            Assert.Equal("served by the pod\n", await http.GetStringAsync(new Uri($"http://127.0.0.1:{forward.Match.Groups["port"].Value}/index.html")));
        }

        var run = await _up.KubectlAsync("through stdin\n", ["run", "once", "-i", "--rm", "--restart=Never", $"--image={DockerImage.Name}", "--command", "--", "cat"]);
        Assert.Contains("through stdin", run.Succeeded(), StringComparison.Ordinal);

        await kubectl.RunAsync("debug", "web", "-c", "debugger", $"--image={DockerImage.Name}", "--target=web", "--", "sh", "-c", "wget -qO- http://127.0.0.1:8080/index.html; cat /proc/1/cmdline");
        await kubectl.RunAsync("wait", "--for=jsonpath={.status.ephemeralContainerStatuses[0].state.terminated.exitCode}=0", "pod/web", "--timeout=60s");
        var seen = await kubectl.RunAsync("logs", "web", "-c", "debugger");
        Assert.Contains("served by the pod", seen, StringComparison.Ordinal);
        Assert.Contains("httpd", seen, StringComparison.Ordinal);
    }
}
