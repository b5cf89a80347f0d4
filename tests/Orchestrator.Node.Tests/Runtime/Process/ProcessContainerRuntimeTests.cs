using System.Text;
using System.Threading.Channels;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Runtime.Process;

namespace Orchestrator.Node.Tests.Runtime.Process;

#pragma warning disable CA1001 // disposed by IAsyncLifetime
public sealed class ProcessContainerRuntimeTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private const string Node = "node";
    private static readonly PodIdentity Pod = new(Node, "default", "pod", "uid", 1);

    private readonly string _root = Directory.CreateTempSubdirectory("process-runtime").FullName;
    private ProcessContainerRuntime _runtime = null!;

    private CancellationToken Token { get; } = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    public Task InitializeAsync()
    {
        _runtime = new ProcessContainerRuntime(_root, TimeProvider.System);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        foreach (var container in await _runtime.ListContainersAsync(Node, null, default)) await _runtime.RemoveContainerAsync(container.Id, default);
        _runtime.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private static ContainerSpec Spec(params string[] command) => new() { Pod = Pod, Name = "main", Image = "any", Command = [.. command] };

    private async Task<string> RunAsync(ContainerSpec spec)
    {
        var sandbox = await _runtime.StartSandboxAsync(new SandboxSpec { Pod = Pod, Hostname = "pod" }, Token);
        var id = await _runtime.CreateContainerAsync(sandbox, spec, Token);
        await _runtime.StartContainerAsync(id, Token);
        return id;
    }

    private async Task<ContainerState> EndAsync(string id)
    {
        while (true)
        {
            var state = await _runtime.InspectContainerAsync(id, Token);
            if (state!.Phase == ContainerPhase.Exited) return state;
            await Task.Delay(20, Token);
        }
    }

    private async Task<string> LogsAsync(string id, LogQuery query)
    {
        var output = new MemoryStream();
        await _runtime.ReadLogsAsync(id, query, output, Token);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    [Fact]
    public async Task Container_RunsWithItsEnvironment_LogsAndEndsWithItsCode()
    {
        var exits = Channel.CreateUnbounded<string>();
        using var stop = new CancellationTokenSource();
        var watch = _runtime.WatchExitsAsync(Node, id => exits.Writer.TryWrite(id), stop.Token);
        var id = await RunAsync(Spec("sh", "-c", "echo $A; echo err >&2; pwd; exit 5") with
        {
            Environment = [KeyValuePair.Create("A", "b c")],
            WorkingDirectory = "/tmp",
        });

        Assert.Equal(5, (await EndAsync(id)).ExitCode);
        Assert.Equal(id, await exits.Reader.ReadAsync(Token));
        Assert.Equal("b c\nerr\n/tmp\n", await LogsAsync(id, new LogQuery()));
        Assert.Equal("/tmp\n", await LogsAsync(id, new LogQuery { TailLines = 1 }));
        Assert.Matches("^\\d{4}-.*Z b c\n", await LogsAsync(id, new LogQuery { Timestamps = true }));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
    }

    [Fact]
    public async Task Stop_SendsSigterm_AndTheCommandMayEndByItself()
    {
        var id = await RunAsync(Spec("sh", "-c", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"));
        while (await LogsAsync(id, new LogQuery()) != "up\n") await Task.Delay(10, Token);

        await _runtime.StopContainerAsync(id, TimeSpan.FromSeconds(30), Token);

        Assert.Equal(0, (await EndAsync(id)).ExitCode);
        Assert.EndsWith("bye\n", await LogsAsync(id, new LogQuery()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_OfWhatIgnoresSigterm_KillsItAndItsChildren()
    {
        var id = await RunAsync(Spec("sh", "-c", "trap '' TERM; sleep 1000 & echo $!; while :; do sleep 0.05; done"));
        string log;
        while (!(log = await LogsAsync(id, new LogQuery())).EndsWith('\n')) await Task.Delay(10, Token);

        await _runtime.StopContainerAsync(id, TimeSpan.FromMilliseconds(300), Token);

        Assert.Equal(137, (await EndAsync(id)).ExitCode);
        while (Directory.Exists($"/proc/{log.Trim()}") && !(await File.ReadAllTextAsync($"/proc/{log.Trim()}/stat", Token)).Contains(") Z", StringComparison.Ordinal))
            await Task.Delay(10, Token);
    }

    private async Task<ContainerUsage> UsageAsync(string id, Func<ContainerUsage, bool> until)
    {
        while (true)
        {
            var usage = (await _runtime.MeasureAsync(Node, Token)).SingleOrDefault(u => u.ContainerId == id);
            if (usage is not null && until(usage)) return usage;
            await Task.Delay(20, Token);
        }
    }

    [Fact]
    public async Task Usage_OfABusyLoop_Grows()
    {
        var busy = await RunAsync(Spec("sh", "-c", "while :; do :; done"));
        var idle = await RunAsync(Spec("sleep", "600"));

        var first = await UsageAsync(busy, static u => u.CpuSeconds > 0.1);
        Assert.InRange(first.WorkingSetBytes, 1, first.UsageBytes);
        await UsageAsync(busy, u => u.CpuSeconds > first.CpuSeconds + 0.1);
        Assert.InRange((await UsageAsync(idle, static _ => true)).CpuSeconds, 0, 1);
        Assert.Empty(await _runtime.MeasureAsync("another", Token));

        await _runtime.StopContainerAsync(busy, TimeSpan.Zero, Token);
        Assert.Equal(idle, Assert.Single(await _runtime.MeasureAsync(Node, Token)).ContainerId);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Usage_CountsCommandsThatRunInTheContainer_AndTheyEndWithIt(bool tty)
    {
        var id = await RunAsync(Spec("sleep", "600"));
        var exec = _runtime.ExecAsync(id, new ExecRequest(["sh", "-c", "while :; do :; done"], tty), new ExecStreams { Stdout = Stream.Null, Tty = tty }, Token);
        var usage = await UsageAsync(id, static u => u.CpuSeconds > 0.3);
        await _runtime.StopContainerAsync(id, TimeSpan.Zero, Token);
        await EndAsync(id);
        Assert.Equal(137, await exec.WaitAsync(Token));
        Assert.True(usage.WorkingSetBytes > 0);
    }

    [Fact]
    public async Task Usage_KeepsWhatACommandUsed_AndCountsWhatItLeftRunning()
    {
        var id = await RunAsync(Spec("sleep", "600"));
        await _runtime.ExecAsync(id, new ExecRequest(["sh", "-c", "sh -c 'while :; do :; done' >/dev/null 2>&1 &"], Tty: false), new ExecStreams { Stdout = Stream.Null }, Token);
        var usage = await UsageAsync(id, static u => u.CpuSeconds > 0.3);
        await _runtime.StopContainerAsync(id, TimeSpan.Zero, Token);
        await EndAsync(id);
        Assert.True(usage.CpuSeconds > 0.3);
    }

    [Fact]
    public async Task Usage_CountsChildrenThatHaveEnded_AndTerminals()
    {
        var many = await RunAsync(Spec("sh", "-c", "while :; do sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'; done"));
        var terminal = await RunAsync(Spec("sh", "-c", "while :; do :; done") with { Tty = true });

        await UsageAsync(many, static u => u.CpuSeconds > 0.3); // more than one of them takes
        await UsageAsync(terminal, static u => u.CpuSeconds > 0.3);
    }

    [Fact]
    public async Task Inspect_AtTheMomentOfTheEnd_KnowsTheCode()
    {
        for (var i = 0; i < 40; i++)
        {
            var id = await RunAsync(Spec("sh", "-c", "exit 5"));

            ContainerState? state;
            do state = await _runtime.InspectContainerAsync(id, Token);
            while (state!.Phase == ContainerPhase.Running);

            Assert.Equal((ContainerPhase.Exited, 5), (state.Phase, state.ExitCode));
        }
    }

    [Fact]
    public async Task Remove_OfATerminal_EndsWhatIgnoresItsHangup()
    {
        var file = Path.Combine(_root, "pid");
        var id = await RunAsync(Spec("sh", "-c", $"trap '' HUP; echo $$ > {file}.new; mv {file}.new {file}; while :; do sleep 0.05; done") with { Tty = true });
        while (!File.Exists(file)) await Task.Delay(20, Token);
        var pid = (await File.ReadAllTextAsync(file, Token)).Trim();

        await _runtime.RemoveContainerAsync(id, Token);

        while (Directory.Exists($"/proc/{pid}")) await Task.Delay(20, Token);
    }

    [Fact]
    public async Task NewRuntime_FindsWhatRuns_AndSeesItEnd()
    {
        var id = await RunAsync(Spec("sh", "-c", "while [ ! -e end ]; do sleep 0.05; done; exit 4") with { WorkingDirectory = _root });
        _runtime.Dispose();
        _runtime = new ProcessContainerRuntime(_root, TimeProvider.System);

        var adopted = Assert.Single(await _runtime.ListContainersAsync(Node, null, Token));
        Assert.Equal((id, ContainerPhase.Running, "main"), (adopted.Id, adopted.Phase, adopted.Name));
        await File.WriteAllTextAsync(Path.Combine(_root, "end"), "", Token);

        Assert.Equal(4, (await EndAsync(id)).ExitCode);
    }

    [Fact]
    public async Task SandboxOfWhichTheFileWasCutShort_IsNone()
    {
        var sandbox = await _runtime.StartSandboxAsync(new SandboxSpec { Pod = Pod, Hostname = "pod" }, Token);
        await File.WriteAllTextAsync(Directory.EnumerateFiles(_root, sandbox.Id, SearchOption.AllDirectories).Single(), "", Token);
        var whole = await _runtime.StartSandboxAsync(new SandboxSpec { Pod = Pod, Hostname = "pod" }, Token);

        Assert.Equal(whole.Id, Assert.Single(await _runtime.ListSandboxesAsync(Node, null, Token)).Id);
    }

    [Fact]
    public async Task Create_WithoutACommand_SaysThatOneIsNeeded()
    {
        var failure = await Assert.ThrowsAsync<RuntimeFailureException>(() => RunAsync(Spec()));
        Assert.Equal("CreateContainerError", failure.Reason); // not of its image, which was told to be there
        Assert.Contains("needs a command", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_CopiesStdinAndReturnsTheCode()
    {
        var id = await RunAsync(Spec("sleep", "1000"));
        var (stdout, stderr) = (new MemoryStream(), new MemoryStream());
        var streams = new ExecStreams { Stdin = new MemoryStream("hello"u8.ToArray()), Stdout = stdout, Stderr = stderr };

        var code = await _runtime.ExecAsync(id, new ExecRequest(["sh", "-c", "cat; echo bad >&2; exit 7"], Tty: false), streams, Token);

        Assert.Equal((7, "hello", "bad\n"), (code, Encoding.UTF8.GetString(stdout.ToArray()), Encoding.UTF8.GetString(stderr.ToArray())));
    }

    [Fact]
    public async Task Exec_WithTerminal_HasOneAndFollowsItsSize()
    {
        var id = await RunAsync(Spec("sleep", "1000"));
        var sizes = Channel.CreateUnbounded<TerminalSize>();
        sizes.Writer.TryWrite(new TerminalSize(101, 37));
        var stdout = new MemoryStream();
        var streams = new ExecStreams { Stdin = new System.IO.Pipelines.Pipe().Reader.AsStream(), Stdout = stdout, Tty = true, Resizes = sizes.Reader };

        var command = "while [ \"$(stty size)\" != '37 101' ]; do sleep 0.05; done 2>/dev/null; stty size; test -t 0; exit $?";
        var code = await _runtime.ExecAsync(id, new ExecRequest(["sh", "-c", command], Tty: true), streams, Token);

        Assert.Equal((0, "37 101\r\n"), (code, Encoding.UTF8.GetString(stdout.ToArray())));
    }
}
