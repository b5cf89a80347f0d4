using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;

namespace Orchestrator.Node.Runtime.Process;

/// <summary>Runs containers as processes of the machine, where there is no container engine. No isolation: for development and trusted work.</summary>
/// <remarks>
/// Each container has a directory. A shell of a few lines leads its session, runs the command with the log as its output, and
/// writes the exit code to a file when it ends. So containers outlive the kubelet, and one that starts anew finds in the
/// directories which still run and how the others ended. Images are not used, so a container needs a <c>command</c>.
/// </remarks>
public sealed class ProcessContainerRuntime : IContainerRuntime, IDisposable
{
    private static readonly TimeSpan AdoptedCheck = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ShellPatience = TimeSpan.FromSeconds(2);

    private const string Unfinished = ".tmp";

    private readonly string _root;
    private readonly TimeProvider _clock;
    private readonly FileSystemWatcher _watcher;
    private readonly ProcessMeasure _measure = new();
    private readonly ExecSessions _commands;
    private readonly ConcurrentDictionary<string, Action<string>> _watchers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, System.Diagnostics.Process> _children = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _pulses = new(StringComparer.Ordinal);

    public ProcessContainerRuntime(string root, TimeProvider clock)
    {
        _root = Path.Combine(Path.GetFullPath(root), "processes");
        _clock = clock;
        _commands = new ExecSessions(_measure);
        Directory.CreateDirectory(Path.Combine(_root, "sandboxes"));
        _watcher = new FileSystemWatcher(_root) { IncludeSubdirectories = true, NotifyFilter = NotifyFilters.FileName | NotifyFilters.Size | NotifyFilters.LastWrite };
        _watcher.Changed += (_, e) => OnFile(e.FullPath);
        _watcher.Renamed += (_, e) => OnFile(e.FullPath);
        _watcher.Created += (_, e) => OnFile(e.FullPath);
        _watcher.EnableRaisingEvents = true;
    }

    public string Name => "process";

    public bool Simulated => false;

    public void Dispose()
    {
        _watcher.Dispose();
        foreach (var child in _children.Values) child.Dispose(); // lets go of them; they run on
    }

    public Task<string> GetVersionAsync(CancellationToken cancellationToken) => Task.FromResult("1.0.0");

    private string DirectoryOf(string id) => Path.Combine(_root, id);

    private string SandboxFile(string id) => Path.Combine(_root, "sandboxes", id);

    private static string NewId() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));

    public Task<SandboxState> StartSandboxAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        var sandbox = new SandboxState(NewId(), spec.Pod, Running: true, Ip: "", spec.Attempt, HostNetwork: true);
        // Whole or not at all: a listing may come in between, or the machine may stop.
        File.WriteAllText(SandboxFile(sandbox.Id) + Unfinished, JsonSerializer.Serialize(sandbox));
        File.Move(SandboxFile(sandbox.Id) + Unfinished, SandboxFile(sandbox.Id));
        return Task.FromResult(sandbox);
    }

    public Task RemoveSandboxAsync(string sandboxId, CancellationToken cancellationToken)
    {
        File.Delete(SandboxFile(sandboxId));
        return Task.CompletedTask;
    }

    public Task<ImmutableArray<SandboxState>> ListSandboxesAsync(string nodeName, string? podUid, CancellationToken cancellationToken) =>
        Task.FromResult(Directory.EnumerateFiles(Path.Combine(_root, "sandboxes"))
            .Where(static f => !f.EndsWith(Unfinished, StringComparison.Ordinal))
            .Select(ReadSandbox).OfType<SandboxState>()
            .Where(s => s.Pod.NodeName == nodeName && (podUid is null || s.Pod.Uid == podUid))
            .ToImmutableArray());

    /// <summary>Null when it has just been removed, or was cut short: nothing runs by it, so that nothing is lost with it.</summary>
    private static SandboxState? ReadSandbox(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<SandboxState>(File.ReadAllText(file));
        }
        catch (Exception e) when (e is FileNotFoundException or JsonException)
        {
            return null;
        }
    }

    public Task<ImmutableArray<ContainerState>> ListContainersAsync(string nodeName, string? podUid, CancellationToken cancellationToken) =>
        Task.FromResult(Directory.EnumerateDirectories(_root)
            .Select(d => ProcessRecord.Inspect(d))
            .OfType<ContainerState>()
            .Where(c => c.Pod.NodeName == nodeName && (podUid is null || c.Pod.Uid == podUid))
            .ToImmutableArray());

    // Nothing of an image is used, so every name will do; a missing command is told at creation, where the spec is known.
    public Task<ImageState?> FindImageAsync(string image, CancellationToken cancellationToken) =>
        Task.FromResult<ImageState?>(new ImageState(image, [image], 0));

    public Task<ImageState> PullImageAsync(string image, RegistryCredential? credential, CancellationToken cancellationToken) =>
        Task.FromResult(new ImageState(image, [image], 0));

    public Task<ImmutableArray<ImageState>> ListImagesAsync(CancellationToken cancellationToken) => Task.FromResult(ImmutableArray<ImageState>.Empty);

    public Task<string> CreateContainerAsync(SandboxState sandbox, ContainerSpec spec, CancellationToken cancellationToken)
    {
        if (spec.Command.IsEmpty && spec.Args.IsEmpty)
            throw new RuntimeFailureException("CreateContainerError",
                $"no command specified: this node runs containers as processes of the machine, without their images, so container \"{spec.Name}\" needs a command");
        var id = NewId();
        ProcessRecord.Write(DirectoryOf(id), new ProcessRecord(id, spec));
        return Task.FromResult(id);
    }

    public Task StartContainerAsync(string containerId, CancellationToken cancellationToken)
    {
        var directory = DirectoryOf(containerId);
        var record = ProcessRecord.Read(directory) ?? throw NoSuchContainer(containerId);
        var start = ContainerShell.Start(directory, record.Spec);
        var process = System.Diagnostics.Process.Start(start) ?? throw new RuntimeFailureException("RunContainerError", "the process did not start");
        _children[containerId] = process;
        process.Exited += (_, _) =>
        {
            if (_children.TryRemove(containerId, out var child)) child.Dispose();
            Announce(containerId);
        };
        process.EnableRaisingEvents = true; // last: it says at once of one that has ended already
        // Written by us as well, so that a listing in the next moment does not find the container without a process.
        ProcessRecord.WritePid(directory, process.Id);
        return Task.CompletedTask;
    }

    public async Task StopContainerAsync(string containerId, TimeSpan grace, CancellationToken cancellationToken)
    {
        var directory = DirectoryOf(containerId);
        if (ProcessRecord.Inspect(directory) is not { Phase: ContainerPhase.Running } || ProcessRecord.RunningPid(directory) is not { } leader) return;
        if (grace > TimeSpan.Zero)
        {
            ProcessSession.Signal(leader, ProcessSession.Terminate);
            if (await EndsWithinAsync(containerId, grace, cancellationToken).ConfigureAwait(false)) return;
        }
        ProcessSession.KillAllBut(leader);
        if (await EndsWithinAsync(containerId, ShellPatience, cancellationToken).ConfigureAwait(false)) return;
        ProcessSession.Kill(leader);
        await EndsWithinAsync(containerId, ShellPatience, cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> EndsWithinAsync(string containerId, TimeSpan time, CancellationToken cancellationToken)
    {
        var from = _clock.GetTimestamp();
        while (true)
        {
            var pulse = Pulse(containerId);
            if (ProcessRecord.Inspect(DirectoryOf(containerId)) is not { Phase: ContainerPhase.Running }) return true;
            var left = time - _clock.GetElapsedTime(from);
            if (left <= TimeSpan.Zero) return false;
            await WaitAsync(pulse, left < AdoptedCheck ? left : AdoptedCheck, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task RemoveContainerAsync(string containerId, CancellationToken cancellationToken)
    {
        await StopContainerAsync(containerId, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
        if (Directory.Exists(DirectoryOf(containerId))) Directory.Delete(DirectoryOf(containerId), recursive: true);
        _pulses.TryRemove(containerId, out _);
        _measure.Forget(containerId);
    }

    public Task<ContainerState?> InspectContainerAsync(string containerId, CancellationToken cancellationToken) =>
        Task.FromResult(ProcessRecord.Inspect(DirectoryOf(containerId)));

    public Task<ImmutableArray<ContainerUsage>> MeasureAsync(string nodeName, CancellationToken cancellationToken)
    {
        var leaders = new Dictionary<int, string>();
        foreach (var directory in Directory.EnumerateDirectories(_root))
        {
            if (ProcessRecord.Inspect(directory) is { Phase: ContainerPhase.Running } c && c.Pod.NodeName == nodeName && ProcessRecord.RunningPid(directory) is { } pid)
                leaders[pid] = c.Id;
        }
        if (leaders.Count == 0) return Task.FromResult(ImmutableArray<ContainerUsage>.Empty);
        var table = ProcessTable.Read();
        return Task.FromResult(_measure.Measure(leaders, _commands.Owners(table), table, ProcessTable.MemoryOf));
    }

    public async Task WatchExitsAsync(string nodeName, Action<string> exited, CancellationToken cancellationToken)
    {
        _watchers[nodeName] = exited;
        var adopted = Directory.EnumerateDirectories(_root)
            .Where(d => ProcessRecord.Inspect(d) is { Phase: ContainerPhase.Running } c && c.Pod.NodeName == nodeName)
            .Select(d => Path.GetFileName(d)!).Where(id => !_children.ContainsKey(id)).ToList();
        using var timer = new PeriodicTimer(AdoptedCheck, _clock);
        try
        {
            // The system tells us of the end of our own children only; what an earlier kubelet started is looked at.
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
                adopted.RemoveAll(id =>
                {
                    if (ProcessRecord.Inspect(DirectoryOf(id)) is { Phase: ContainerPhase.Running }) return false;
                    Announce(id);
                    return true;
                });
        }
        finally
        {
            _watchers.TryRemove(KeyValuePair.Create(nodeName, exited));
        }
    }

    private void OnFile(string path)
    {
        var directory = Path.GetDirectoryName(path)!;
        var id = Path.GetFileName(directory);
        switch (Path.GetFileName(path))
        {
            case ProcessRecord.ExitFile:
                Announce(id);
                break;
            case ProcessRecord.LogFile:
                ProcessLog.NoteTime(directory, _clock.GetUtcNow());
                Beat(id);
                break;
        }
    }

    private void Announce(string containerId)
    {
        Beat(containerId);
        _commands.Kill(containerId);
        if (ProcessRecord.Read(DirectoryOf(containerId)) is { } record && _watchers.TryGetValue(record.Spec.Pod.NodeName, out var exited)) exited(containerId);
    }

    private Task Pulse(string id) => _pulses.GetOrAdd(id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private void Beat(string id)
    {
        if (_pulses.TryRemove(id, out var pulse)) pulse.TrySetResult();
    }

    private async Task WaitAsync(Task pulse, TimeSpan most, CancellationToken cancellationToken)
    {
        try
        {
            await pulse.WaitAsync(most, _clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The caller looks for itself.
        }
    }

    public async Task ReadLogsAsync(string containerId, LogQuery query, Stream output, CancellationToken cancellationToken)
    {
        var directory = DirectoryOf(containerId);
        if (!Directory.Exists(directory)) throw NoSuchContainer(containerId);
        await FollowAsync(containerId, new ProcessLog(directory, query), query.Follow, output, cancellationToken).ConfigureAwait(false);
    }

    private async Task FollowAsync(string containerId, ProcessLog reader, bool follow, Stream output, CancellationToken cancellationToken)
    {
        var directory = DirectoryOf(containerId);
        while (true)
        {
            var pulse = Pulse(containerId);
            var running = ProcessRecord.Inspect(directory) is { Phase: not ContainerPhase.Exited };
            var more = await reader.CopyAsync(output, atEnd: !running || !follow, cancellationToken).ConfigureAwait(false);
            if (!more || !follow || !running) return;
            await WaitAsync(pulse, AdoptedCheck, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task<int> ExecAsync(string containerId, ExecRequest request, ExecStreams streams, CancellationToken cancellationToken)
    {
        var directory = DirectoryOf(containerId);
        var record = ProcessRecord.Read(directory);
        if (record is null || ProcessRecord.RunningPid(directory) is not { } leader) throw NoSuchContainer(containerId);
        var command = ContainerShell.Enter(record.Spec, leader, request.Command);
        using var session = _commands.Enter(containerId);
        return request.Tty
            ? await TerminalProcess.RunAsync(command, record.Spec, streams, session, cancellationToken).ConfigureAwait(false)
            : await PipedProcess.RunAsync(command, record.Spec, streams, session, cancellationToken).ConfigureAwait(false);
    }

    public async Task AttachAsync(string containerId, ExecStreams streams, CancellationToken cancellationToken)
    {
        var directory = DirectoryOf(containerId);
        var record = ProcessRecord.Read(directory) ?? throw NoSuchContainer(containerId);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var log = new ProcessLog(directory, new LogQuery { Follow = true, TailLines = 0 });
        log.Begin(); // before the first input, whose answer must not be missed
        var attached = record.Spec.Stdin && streams.Stdin is not null && ProcessRecord.RunningPid(directory) is not null;
        var input = Task.CompletedTask;
        var sizes = streams.Resizes is { } resizes ? ResizeAsync(directory, resizes, ended.Token) : Task.CompletedTask;
        try
        {
            if (attached) input = SendInputAsync(directory, record.Spec, streams.Stdin!, ended.Token);
            await FollowAsync(containerId, log, follow: true, streams.Stdout ?? Stream.Null, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(input, sizes).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task SendInputAsync(string directory, ContainerSpec spec, Stream stdin, CancellationToken cancellationToken)
    {
        try
        {
            var pipe = new FileStream(Path.Combine(directory, ContainerShell.StdinFile), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            await CopyAndDisposeAsync(stdin, pipe, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // The first client that had the input was the only one: the process sees its end.
            if (spec.StdinOnce) ContainerShell.EndInput(directory);
        }
    }

    private static async Task ResizeAsync(string directory, ChannelReader<TerminalSize> resizes, CancellationToken cancellationToken)
    {
        await foreach (var size in resizes.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            if (ProcessRecord.RunningPid(directory) is { } leader) TerminalProcess.Resize(leader, size);
    }

    private static async Task CopyAndDisposeAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        await using (to.ConfigureAwait(false))
        {
            var buffer = new byte[4096];
            while (await from.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                await to.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async Task<Stream> ConnectAsync(SandboxState sandbox, int port, CancellationToken cancellationToken)
    {
        var client = new TcpClient();
        try
        {
            await client.ConnectAsync("localhost", port, cancellationToken).ConfigureAwait(false);
            return client.GetStream();
        }
        catch (SocketException e)
        {
            client.Dispose();
            throw new RuntimeFailureException("PortForwardError",
                string.Create(CultureInfo.InvariantCulture, $"failed to connect to localhost:{port}: {e.Message}"), e);
        }
    }

    private static RuntimeFailureException NoSuchContainer(string id) => new("ContainerNotFound", $"no running container {id}");
}
