using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Node.Kubelet;

/// <summary>A pod as the node's journal has it.</summary>
/// <param name="Pod">The newest version of its object that the node has seen.</param>
public sealed record JournaledPod(StoredObject Pod, PodRunState Run);

/// <summary>What the node remembers of its pods over its own restarts, without the control plane.</summary>
public interface IPodRunJournal
{
    /// <summary>All pods of a node that were not forgotten.</summary>
    Task<ImmutableArray<JournaledPod>> LoadAsync(string nodeName, CancellationToken cancellationToken);

    /// <summary>A number that is larger than at any earlier start of this node.</summary>
    Task<long> NextEpochAsync(string nodeName, CancellationToken cancellationToken);

    /// <summary>Stores the newest version of a pod's object.</summary>
    Task SaveAsync(string nodeName, StoredObject pod, CancellationToken cancellationToken);

    /// <summary>Stores what happened to a pod, after what was stored before.</summary>
    Task AppendAsync(string nodeName, string podUid, ImmutableArray<PodRunEvent> events, CancellationToken cancellationToken);

    Task ForgetAsync(string nodeName, string podUid, CancellationToken cancellationToken);
}

/// <summary>Remembers nothing: for simulated nodes, whose containers end with the process.</summary>
public sealed class NoJournal : IPodRunJournal
{
    public Task<ImmutableArray<JournaledPod>> LoadAsync(string nodeName, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<JournaledPod>.Empty);

    public Task<long> NextEpochAsync(string nodeName, CancellationToken cancellationToken) => Task.FromResult(1L);

    public Task SaveAsync(string nodeName, StoredObject pod, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task AppendAsync(string nodeName, string podUid, ImmutableArray<PodRunEvent> events, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ForgetAsync(string nodeName, string podUid, CancellationToken cancellationToken) => Task.CompletedTask;
}
