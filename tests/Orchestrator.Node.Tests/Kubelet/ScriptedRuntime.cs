using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Runtime.Hollow;

namespace Orchestrator.Node.Tests.Kubelet;

/// <summary>A runtime that simulates containers and passes for one that does not, so that hooks, probes and volumes are taken seriously.</summary>
internal sealed class ScriptedRuntime(TimeProvider clock) : IContainerRuntime
{
    private readonly HollowContainerRuntime _hollow = new(clock);

    public string Name => "scripted";

    public bool Simulated => false;

    /// <summary>What a command in a container does.</summary>
    public Func<ExecRequest, CancellationToken, Task<int>> OnExec { get; set; } = (_, _) => Task.FromResult(0);

    /// <summary>Called after a container has started, with its id.</summary>
    public Func<string, Task> OnStarted { get; set; } = _ => Task.CompletedTask;

    /// <summary>Called before a container is looked at.</summary>
    public Action OnInspect { get; set; } = () => { };

    /// <summary>Called before a sandbox is removed.</summary>
    public Action OnRemoveSandbox { get; set; } = () => { };

    /// <summary>Called when all containers have been listed, before the list is handed out.</summary>
    public Func<ImmutableArray<ContainerState>, Task> OnListed { get; set; } = _ => Task.CompletedTask;

    /// <summary>Called before the images are listed.</summary>
    public Func<CancellationToken, Task> OnListImages { get; set; } = _ => Task.CompletedTask;

    /// <summary>Called before a container is removed, with its id.</summary>
    public Action<string> OnRemove { get; set; } = _ => { };

    /// <summary>What every container has written.</summary>
    public string Log { get; set; } = "";

    /// <summary>The containers that were stopped, and the grace that each got.</summary>
    public ConcurrentQueue<(string Id, TimeSpan Grace)> Stops { get; } = new();

    /// <summary>When a container is asked to stop it goes on until this is done.</summary>
    public Task StopsWhen { get; set; } = Task.CompletedTask;

    /// <summary>A container ends by itself.</summary>
    public Task EndAsync(string id) => _hollow.StopContainerAsync(id, TimeSpan.Zero, default);

    public Task<string> GetVersionAsync(CancellationToken cancellationToken) => _hollow.GetVersionAsync(cancellationToken);

    public Task<ImmutableArray<SandboxState>> ListSandboxesAsync(string nodeName, string? podUid, CancellationToken cancellationToken) =>
        _hollow.ListSandboxesAsync(nodeName, podUid, cancellationToken);

    public async Task<ImmutableArray<ContainerState>> ListContainersAsync(string nodeName, string? podUid, CancellationToken cancellationToken)
    {
        var listed = await _hollow.ListContainersAsync(nodeName, podUid, cancellationToken);
        await OnListed(listed);
        return listed;
    }

    public Task<SandboxState> StartSandboxAsync(SandboxSpec spec, CancellationToken cancellationToken) => _hollow.StartSandboxAsync(spec, cancellationToken);

    public Task RemoveSandboxAsync(string sandboxId, CancellationToken cancellationToken)
    {
        OnRemoveSandbox();
        return _hollow.RemoveSandboxAsync(sandboxId, cancellationToken);
    }

    public Task<ImageState?> FindImageAsync(string image, CancellationToken cancellationToken) => _hollow.FindImageAsync(image, cancellationToken);

    public Task<ImageState> PullImageAsync(string image, RegistryCredential? credential, CancellationToken cancellationToken) =>
        _hollow.PullImageAsync(image, credential, cancellationToken);

    public async Task<ImmutableArray<ImageState>> ListImagesAsync(CancellationToken cancellationToken)
    {
        await OnListImages(cancellationToken);
        return await _hollow.ListImagesAsync(cancellationToken);
    }

    public Task<string> CreateContainerAsync(SandboxState sandbox, ContainerSpec spec, CancellationToken cancellationToken) =>
        _hollow.CreateContainerAsync(sandbox, spec, cancellationToken);

    public async Task StartContainerAsync(string containerId, CancellationToken cancellationToken)
    {
        await _hollow.StartContainerAsync(containerId, cancellationToken);
        await OnStarted(containerId);
    }

    public async Task StopContainerAsync(string containerId, TimeSpan grace, CancellationToken cancellationToken)
    {
        Stops.Enqueue((containerId, grace));
        await StopsWhen.WaitAsync(cancellationToken);
        await _hollow.StopContainerAsync(containerId, grace, cancellationToken);
    }

    public Task RemoveContainerAsync(string containerId, CancellationToken cancellationToken)
    {
        OnRemove(containerId);
        return _hollow.RemoveContainerAsync(containerId, cancellationToken);
    }

    public Task<ContainerState?> InspectContainerAsync(string containerId, CancellationToken cancellationToken)
    {
        OnInspect();
        return _hollow.InspectContainerAsync(containerId, cancellationToken);
    }

    public Task<ImmutableArray<ContainerUsage>> MeasureAsync(string nodeName, CancellationToken cancellationToken) => _hollow.MeasureAsync(nodeName, cancellationToken);

    public Task WatchExitsAsync(string nodeName, Action<string> exited, CancellationToken cancellationToken) => _hollow.WatchExitsAsync(nodeName, exited, cancellationToken);

    public Task ReadLogsAsync(string containerId, LogQuery query, Stream output, CancellationToken cancellationToken)
    {
        var lines = Log.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var tail = Encoding.UTF8.GetBytes(string.Concat(lines.TakeLast((int)(query.TailLines ?? lines.Length)).Select(static l => l + "\n")));
        return output.WriteAsync(tail.AsMemory(0, (int)Math.Min(tail.Length, query.LimitBytes ?? tail.Length)), cancellationToken).AsTask();
    }

    public Task<int> ExecAsync(string containerId, ExecRequest request, ExecStreams streams, CancellationToken cancellationToken) => OnExec(request, cancellationToken);

    public Task AttachAsync(string containerId, ExecStreams streams, CancellationToken cancellationToken) => _hollow.AttachAsync(containerId, streams, cancellationToken);

    public Task<Stream> ConnectAsync(SandboxState sandbox, int port, CancellationToken cancellationToken) => _hollow.ConnectAsync(sandbox, port, cancellationToken);
}
