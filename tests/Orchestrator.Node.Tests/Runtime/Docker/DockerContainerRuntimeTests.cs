using System.Text;
using System.Threading.Channels;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Tests.Runtime.Docker;

public sealed class DockerContainerRuntimeTests(DockerFixture docker) : IClassFixture<DockerFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _node = $"test-{Guid.NewGuid():n}";

    private CancellationToken Token { get; } = new CancellationTokenSource(Patience).Token;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (docker.WhyNot.Length == 0)
        {
            foreach (var container in await docker.Runtime.ListContainersAsync(_node, null, default)) await docker.Runtime.RemoveContainerAsync(container.Id, default);
            foreach (var sandbox in await docker.Runtime.ListSandboxesAsync(_node, null, default)) await docker.Runtime.RemoveSandboxAsync(sandbox.Id, default);
        }
    }

    private PodIdentity Pod(long epoch = 1) => new(_node, "default", "pod", "0000-" + _node, epoch);

    private Task<SandboxState> SandboxAsync() =>
        docker.Runtime.StartSandboxAsync(new SandboxSpec { Pod = Pod(), Hostname = "my-pod" }, Token);

    private ContainerSpec Spec(params string[] command) => new()
    {
        Pod = Pod(),
        Name = "main",
        Image = DockerFixture.Image,
        Command = [.. command],
    };

    private async Task<string> RunAsync(SandboxState sandbox, ContainerSpec spec)
    {
        var id = await docker.Runtime.CreateContainerAsync(sandbox, spec, Token);
        await docker.Runtime.StartContainerAsync(id, Token);
        return id;
    }

    private async Task<ContainerState> EndAsync(string id)
    {
        while (true)
        {
            var state = await docker.Runtime.InspectContainerAsync(id, Token);
            if (state!.Phase == ContainerPhase.Exited) return state;
            await Task.Delay(20, Token);
        }
    }

    private async Task<string> LogsAsync(string id, LogQuery? query = null)
    {
        var output = new MemoryStream();
        await docker.Runtime.ReadLogsAsync(id, query ?? new LogQuery { Follow = true }, output, Token);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    [SkippableFact]
    public async Task Container_JoinsTheSandbox_SharesItsAddressAndHostname()
    {
        docker.Require();
        var sandbox = await SandboxAsync();
        Assert.True(sandbox.Running);
        Assert.NotEmpty(sandbox.Ip);

        var id = await RunAsync(sandbox, Spec("sh", "-c", "hostname; cat /etc/hosts") with { Environment = [KeyValuePair.Create("A", "b")] });
        var log = await LogsAsync(id);

        Assert.StartsWith("my-pod\n", log);
        Assert.Contains(sandbox.Ip, log);
        var listed = Assert.Single(await docker.Runtime.ListContainersAsync(_node, null, Token));
        Assert.Equal((id, "main", Pod()), (listed.Id, listed.Name, listed.Pod));
        Assert.Equal(sandbox.Id, Assert.Single(await docker.Runtime.ListSandboxesAsync(_node, null, Token)).Id);
    }

    [SkippableFact]
    public async Task Container_ThatFails_IsSeenWithItsExitCode_AndTheWatchSaysSo()
    {
        docker.Require();
        var exits = Channel.CreateUnbounded<string>();
        using var stop = new CancellationTokenSource();
        var watch = docker.Runtime.WatchExitsAsync(_node, id => exits.Writer.TryWrite(id), stop.Token);
        var sandbox = await SandboxAsync();

        var container = await RunAsync(sandbox, Spec("sh", "-c", "exit 3"));

        Assert.Equal(3, (await EndAsync(container)).ExitCode);
        Assert.Equal(container, await exits.Reader.ReadAsync(Token));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
    }

    [SkippableFact]
    public async Task Stop_OfAContainerThatIgnoresSigterm_KillsItAfterTheGrace()
    {
        docker.Require();
        var id = await RunAsync(await SandboxAsync(), Spec("sh", "-c", "trap '' TERM; while true; do sleep 1; done"));

        await docker.Runtime.StopContainerAsync(id, TimeSpan.FromSeconds(1), Token);

        Assert.Equal(137, (await EndAsync(id)).ExitCode);
    }

    [SkippableFact]
    public async Task Logs_TailTimestampsAndLimit_AreHonoured()
    {
        docker.Require();
        var id = await RunAsync(await SandboxAsync(), Spec("sh", "-c", "echo one; echo two; echo three"));
        await EndAsync(id);

        Assert.Equal("three\n", await LogsAsync(id, new LogQuery { TailLines = 1 }));
        Assert.Equal(4, (await LogsAsync(id, new LogQuery { LimitBytes = 4 })).Length);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z three\n$", await LogsAsync(id, new LogQuery { TailLines = 1, Timestamps = true }));
    }

    [SkippableFact]
    public async Task Exec_CopiesStdin_SeparatesStreams_AndReturnsTheExitCode()
    {
        docker.Require();
        var id = await RunAsync(await SandboxAsync(), Spec("sleep", "600"));
        var stdout = new MemoryStream();
        var stderr = new MemoryStream();
        var streams = new ExecStreams { Stdin = new MemoryStream("hello"u8.ToArray()), Stdout = stdout, Stderr = stderr };

        var code = await docker.Runtime.ExecAsync(id, new ExecRequest(["sh", "-c", "cat; echo bad >&2; exit 7"], Tty: false), streams, Token);

        Assert.Equal(7, code);
        Assert.Equal("hello", Encoding.UTF8.GetString(stdout.ToArray()));
        Assert.Equal("bad\n", Encoding.UTF8.GetString(stderr.ToArray()));
    }

    [SkippableFact]
    public async Task Exec_WithTerminal_FollowsItsSize()
    {
        docker.Require();
        var id = await RunAsync(await SandboxAsync(), Spec("sleep", "600"));
        var sizes = Channel.CreateUnbounded<TerminalSize>();
        sizes.Writer.TryWrite(new TerminalSize(101, 37));
        var stdout = new MemoryStream();
        var streams = new ExecStreams { Stdin = new System.IO.Pipelines.Pipe().Reader.AsStream(), Stdout = stdout, Tty = true, Resizes = sizes.Reader };

        var command = "while [ \"$(stty size)\" != '37 101' ]; do sleep 0.05; done 2>/dev/null; stty size";
        await docker.Runtime.ExecAsync(id, new ExecRequest(["sh", "-c", command], Tty: true), streams, Token);

        Assert.Equal("37 101\r\n", Encoding.UTF8.GetString(stdout.ToArray()));
    }

    [SkippableFact]
    public async Task Connect_ReachesLocalhostOfThePod()
    {
        docker.Require();
        var sandbox = await SandboxAsync();
        await RunAsync(sandbox, Spec("sh", "-c", "echo answer > /www/index.html; exec httpd -f -p 127.0.0.1:8080 -h /www"));

        Stream? stream = null;
        while (stream is null)
        {
            try
            {
                stream = await docker.Runtime.ConnectAsync(sandbox, 8080, Token);
            }
            catch (RuntimeFailureException)
            {
                await Task.Delay(50, Token); // the server is not listening yet
            }
        }
        await using (stream)
        {
            await stream.WriteAsync("GET /index.html HTTP/1.0\r\n\r\n"u8.ToArray(), Token);
            using var reader = new StreamReader(stream);
            Assert.EndsWith("answer\n", await reader.ReadToEndAsync(Token), StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task Usage_OfABusyContainer_Grows_AndOfOneThatEndedThereIsNone()
    {
        docker.Require();
        var sandbox = await SandboxAsync();
        var busy = await RunAsync(sandbox, Spec("sh", "-c", "while :; do :; done"));
        await EndAsync(await RunAsync(sandbox, Spec("true") with { Name = "ended" }));
        var idle = await RunAsync(sandbox, Spec("sleep", "600") with { Name = "idle" });

        var first = await UsageAsync(busy, static u => u.CpuSeconds > 0.1);
        Assert.InRange(first.WorkingSetBytes, 1, first.UsageBytes);
        await UsageAsync(busy, u => u.CpuSeconds > first.CpuSeconds + 0.1);
        Assert.Equal([.. new[] { busy, idle }.Order(StringComparer.Ordinal)], (await docker.Runtime.MeasureAsync(_node, Token)).Select(static u => u.ContainerId).Order(StringComparer.Ordinal));
        Assert.Empty(await docker.Runtime.MeasureAsync("another", Token));
    }

    private async Task<ContainerUsage> UsageAsync(string id, Func<ContainerUsage, bool> until)
    {
        while (true)
        {
            var usage = (await docker.Runtime.MeasureAsync(_node, Token)).SingleOrDefault(u => u.ContainerId == id);
            if (usage is not null && until(usage)) return usage;
            await Task.Delay(20, Token);
        }
    }

    [SkippableFact]
    public async Task Resources_BecomeControlGroupLimits()
    {
        docker.Require();
        var spec = Spec("sleep", "600") with
        {
            Resources = new ContainerResources { CpuShares = 512, CpuLimitMilli = 250, MemoryLimitBytes = 64 << 20, OomScoreAdj = 500 },
        };
        var id = await docker.Runtime.CreateContainerAsync(await SandboxAsync(), spec, Token);

        var host = (await docker.Client.Containers.InspectContainerAsync(id, Token)).HostConfig;
        Assert.Equal((512, 25_000, 100_000, 64 << 20, 500), (host.CPUShares, host.CPUQuota, host.CPUPeriod, host.Memory, host.OomScoreAdj));
    }

    [SkippableFact]
    public async Task Start_OfAProgramThatIsNotThere_SaysWhich()
    {
        docker.Require();
        var id = await docker.Runtime.CreateContainerAsync(await SandboxAsync(), Spec("/no/such/program"), Token);

        var failure = await Assert.ThrowsAsync<RuntimeFailureException>(() => docker.Runtime.StartContainerAsync(id, Token));

        Assert.Equal("RunContainerError", failure.Reason);
        Assert.Contains("/no/such/program", failure.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Create_WhenANewerKubeletOwnsTheContainer_IsRefused()
    {
        docker.Require();
        var sandbox = await SandboxAsync();
        var id = await docker.Runtime.CreateContainerAsync(sandbox, Spec("sleep", "1") with { Pod = Pod(epoch: 5) }, Token);

        await Assert.ThrowsAsync<RuntimeFailureException>(() => docker.Runtime.CreateContainerAsync(sandbox, Spec("sleep", "1") with { Pod = Pod(epoch: 4) }, Token));
        Assert.NotNull(await docker.Runtime.InspectContainerAsync(id, Token));
        var newer = await docker.Runtime.CreateContainerAsync(sandbox, Spec("sleep", "1") with { Pod = Pod(epoch: 6) }, Token);
        Assert.NotEqual(id, newer);
    }

    [SkippableFact]
    public async Task Pull_WithoutARegistryInReach_IsErrImagePull_AndABadNameIsInvalid()
    {
        docker.Require();
        Assert.Null(await docker.Runtime.FindImageAsync("no-such/image:1", Token));
        var pull = await Assert.ThrowsAsync<RuntimeFailureException>(() => docker.Runtime.PullImageAsync("127.0.0.1:1/no-such/image:1", null, Token));
        Assert.Equal("ErrImagePull", pull.Reason);
        var name = await Assert.ThrowsAsync<RuntimeFailureException>(() => docker.Runtime.PullImageAsync("Bad!Name", null, Token));
        Assert.Equal("InvalidImageName", name.Reason);
    }
}
