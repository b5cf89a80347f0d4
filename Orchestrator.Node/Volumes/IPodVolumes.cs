using System.Collections.Immutable;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Volumes;

/// <summary>Makes the volumes of pods on this machine.</summary>
public interface IPodVolumes
{
    /// <summary>Makes every volume of the pod, or brings it up to date.</summary>
    /// <returns>The path of each volume by its name.</returns>
    /// <exception cref="RuntimeFailureException">A volume cannot be made, with the text of the FailedMount event.</exception>
    Task<ImmutableDictionary<string, string>> PrepareAsync(PodManifest pod, IConfigSource source, PodPlace place, CancellationToken cancellationToken);

    /// <summary>What a container sees of the volumes, with its termination message file.</summary>
    ImmutableArray<ContainerMount> MountsOf(
        PodManifest pod, ContainerManifest container, int attempt, ImmutableDictionary<string, string> volumes, Func<string, string?> variables);

    /// <summary>What the container has left as its last words; empty when nothing.</summary>
    string TerminationMessage(string podUid, string container, int attempt);

    /// <summary>Removes everything that was made for the pod.</summary>
    Task RemoveAsync(string podUid, CancellationToken cancellationToken);

    /// <summary>The uids of the pods for which something is on disk.</summary>
    ImmutableArray<string> KnownPods();
}

/// <summary>No volumes at all, for simulated containers.</summary>
public sealed class NoVolumes : IPodVolumes
{
    public Task<ImmutableDictionary<string, string>> PrepareAsync(
        PodManifest pod, IConfigSource source, PodPlace place, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableDictionary<string, string>.Empty);

    public ImmutableArray<ContainerMount> MountsOf(
        PodManifest pod, ContainerManifest container, int attempt, ImmutableDictionary<string, string> volumes, Func<string, string?> variables) => [];

    public string TerminationMessage(string podUid, string container, int attempt) => "";

    public Task RemoveAsync(string podUid, CancellationToken cancellationToken) => Task.CompletedTask;

    public ImmutableArray<string> KnownPods() => [];
}
