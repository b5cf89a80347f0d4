using System.Collections.Immutable;
using System.Diagnostics;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Serialization;

namespace Orchestrator.Node.Kubelet;

/// <summary>An event of the node's journal.</summary>
public abstract record KubeletEvent : IWireMessage;

/// <summary>The kubelet began to run.</summary>
/// <param name="Epoch">Larger than at any earlier start; containers are stamped with it.</param>
public sealed record KubeletStarted(long Epoch, DateTimeOffset At) : KubeletEvent;

/// <summary>The kubelet learnt a version of a pod that it has to know when the control plane is away.</summary>
public sealed record PodSeen(StoredObject Pod) : KubeletEvent;

/// <summary>Something happened to a pod on this machine.</summary>
public sealed record PodRan(string Uid, PodRunEvent Event) : KubeletEvent;

/// <summary>Nothing is left of a pod here, and its object is gone.</summary>
public sealed record PodForgotten(string Uid) : KubeletEvent;

/// <summary>A pod as the node's journal has it.</summary>
/// <param name="Pod">The newest version of its object that had to be kept.</param>
public sealed record JournaledPod(StoredObject Pod, PodRunState Run);

/// <summary>The whole state of a kubelet. One row: a node has hundreds of pods, not thousands.</summary>
public sealed record KubeletSnapshot(long Epoch, ImmutableArray<JournaledPod> Pods) : IWireMessage;

/// <summary>What a kubelet remembers over its own restarts, without the control plane: the fold of its events.</summary>
public sealed class KubeletState
{
    private readonly Dictionary<string, JournaledPod> _pods = new(StringComparer.Ordinal);

    /// <summary>How many times the kubelet was started.</summary>
    public long Epoch { get; private set; }

    public IReadOnlyDictionary<string, JournaledPod> Pods => _pods;

    public void Apply(KubeletEvent e)
    {
        switch (e)
        {
            case KubeletStarted started:
                Epoch = started.Epoch;
                break;
            case PodSeen seen:
                _pods[seen.Pod.Meta.Uid] = new JournaledPod(seen.Pod, _pods.GetValueOrDefault(seen.Pod.Meta.Uid)?.Run ?? PodRunState.Empty);
                break;
            case PodRan ran:
                // A worker's last word may come behind the end of its pod.
                if (_pods.TryGetValue(ran.Uid, out var pod)) _pods[ran.Uid] = pod with { Run = pod.Run.Apply(ran.Event) };
                break;
            case PodForgotten forgotten:
                _pods.Remove(forgotten.Uid);
                break;
            default:
                throw new UnreachableException($"no Apply arm for {e.GetType().Name}");
        }
    }

    public KubeletSnapshot ToSnapshot() => new(Epoch, [.. _pods.Values]);

    public void Restore(KubeletSnapshot snapshot)
    {
        Epoch = snapshot.Epoch;
        _pods.Clear();
        foreach (var pod in snapshot.Pods) _pods[pod.Pod.Meta.Uid] = pod;
    }
}
