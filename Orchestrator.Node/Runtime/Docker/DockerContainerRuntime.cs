using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Orchestrator.Node.Runtime.Docker;

/// <summary>Runs containers on a Docker Engine.</summary>
/// <remarks>
/// A pod's sandbox is a container of the <see cref="PauseImage"/> that holds the network and IPC namespaces; the others join it.
/// The engine's own restart policy stays off: the kubelet decides. Labels say whose a container is: the
/// node's name together with <paramref name="owner"/>, for several nodes may share an engine.
/// </remarks>
public sealed partial class DockerContainerRuntime(IDockerClient client, string owner) : IContainerRuntime, IDisposable
{
    private static readonly TimeSpan EventsOverlap = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _pauseImage = new(1, 1);
    private bool _pauseImageReady;

    public string Name => "docker";

    public bool Simulated => false;

    /// <summary>A client of the engine at <paramref name="endpoint"/>, such as <c>unix:///var/run/docker.sock</c>.</summary>
    /// <param name="owner">The identity of the node's data directory.</param>
    public static DockerContainerRuntime Connect(Uri endpoint, string owner) => new(new DockerClientConfiguration(endpoint).CreateClient(), owner);

    public void Dispose()
    {
        client.Dispose();
        _pauseImage.Dispose();
    }

    public async Task<string> GetVersionAsync(CancellationToken cancellationToken) =>
        (await client.System.GetVersionAsync(cancellationToken).ConfigureAwait(false)).Version;

    public async Task<ImmutableArray<SandboxState>> ListSandboxesAsync(string nodeName, string? podUid, CancellationToken cancellationToken)
    {
        // The list says all that there is to say of them.
        var listed = await ListAsync(nodeName, DockerLabels.Sandbox, podUid, cancellationToken).ConfigureAwait(false);
        return [.. listed.Select(static c => Sandbox(c.ID, c.Labels, c.State is "running" or "paused", AddressIn(c.NetworkSettings?.Networks)))];
    }

    public async Task<ImmutableArray<ContainerState>> ListContainersAsync(string nodeName, string? podUid, CancellationToken cancellationToken)
    {
        var listed = await ListAsync(nodeName, DockerLabels.Container, podUid, cancellationToken).ConfigureAwait(false);
        return await InspectAllAsync(listed, cancellationToken).ConfigureAwait(false);
    }

    private Task<IList<ContainerListResponse>> ListAsync(string nodeName, string kind, string? podUid, CancellationToken cancellationToken)
    {
        var filters = DockerSpecs.Filters(nodeName, owner, kind);
        if (podUid is not null) filters["label"][$"{DockerLabels.PodUid}={podUid}"] = true;
        return client.Containers.ListContainersAsync(new ContainersListParameters { All = true, Filters = filters }, cancellationToken);
    }

    /// <summary>Looks at each of them: a list tells neither when a container started nor how it ended.</summary>
    private async Task<ImmutableArray<ContainerState>> InspectAllAsync(IList<ContainerListResponse> listed, CancellationToken cancellationToken)
    {
        var states = new ContainerState?[listed.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = AskedAtOnceMax, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, listed.Count, options, async (i, token) =>
            // None when it was removed since it was listed.
            states[i] = await InspectContainerAsync(listed[i].ID, token).ConfigureAwait(false)).ConfigureAwait(false);
        return [.. states.OfType<ContainerState>()];
    }

    public async Task<SandboxState> StartSandboxAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        await EnsurePauseImageAsync(cancellationToken).ConfigureAwait(false);
        var id = await CreateAsync(DockerSpecs.Sandbox(spec, owner), spec.Pod.Epoch, cancellationToken).ConfigureAwait(false);
        try
        {
            await client.Containers.StartContainerAsync(id, new ContainerStartParameters(), cancellationToken).ConfigureAwait(false);
        }
        catch (DockerApiException e)
        {
            await RemoveContainerAsync(id, CancellationToken.None).ConfigureAwait(false);
            throw new RuntimeFailureException("FailedCreatePodSandBox", $"failed to start the sandbox: {Message(e)}", e);
        }
        catch (OperationCanceledException)
        {
            await RemoveContainerAsync(id, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
        return Sandbox(await client.Containers.InspectContainerAsync(id, cancellationToken).ConfigureAwait(false));
    }

    public async Task RemoveSandboxAsync(string sandboxId, CancellationToken cancellationToken)
    {
        // SIGKILL: the pause program holds nothing that could be lost.
        await RemoveContainerAsync(sandboxId, cancellationToken).ConfigureAwait(false);
    }

    private async Task EnsurePauseImageAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _pauseImageReady)) return;
        await _pauseImage.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (await FindImageAsync($"{PauseImage.Name}:{PauseImage.Tag}", cancellationToken).ConfigureAwait(false) is null)
            {
                var version = await client.System.GetVersionAsync(cancellationToken).ConfigureAwait(false);
                using var archive = PauseImage.Archive(version.Arch == "arm64" ? Architecture.Arm64 : Architecture.X64);
                var parameters = new ImagesCreateParameters
                {
                    FromSrc = "-",
                    Repo = PauseImage.Name,
                    Tag = PauseImage.Tag,
                    Changes = ["ENTRYPOINT [\"/pause\"]"],
                };
                await client.Images.CreateImageAsync(parameters, archive, null, new Ignored<JSONMessage>(), cancellationToken).ConfigureAwait(false);
            }
            Volatile.Write(ref _pauseImageReady, true);
        }
        finally
        {
            _pauseImage.Release();
        }
    }

    public async Task<string> CreateContainerAsync(SandboxState sandbox, ContainerSpec spec, CancellationToken cancellationToken)
    {
        try
        {
            var parameters = DockerSpecs.Container(sandbox, spec, owner);
            if (spec.TargetContainer.Length > 0) parameters.HostConfig.PidMode = await TargetAsync(spec, cancellationToken).ConfigureAwait(false);
            return await CreateAsync(parameters, spec.Pod.Epoch, cancellationToken).ConfigureAwait(false);
        }
        catch (DockerApiException e)
        {
            throw new RuntimeFailureException("CreateContainerError", Message(e), e);
        }
    }

    private async Task<string> TargetAsync(ContainerSpec spec, CancellationToken cancellationToken)
    {
        var listed = await ListAsync(spec.Pod.NodeName, DockerLabels.Container, spec.Pod.Uid, cancellationToken).ConfigureAwait(false);
        var target = listed.FirstOrDefault(c => c.State == "running" && DockerLabels.Text(c.Labels, DockerLabels.ContainerName) == spec.TargetContainer);
        return target is not null
            ? $"container:{target.ID}"
            : throw new RuntimeFailureException("CreateContainerError", $"unable to find target container {spec.TargetContainer}");
    }

    /// <summary>Creates a container whose name says what it is for, so that it can exist only once.</summary>
    /// <remarks>Creation itself is not cancelled: the engine might finish it after what is left of the pod was listed and removed.</remarks>
    private async Task<string> CreateAsync(CreateContainerParameters parameters, long epoch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return (await client.Containers.CreateContainerAsync(parameters, CancellationToken.None).ConfigureAwait(false)).ID;
        }
        catch (DockerImageNotFoundException) when (parameters.Image.StartsWith(PauseImage.Name, StringComparison.Ordinal))
        {
            Volatile.Write(ref _pauseImageReady, false); // someone removed it: import it again at the next attempt
            throw;
        }
        catch (DockerApiException e) when (e.StatusCode == HttpStatusCode.Conflict)
        {
            // Left by an attempt of which the kubelet did not see the end. One of a newer kubelet is not ours to remove.
            var old = await client.Containers.InspectContainerAsync(parameters.Name, cancellationToken).ConfigureAwait(false);
            if (DockerLabels.Pod(old.Config.Labels).Epoch > epoch)
                throw new RuntimeFailureException("CreateContainerError", $"the container {parameters.Name} belongs to a newer kubelet of this node", e);
            await RemoveContainerAsync(old.ID, cancellationToken).ConfigureAwait(false);
            return (await client.Containers.CreateContainerAsync(parameters, CancellationToken.None).ConfigureAwait(false)).ID;
        }
    }

    public async Task StartContainerAsync(string containerId, CancellationToken cancellationToken)
    {
        try
        {
            await client.Containers.StartContainerAsync(containerId, new ContainerStartParameters(), cancellationToken).ConfigureAwait(false);
        }
        catch (DockerApiException e)
        {
            throw new RuntimeFailureException("RunContainerError", Message(e), e);
        }
    }

    public async Task StopContainerAsync(string containerId, TimeSpan grace, CancellationToken cancellationToken)
    {
        try
        {
            if (grace <= TimeSpan.Zero)
            {
                await KillAsync(containerId, cancellationToken).ConfigureAwait(false);
                await client.Containers.WaitContainerAsync(containerId, cancellationToken).ConfigureAwait(false);
                return;
            }
            var parameters = new ContainerStopParameters { WaitBeforeKillSeconds = (uint)Math.Ceiling(grace.TotalSeconds) };
            await client.Containers.StopContainerAsync(containerId, parameters, cancellationToken).ConfigureAwait(false);
        }
        catch (DockerContainerNotFoundException)
        {
        }
    }

    private async Task KillAsync(string containerId, CancellationToken cancellationToken)
    {
        try
        {
            await client.Containers.KillContainerAsync(containerId, new ContainerKillParameters { Signal = "KILL" }, cancellationToken).ConfigureAwait(false);
        }
        catch (DockerApiException e) when (e.StatusCode == HttpStatusCode.Conflict)
        {
            // It has ended by itself.
        }
    }

    public async Task RemoveContainerAsync(string containerId, CancellationToken cancellationToken)
    {
        try
        {
            var parameters = new ContainerRemoveParameters { Force = true, RemoveVolumes = true };
            await client.Containers.RemoveContainerAsync(containerId, parameters, cancellationToken).ConfigureAwait(false);
        }
        catch (DockerContainerNotFoundException)
        {
        }
        catch (DockerApiException e) when (e.StatusCode == HttpStatusCode.Conflict)
        {
            // "removal is already in progress"
        }
    }

    public async Task<ContainerState?> InspectContainerAsync(string containerId, CancellationToken cancellationToken)
    {
        try
        {
            return Container(await client.Containers.InspectContainerAsync(containerId, cancellationToken).ConfigureAwait(false));
        }
        catch (DockerContainerNotFoundException)
        {
            return null;
        }
    }

    public async Task WatchExitsAsync(string nodeName, Action<string> exited, CancellationToken cancellationToken)
    {
        var parameters = new ContainerEventsParameters
        {
            // From a moment ago: the engine begins to listen a little after it is asked to.
            Since = (TimeProvider.System.GetUtcNow() - EventsOverlap).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            Filters = DockerSpecs.Filters(nodeName, owner, null, ("type", "container"), ("event", "die")),
        };
        var progress = new Reported<Message>(m => exited(m.Actor?.ID ?? m.ID));
        await client.System.MonitorEventsAsync(parameters, progress, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        throw new IOException("the Docker Engine ended the stream of events");
    }

    private static SandboxState Sandbox(ContainerInspectResponse c) => Sandbox(c.ID, c.Config.Labels, c.State.Running,
        string.IsNullOrEmpty(c.NetworkSettings?.IPAddress) ? AddressIn(c.NetworkSettings?.Networks) : c.NetworkSettings.IPAddress);

    private static SandboxState Sandbox(string id, IDictionary<string, string> labels, bool running, string ip) =>
        new(id, DockerLabels.Pod(labels), running, ip, DockerLabels.Attempt(labels), DockerLabels.Text(labels, DockerLabels.HostNetwork) == "true");

    private static string AddressIn(IDictionary<string, EndpointSettings>? networks) =>
        networks?.Values.Select(static n => n.IPAddress).FirstOrDefault(static a => !string.IsNullOrEmpty(a)) ?? "";

    private static ContainerState Container(ContainerInspectResponse c) => new()
    {
        Id = c.ID,
        Pod = DockerLabels.Pod(c.Config.Labels),
        Name = DockerLabels.Text(c.Config.Labels, DockerLabels.ContainerName),
        Attempt = DockerLabels.Attempt(c.Config.Labels),
        Phase = c.State.Running || c.State.Paused ? ContainerPhase.Running
            : c.State.Status == "created" ? ContainerPhase.Created : ContainerPhase.Exited,
        Image = DockerLabels.Text(c.Config.Labels, DockerLabels.ImageName),
        ImageId = c.Image,
        StartedAt = Time(c.State.StartedAt),
        FinishedAt = Time(c.State.FinishedAt),
        ExitCode = (int)c.State.ExitCode,
        OomKilled = c.State.OOMKilled,
        Error = c.State.Error ?? "",
    };

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && time.Year > 1 ? time : null;

    /// <summary>The engine's own sentence, out of its JSON.</summary>
    internal static string Message(DockerApiException e)
    {
        try
        {
            using var document = System.Text.Json.JsonDocument.Parse(e.ResponseBody);
            return document.RootElement.GetProperty("message").GetString() ?? e.Message;
        }
        catch (Exception x) when (x is System.Text.Json.JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return string.IsNullOrWhiteSpace(e.ResponseBody) ? e.Message : e.ResponseBody.Trim();
        }
    }

    /// <summary>Reports on the reading thread and in order, which <see cref="Progress{T}"/> does not.</summary>
    private sealed class Reported<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }

    private sealed class Ignored<T> : IProgress<T>
    {
        public void Report(T value)
        {
        }
    }
}
