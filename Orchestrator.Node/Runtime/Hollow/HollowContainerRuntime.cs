using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Orchestrator.Node.Runtime.Hollow;

/// <summary>Simulates containers: they start at once, run until stopped, and cost one record each.</summary>
/// <remarks>
/// One instance serves any number of nodes of a process. A container whose first argument is <c>exit</c> ends at once
/// with the code that follows, so that jobs and crash loops can be simulated too. Streams can be simulated as well: a log is one line,
/// an attached client sees it and stays until the container ends, a few commands work (<see cref="HollowCommand"/>), and ports echo.
/// </remarks>
public sealed class HollowContainerRuntime(TimeProvider clock) : IContainerRuntime
{
    /// <summary>How a program ends that does not listen to the stop signal: it has not done what it was to do.</summary>
    private const int Terminated = 128 + 15;

    private static readonly byte[] Banner = "simulated container: no process runs here\n"u8.ToArray();

    private readonly ConcurrentDictionary<string, SandboxState> _sandboxes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, HollowContainer> _containers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Action<string>> _watchers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _ends = new(StringComparer.Ordinal);
    private int _addresses;
    private long _ids;

    private sealed record HollowContainer(ContainerState State, int? ExitsWith);

    public string Name => "hollow";

    public bool Simulated => true;

    public Task<string> GetVersionAsync(CancellationToken cancellationToken) => Task.FromResult("1.0.0");

    public Task<ImmutableArray<SandboxState>> ListSandboxesAsync(string nodeName, string? podUid, CancellationToken cancellationToken) =>
        Task.FromResult(_sandboxes.Values.Where(s => podUid is null ? s.Pod.NodeName == nodeName : s.Pod.Uid == podUid).ToImmutableArray());

    public Task<ImmutableArray<ContainerState>> ListContainersAsync(string nodeName, string? podUid, CancellationToken cancellationToken) =>
        Task.FromResult(_containers.Values.Where(c => podUid is null ? c.State.Pod.NodeName == nodeName : c.State.Pod.Uid == podUid).Select(c => c.State).ToImmutableArray());

    public Task<SandboxState> StartSandboxAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        // 10.0.0.0/8 without its first 65,536 addresses, which clusters like to use for services.
        var number = (uint)Interlocked.Increment(ref _addresses) % 0xFE_FFFF + 0x1_0000;
        var ip = spec.HostNetwork ? "" : string.Create(CultureInfo.InvariantCulture, $"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}");
        var sandbox = new SandboxState(NewId(), spec.Pod, Running: true, ip, spec.Attempt, spec.HostNetwork);
        _sandboxes[sandbox.Id] = sandbox;
        return Task.FromResult(sandbox);
    }

    public Task RemoveSandboxAsync(string sandboxId, CancellationToken cancellationToken)
    {
        _sandboxes.TryRemove(sandboxId, out _);
        return Task.CompletedTask;
    }

    public Task<ImageState?> FindImageAsync(string image, CancellationToken cancellationToken) =>
        Task.FromResult<ImageState?>(new ImageState($"sha256:hollow-{image}", [image], 0));

    public Task<ImageState> PullImageAsync(string image, RegistryCredential? credential, CancellationToken cancellationToken) =>
        Task.FromResult(new ImageState($"sha256:hollow-{image}", [image], 0));

    public Task<ImmutableArray<ImageState>> ListImagesAsync(CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<ImageState>.Empty);

    public Task<string> CreateContainerAsync(SandboxState sandbox, ContainerSpec spec, CancellationToken cancellationToken)
    {
        var state = new ContainerState
        {
            Id = NewId(),
            Pod = spec.Pod,
            Name = spec.Name,
            Attempt = spec.Attempt,
            Phase = ContainerPhase.Created,
            Image = spec.Image,
            ImageId = spec.ImageId,
        };
        _containers[state.Id] = new HollowContainer(state, ExitCodeOf(spec));
        return Task.FromResult(state.Id);
    }

    public Task StartContainerAsync(string containerId, CancellationToken cancellationToken)
    {
        if (!_containers.TryGetValue(containerId, out var container)) throw NoSuchContainer(containerId);
        var running = container with { State = container.State with { Phase = ContainerPhase.Running, StartedAt = clock.GetUtcNow() } };
        _containers[containerId] = running;
        if (running.ExitsWith is { } code) Exit(containerId, code);
        return Task.CompletedTask;
    }

    public Task StopContainerAsync(string containerId, TimeSpan grace, CancellationToken cancellationToken)
    {
        Exit(containerId, Terminated);
        return Task.CompletedTask;
    }

    public Task RemoveContainerAsync(string containerId, CancellationToken cancellationToken)
    {
        _containers.TryRemove(containerId, out _);
        if (_ends.TryRemove(containerId, out var ended)) ended.TrySetResult();
        return Task.CompletedTask;
    }

    public Task<ContainerState?> InspectContainerAsync(string containerId, CancellationToken cancellationToken) =>
        Task.FromResult(_containers.TryGetValue(containerId, out var container) ? container.State : null);

    /// <summary>Nothing runs, so nothing is used.</summary>
    public Task<ImmutableArray<ContainerUsage>> MeasureAsync(string nodeName, CancellationToken cancellationToken) =>
        Task.FromResult(_containers.Values.Where(c => c.State.Phase == ContainerPhase.Running && c.State.Pod.NodeName == nodeName)
            .Select(static c => new ContainerUsage(c.State.Id, 0, 0, 0)).ToImmutableArray());

    public async Task WatchExitsAsync(string nodeName, Action<string> exited, CancellationToken cancellationToken)
    {
        _watchers[nodeName] = exited;
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(() => ended.TrySetResult()).ConfigureAwait(false);
        await ended.Task.ConfigureAwait(false);
        _watchers.TryRemove(KeyValuePair.Create(nodeName, exited));
    }

    public async Task ReadLogsAsync(string containerId, LogQuery query, Stream output, CancellationToken cancellationToken)
    {
        if (!_containers.TryGetValue(containerId, out var container)) throw NoSuchContainer(containerId);
        if (query.TailLines is not 0) await WriteBannerAsync(container, query, output, cancellationToken).ConfigureAwait(false);
        if (query.Follow) await UntilExitAsync(containerId, cancellationToken).ConfigureAwait(false);
    }

    private static async Task WriteBannerAsync(HollowContainer container, LogQuery query, Stream output, CancellationToken cancellationToken)
    {
        var prefix = query.Timestamps ? $"{container.State.StartedAt:yyyy-MM-ddTHH:mm:ss.fffffffZ} " : "";
        byte[] line = [.. Encoding.ASCII.GetBytes(prefix), .. Banner];
        var length = (int)Math.Min(line.Length, query.LimitBytes ?? line.Length);
        await output.WriteAsync(line.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task<int> ExecAsync(string containerId, ExecRequest request, ExecStreams streams, CancellationToken cancellationToken)
    {
        if (!_containers.TryGetValue(containerId, out var container) || container.State.Phase != ContainerPhase.Running)
            throw NoSuchContainer(containerId);
        return await HollowCommand.RunAsync(container.State, request, streams, cancellationToken).ConfigureAwait(false);
    }

    public Task AttachAsync(string containerId, ExecStreams streams, CancellationToken cancellationToken) =>
        streams.Stdout is { } output ? ReadLogsAsync(containerId, new LogQuery { Follow = true }, output, cancellationToken) : UntilExitAsync(containerId, cancellationToken);

    /// <summary>Every port of a simulated pod sends back what it is sent.</summary>
    public Task<Stream> ConnectAsync(SandboxState sandbox, int port, CancellationToken cancellationToken) => Task.FromResult(HollowCommand.Echo());

    private async Task UntilExitAsync(string containerId, CancellationToken cancellationToken)
    {
        var ended = _ends.GetOrAdd(containerId, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        // It may have ended just before somebody waited for it.
        if (!_containers.TryGetValue(containerId, out var container) || container.State.Phase == ContainerPhase.Exited) _ends.TryRemove(containerId, out _);
        else await ended.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private void Exit(string containerId, int code)
    {
        if (!_containers.TryGetValue(containerId, out var container) || container.State.Phase == ContainerPhase.Exited) return;
        _containers[containerId] = container with
        {
            State = container.State with { Phase = ContainerPhase.Exited, ExitCode = code, FinishedAt = clock.GetUtcNow() },
        };
        if (_ends.TryRemove(containerId, out var ended)) ended.TrySetResult();
        if (_watchers.TryGetValue(container.State.Pod.NodeName, out var exited)) exited(containerId);
    }

    private static int? ExitCodeOf(ContainerSpec spec)
    {
        var words = spec.Command.AddRange(spec.Args);
        if (words.Length == 0 || words[0] != "exit") return null;
        return words.Length > 1 && int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : 0;
    }

    private static RuntimeFailureException NoSuchContainer(string id) => new("ContainerNotFound", $"no simulated container {id}");

    private string NewId() => Interlocked.Increment(ref _ids).ToString("x64", CultureInfo.InvariantCulture);
}
