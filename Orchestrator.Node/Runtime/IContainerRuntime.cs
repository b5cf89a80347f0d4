using System.Collections.Immutable;

namespace Orchestrator.Node.Runtime;

/// <summary>What runs containers on this machine. The kubelet decides; an adapter of this port does.</summary>
/// <remarks>
/// Every call may be made from any thread. Calls on something that is gone already succeed when they would have removed it.
/// A failure that a user can mend is a <see cref="RuntimeFailureException"/> with Kubernetes' reason; anything else is a fault
/// of the engine and is retried.
/// </remarks>
public interface IContainerRuntime
{
    /// <summary>The adapter's name, as the prefix of container ids in a pod's status: <c>docker</c>, <c>process</c>, <c>hollow</c>.</summary>
    string Name { get; }

    /// <summary>Whether containers write to real files: when not, volumes need not be prepared and probes are not carried out.</summary>
    bool Simulated { get; }

    /// <summary>The version of the engine; fails when the engine does not answer.</summary>
    Task<string> GetVersionAsync(CancellationToken cancellationToken);

    /// <summary>Everything on this machine that a kubelet of this <paramref name="nodeName"/> once made, running or not.</summary>
    /// <param name="podUid">Only those of this pod, when given.</param>
    Task<ImmutableArray<SandboxState>> ListSandboxesAsync(string nodeName, string? podUid, CancellationToken cancellationToken);

    /// <summary>All containers that a kubelet of this <paramref name="nodeName"/> once made, running or not.</summary>
    /// <param name="podUid">Only those of this pod, when given.</param>
    Task<ImmutableArray<ContainerState>> ListContainersAsync(string nodeName, string? podUid, CancellationToken cancellationToken);

    /// <summary>Makes and starts what the containers of a pod share: its network namespace, address and host name.</summary>
    Task<SandboxState> StartSandboxAsync(SandboxSpec spec, CancellationToken cancellationToken);

    /// <summary>Stops and removes a sandbox and releases its address. The containers in it must be stopped before.</summary>
    Task RemoveSandboxAsync(string sandboxId, CancellationToken cancellationToken);

    /// <summary>The image as it is present on the machine, or null.</summary>
    Task<ImageState?> FindImageAsync(string image, CancellationToken cancellationToken);

    /// <summary>Fetches an image. A refusal is a <see cref="RuntimeFailureException"/> of reason <c>ErrImagePull</c>.</summary>
    Task<ImageState> PullImageAsync(string image, RegistryCredential? credential, CancellationToken cancellationToken);

    /// <summary>The images present on the machine, largest first.</summary>
    Task<ImmutableArray<ImageState>> ListImagesAsync(CancellationToken cancellationToken);

    /// <summary>Makes a container without starting it.</summary>
    /// <returns>The id of the container.</returns>
    Task<string> CreateContainerAsync(SandboxState sandbox, ContainerSpec spec, CancellationToken cancellationToken);

    Task StartContainerAsync(string containerId, CancellationToken cancellationToken);

    /// <summary>Sends the stop signal, and SIGKILL when the container still runs after <paramref name="grace"/>; returns when it is gone.</summary>
    Task StopContainerAsync(string containerId, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Removes a container with its log, killing it when it runs.</summary>
    Task RemoveContainerAsync(string containerId, CancellationToken cancellationToken);

    /// <summary>The container as the engine sees it now, or null when there is none of this id.</summary>
    Task<ContainerState?> InspectContainerAsync(string containerId, CancellationToken cancellationToken);

    /// <summary>What the running containers of this <paramref name="nodeName"/> use, as far as it can be measured.</summary>
    /// <remarks>One that ends meanwhile, or that the engine has no figures of, is left out.</remarks>
    Task<ImmutableArray<ContainerUsage>> MeasureAsync(string nodeName, CancellationToken cancellationToken);

    /// <summary>Calls <paramref name="exited"/> with the id of every container that ends, until cancelled. May say so more than once.</summary>
    /// <remarks>Events are a hint: one that is lost is found by the next listing. A fault ends the watch with its exception.</remarks>
    Task WatchExitsAsync(string nodeName, Action<string> exited, CancellationToken cancellationToken);

    /// <summary>Writes the log to <paramref name="output"/>; with <see cref="LogQuery.Follow"/> until the container ends.</summary>
    Task ReadLogsAsync(string containerId, LogQuery query, Stream output, CancellationToken cancellationToken);

    /// <summary>Runs a command in a running container.</summary>
    /// <returns>Its exit code.</returns>
    Task<int> ExecAsync(string containerId, ExecRequest request, ExecStreams streams, CancellationToken cancellationToken);

    /// <summary>Connects to the streams of the container's own process until it ends or the client leaves.</summary>
    Task AttachAsync(string containerId, ExecStreams streams, CancellationToken cancellationToken);

    /// <summary>A connection to <paramref name="port"/> as the containers of the pod see it at localhost.</summary>
    Task<Stream> ConnectAsync(SandboxState sandbox, int port, CancellationToken cancellationToken);
}
