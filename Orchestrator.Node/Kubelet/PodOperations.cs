using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Volumes;

namespace Orchestrator.Node.Kubelet;

/// <summary>How a launch went: what happened, in order, or why nothing did.</summary>
/// <param name="Trouble">The reason and message of the waiting state, when the container could not be started.</param>
/// <param name="KillBecause">It runs, but must not: the text of the Killing event.</param>
public sealed record LaunchOutcome(ImmutableArray<PodRunEvent> Events, (string Reason, string Message)? Trouble, string? KillBecause = null);

/// <summary>The long-running steps of a pod's life. No state: the pod's worker decides when each is taken and what follows.</summary>
public sealed class PodOperations(
    IContainerRuntime runtime, IPodVolumes volumes, IConfigSource source, IPodEventSink events, ProbeRunner hooks, TimeProvider clock)
{
    /// <summary>What a container gets to end, however little grace is left: of a pod whose other containers, or whose hooks, used it up.</summary>
    /// <remarks>Source: kubelet, minimumGracePeriodInSeconds.</remarks>
    private static readonly TimeSpan LeastGrace = TimeSpan.FromSeconds(2);

    /// <summary>How much of the end of a log becomes a termination message, in bytes and in lines.</summary>
    /// <remarks>Source: kubelet, MaxContainerTerminationMessageLogLength and MaxContainerTerminationMessageLogLines.</remarks>
    private const int LogMessageMax = 2048, LogMessageLines = 80;

    public IContainerRuntime Runtime => runtime;

    public IPodVolumes Volumes => volumes;

    public ProbeRunner Probes => hooks;

    /// <summary>Brings volumes up; a failure is the text of a FailedMount event.</summary>
    public Task<ImmutableDictionary<string, string>> PrepareVolumesAsync(PodManifest pod, PodPlace place, CancellationToken cancellationToken) =>
        volumes.PrepareAsync(pod, source, place, cancellationToken);

    public Task<SandboxState> StartSandboxAsync(PodManifest pod, PodIdentity identity, int attempt, PodPlace place, CancellationToken cancellationToken) =>
        runtime.StartSandboxAsync(ContainerSpecs.Sandbox(pod, identity, attempt, place.NodeName), cancellationToken);

    /// <summary>Image, container, start, postStart. Failures that a user can mend come back as trouble.</summary>
    /// <param name="obsoleteId">A dead container of the same name that is not needed for its log any more.</param>
    public async Task<LaunchOutcome> LaunchAsync(
        PodManifest pod, ContainerManifest container, PodAction.Launch launch, SandboxState sandbox,
        ImmutableDictionary<string, string> paths, PodPlace place, string? obsoleteId, CancellationToken cancellationToken)
    {
        string? id = null;
        var hasImage = false;
        try
        {
            if (obsoleteId is not null) await runtime.RemoveContainerAsync(obsoleteId, cancellationToken).ConfigureAwait(false);
            var image = await EnsureImageAsync(pod, container, cancellationToken).ConfigureAwait(false);
            hasImage = true;
            var environment = ContainerEnvironment.Build(pod, container, source, place);
            CheckUser(pod, container, image);
            var variables = environment.ToDictionary(v => v.Key, v => v.Value, StringComparer.Ordinal);
            var mounts = volumes.MountsOf(pod, container, launch.Attempt, paths, name => variables.GetValueOrDefault(name));
            var spec = ContainerSpecs.Container(pod, container, sandbox.Pod, launch.Attempt, image, environment, mounts, place.AllocatableMemoryBytes);
            id = await runtime.CreateContainerAsync(sandbox, spec, cancellationToken).ConfigureAwait(false);
            events.Record(pod, container.Name, "Normal", "Created", $"Created container: {container.Name}");
            return await StartAsync(pod, container, launch, id, ImageIdOf(image), place, cancellationToken).ConfigureAwait(false);
        }
        catch (RuntimeFailureException e)
        {
            events.Record(pod, container.Name, "Warning", "Failed", hasImage ? $"Error: {e.Message}" : $"Error: {e.Reason}"); // the pull has told its message
            return new LaunchOutcome([], (e.Reason, e.Message));
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            events.Record(pod, container.Name, "Warning", "Failed", $"Error: {e.Message}");
            return new LaunchOutcome([], (id is null ? "CreateContainerError" : "RunContainerError", e.Message));
        }
    }

    private async Task<LaunchOutcome> StartAsync(
        PodManifest pod, ContainerManifest container, PodAction.Launch launch, string id, string imageId, PodPlace place, CancellationToken cancellationToken)
    {
        var started = new ContainerStarted(container.Name, id, launch.Attempt, container.Image, imageId, launch.BackOff, clock.GetUtcNow());
        try
        {
            await runtime.StartContainerAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (RuntimeFailureException e)
        {
            // It counts as a run that ended at once, so that restart policy and back-off apply.
            events.Record(pod, container.Name, "Warning", "Failed", $"Error: {e.Message}");
            var now = clock.GetUtcNow();
            return new LaunchOutcome([started, new ContainerExited(container.Name, id, 128, "StartError", e.Message, now, now)], null);
        }
        events.Record(pod, container.Name, "Normal", "Started", $"Started container {container.Name}");
        if (container.PostStart is { } hook && !runtime.Simulated)
        {
            try
            {
                var result = await hooks.RunAsync(hook, new ProbeTarget(id, place.PodIp, container), Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
                if (result.Success != true)
                {
                    events.Record(pod, container.Name, "Warning", "FailedPostStartHook", "PostStartHook failed");
                    return new LaunchOutcome([started], null, "FailedPostStartHook");
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // The pod is to stop. This container runs, and is stopped as the others are, with its preStop hook and its grace.
            }
        }
        return new LaunchOutcome([started], null);
    }

    private string ImageIdOf(ImageState image) =>
        image.Names.FirstOrDefault(n => n.Contains('@', StringComparison.Ordinal)) is { } digest
            ? $"{runtime.Name}-pullable://{digest}"
            : $"{runtime.Name}://{image.Id}";

    private async Task<ImageState> EnsureImageAsync(PodManifest pod, ContainerManifest container, CancellationToken cancellationToken)
    {
        var image = container.Image;
        var present = container.PullPolicy == "Always" ? null : await runtime.FindImageAsync(image, cancellationToken).ConfigureAwait(false);
        if (present is not null)
        {
            events.Record(pod, container.Name, "Normal", "Pulled", $"Container image \"{image}\" already present on machine");
            return present;
        }
        if (container.PullPolicy == "Never")
        {
            events.Record(pod, container.Name, "Warning", "ErrImageNeverPull", $"Container image \"{image}\" is not present with pull policy of Never");
            throw new RuntimeFailureException("ErrImageNeverPull", $"Container image \"{image}\" is not present with pull policy of Never");
        }
        events.Record(pod, container.Name, "Normal", "Pulling", $"Pulling image \"{image}\"");
        var from = clock.GetTimestamp();
        try
        {
            var pulled = await runtime.PullImageAsync(image, ImageCredentials.Find(pod, image, source), cancellationToken).ConfigureAwait(false);
            var took = Seconds(clock.GetElapsedTime(from));
            events.Record(pod, container.Name, "Normal", "Pulled",
                $"Successfully pulled image \"{image}\" in {took} ({took} including waiting). Image size: {pulled.SizeBytes} bytes.");
            return pulled;
        }
        catch (RuntimeFailureException e)
        {
            events.Record(pod, container.Name, "Warning", "Failed", $"Failed to pull image \"{image}\": {e.Message}");
            throw;
        }
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0}ms")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###}s");

    private static void CheckUser(PodManifest pod, ContainerManifest container, ImageState image)
    {
        if (!container.Security.RunAsNonRoot) return;
        var where = $"(pod: \"{pod.Meta.Name}_{pod.Meta.Namespace}({pod.Meta.Uid})\", container: {container.Name})";
        if (container.Security.RunAsUser == 0)
            throw new RuntimeFailureException("CreateContainerConfigError", $"container's runAsUser breaks non-root policy {where}");
        if (container.Security.RunAsUser is not null) return;
        var user = image.User.Split(':')[0];
        if (user is "" or "0" or "root")
            throw new RuntimeFailureException("CreateContainerConfigError", $"container has runAsNonRoot and image will run as root {where}");
        if (!long.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            throw new RuntimeFailureException("CreateContainerConfigError",
                $"container has runAsNonRoot and image has non-numeric user ({user}), cannot verify user is non-root {where}");
    }

    /// <summary>preStop, then the stop signal, then SIGKILL; all within the grace.</summary>
    /// <returns>How it ended; null when it cannot be found any more.</returns>
    public async Task<ContainerState?> StopAsync(PodManifest pod, PodAction.Stop stop, PodPlace place, CancellationToken cancellationToken)
    {
        events.Record(pod, stop.Container, "Normal", "Killing", stop.Message);
        var grace = stop.Grace;
        var container = pod.Container(stop.Container);
        if (container?.PreStop is { } hook && grace > TimeSpan.Zero && !runtime.Simulated)
        {
            var from = clock.GetTimestamp();
            var result = await hooks.RunAsync(hook, new ProbeTarget(stop.Id, place.PodIp, container), grace, cancellationToken).ConfigureAwait(false);
            if (result.Success != true) events.Record(pod, stop.Container, "Warning", "FailedPreStopHook", "PreStopHook failed");
            grace -= clock.GetElapsedTime(from);
        }
        if (grace < LeastGrace) grace = LeastGrace;
        await runtime.StopContainerAsync(stop.Id, grace, cancellationToken).ConfigureAwait(false);
        return await runtime.InspectContainerAsync(stop.Id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The event of a container's end, as the engine tells it; null when it has not ended.</summary>
    public async Task<ContainerExited?> DescribeExitAsync(PodManifest pod, string containerName, string id, int attempt, CancellationToken cancellationToken)
    {
        var state = await runtime.InspectContainerAsync(id, cancellationToken).ConfigureAwait(false);
        if (state is { Phase: not ContainerPhase.Exited }) return null;
        return ExitOf(pod, containerName, id, attempt, state, state is null ? "" : await LastWordsAsync(pod, containerName, state, attempt, cancellationToken).ConfigureAwait(false));
    }

    private ContainerExited ExitOf(PodManifest pod, string name, string id, int attempt, ContainerState? state, string message)
    {
        if (state is null)
            return new ContainerExited(name, id, 137, "ContainerStatusUnknown",
                "The container could not be located when the pod was terminated", null, clock.GetUtcNow());
        var reason = state.OomKilled ? "OOMKilled" : state.ExitCode == 0 ? "Completed" : "Error";
        return new ContainerExited(name, id, state.ExitCode, reason, message, state.StartedAt, state.FinishedAt ?? clock.GetUtcNow());
    }

    private async Task<string> LastWordsAsync(PodManifest pod, string name, ContainerState state, int attempt, CancellationToken cancellationToken)
    {
        var message = volumes.TerminationMessage(pod.Meta.Uid, name, attempt);
        if (message.Length > 0) return message;
        if (state.ExitCode == 0 || pod.Container(name) is not { TerminationMessageFromLogs: true }) return state.Error;
        using var log = new LastBytes(LogMessageMax);
        try
        {
            await runtime.ReadLogsAsync(state.Id, new LogQuery { TailLines = LogMessageLines }, log, cancellationToken).ConfigureAwait(false);
        }
        catch (RuntimeFailureException)
        {
            return state.Error;
        }
        return System.Text.Encoding.UTF8.GetString(log.ToArray());
    }

    /// <summary>Keeps the last bytes that are written to it.</summary>
    private sealed class LastBytes(int max) : UnseekableStream
    {
        private byte[] _bytes = [];

        public override bool CanWrite => true;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _bytes = buffer.Length >= max ? buffer[^max..].ToArray() : [.. _bytes.AsSpan(Math.Max(0, _bytes.Length + buffer.Length - max)), .. buffer.Span];
            return ValueTask.CompletedTask;
        }

        public byte[] ToArray() => _bytes;
    }
}
