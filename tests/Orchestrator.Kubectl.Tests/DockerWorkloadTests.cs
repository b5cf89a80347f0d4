namespace Orchestrator.Kubectl.Tests;

/// <summary>Real containers on the real engine.</summary>
public sealed class DockerWorkloadTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-docker").FullName;
    private readonly string _node = $"node-{Guid.NewGuid():N}"[..12];
    private OrchestratorProcess? _up;

    public async Task InitializeAsync()
    {
        RequiredTool.Need("kubectl");
        await DockerImage.EnsureAsync();
        _up = await StartAsync();
    }

    public async Task DisposeAsync()
    {
        if (_up is not null)
        {
            await _up.KubectlAsync("delete", "deployments,jobs,pods", "--all", "--grace-period=1", "--timeout=60s");
            await _up.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    [SkippableFact]
    public async Task Deployment_RunsLogsExecsAndRestarts()
    {
        var kubectl = new Kubectl(_up!, "default");
        await kubectl.ApplyAsync($$$$$$"""
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: settings}
            data: {greeting: hello from a config map}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              replicas: 2
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  terminationGracePeriodSeconds: 1
                  initContainers:
                  - {name: init, image: "{{{{{{DockerImage.Name}}}}}}", command: [sh, -c, "echo ready > /work/ready"], volumeMounts: [{name: work, mountPath: /work}]}
                  containers:
                  - name: web
                    image: "{{{{{{DockerImage.Name}}}}}}"
                    command: [sh, -c, "cat /work/ready /etc/settings/greeting; echo; env; while :; do sleep 1; done"]
                    env:
                    - {name: GREETING, valueFrom: {configMapKeyRef: {name: settings, key: greeting}}}
                    - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
                    readinessProbe: {exec: {command: [cat, /work/ready]}, periodSeconds: 1}
                    resources: {limits: {memory: 32Mi, cpu: 200m}}
                    volumeMounts: [{name: work, mountPath: /work}, {name: settings, mountPath: /etc/settings}]
                  volumes:
                  - {name: work, emptyDir: {}}
                  - {name: settings, configMap: {name: settings}}
            """);
        await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=120s");
        var pod = (await kubectl.RunAsync("get", "pods", "-l", "app=web", "-o", "name")).Split('\n')[0];

        var log = await kubectl.RunAsync("logs", pod);
        Assert.Contains("hello from a config map", log, StringComparison.Ordinal);
        Assert.Contains("GREETING=hello from a config map", log, StringComparison.Ordinal);
        Assert.Contains($"POD_NAME={pod["pod/".Length..]}", log, StringComparison.Ordinal);
        Assert.Equal("1 2\n", await kubectl.RunAsync("exec", pod, "--", "echo", "1", "2"));
        Assert.Equal(3, (await kubectl.TryAsync("exec", pod, "--", "sh", "-c", "exit 3")).ExitCode);
        var piped = await _up!.KubectlAsync("through stdin", ["exec", "-i", pod, "--", "cat"]);
        Assert.Equal("through stdin", piped.Succeeded());

        // A container that dies is started again and counted.
        var killed = (await kubectl.FieldAsync("pod", pod["pod/".Length..], ".status.containerStatuses[0].containerID"))["docker://".Length..];
        (await Command.RunAsync("docker", ["kill", killed])).Succeeded();
        await kubectl.RunAsync("wait", "--for=jsonpath={.status.containerStatuses[0].restartCount}=1", pod, "--timeout=60s");
        await kubectl.RunAsync("wait", "--for=condition=Ready", pod, "--timeout=60s");
        Assert.Contains("hello from a config map", await kubectl.RunAsync("logs", pod, "--previous"), StringComparison.Ordinal);
        Assert.Contains("Started", await kubectl.RunAsync("describe", pod), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Job_Completes()
    {
        var kubectl = new Kubectl(_up!, "default");
        await kubectl.RunAsync("create", "job", "once", $"--image={DockerImage.Name}", "--", "sh", "-c", "echo done");

        await kubectl.RunAsync("wait", "--for=condition=Complete", "job/once", "--timeout=90s");

        Assert.Equal("done\n", await kubectl.RunAsync("logs", "job/once"));
    }

    [SkippableFact]
    public async Task MissingImage_SaysSoInTheUsualWords()
    {
        var kubectl = new Kubectl(_up!, "default");
        await kubectl.RunAsync("run", "missing", "--image=localhost:1/not/there:1");

        await kubectl.RunAsync("wait", "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ImagePullBackOff", "pod/missing", "--timeout=90s");
        Assert.Contains("ErrImagePull", await kubectl.RunAsync("describe", "pod", "missing"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task KilledAndRestarted_AdoptsItsContainersAndLosesNothing()
    {
        var kubectl = new Kubectl(_up!, "default");
        await kubectl.RunAsync("run", "stays", $"--image={DockerImage.Name}", "--command", "--", "sleep", "3600");
        await kubectl.RunAsync("wait", "--for=condition=Ready", "pod/stays", "--timeout=90s");
        var container = await kubectl.FieldAsync("pod", "stays", ".status.containerStatuses[0].containerID");

        await _up!.KillAsync();
        await _up.DisposeAsync();
        _up = await StartAsync();

        kubectl = new Kubectl(_up, "default");
        await kubectl.RunAsync("wait", "--for=condition=Ready", "pod/stays", "--timeout=90s");
        Assert.Equal(container, await kubectl.FieldAsync("pod", "stays", ".status.containerStatuses[0].containerID"));
        Assert.Equal("0", await kubectl.FieldAsync("pod", "stays", ".status.containerStatuses[0].restartCount"));
        Assert.Equal("hello\n", await kubectl.RunAsync("exec", "stays", "--", "echo", "hello"));
    }

    private Task<OrchestratorProcess> StartAsync() => OrchestratorProcess.StartAsync(
        "up", "--data", _folder, "--listen", "127.0.0.1:0", "--remoting", "127.0.0.1:0", "--runtime", "docker", "--node-name", _node);
}
