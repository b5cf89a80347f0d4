using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Scheduling;

/// <summary>One node and what its pods take, kept up to date pod by pod.</summary>
/// <remarks>Changed only by the <see cref="NodeModel"/>. <see cref="Version"/> rises with each change, so that what was derived can be kept.</remarks>
public sealed class NodeSnapshot(string name)
{
    private readonly Dictionary<ObjectKey, PodView> _pods = [];
    private readonly Dictionary<string, int> _podsByOwner = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Protocol, int Port), List<string>> _hostPorts = [];
    private readonly Dictionary<string, long> _extended = new(StringComparer.Ordinal);

    public string Name { get; } = name;

    /// <summary>The node, or null while only its pods are known.</summary>
    public NodeView? View { get; private set; }

    public NodeView Node => View ?? throw new InvalidOperationException($"node {Name} is not known");

    public long Version { get; private set; }

    public long CpuMilli { get; private set; }
    public long MemoryBytes { get; private set; }
    public long EphemeralStorageBytes { get; private set; }

    /// <summary>What scoring counts, with the least for pods that ask for nothing.</summary>
    public long ScoredCpuMilli { get; private set; }
    public long ScoredMemoryBytes { get; private set; }

    public int PodCount => _pods.Count;

    public IEnumerable<PodView> Pods => _pods.Values;

    public long Extended(string resource) => _extended.GetValueOrDefault(resource);

    /// <summary>How many pods of one controller the node has.</summary>
    public int PodsOf(string ownerUid) => _podsByOwner.GetValueOrDefault(ownerUid);

    /// <summary>Whether another pod has taken the port; an empty address or 0.0.0.0 takes it on every address.</summary>
    public bool HasPort(string protocol, int port, string address)
    {
        if (!_hostPorts.TryGetValue((protocol, port), out var taken)) return false;
        foreach (var other in taken)
            if (other == address || IsAny(other) || IsAny(address)) return true;
        return false;
    }

    /// <summary>A copy to ask "what if" with.</summary>
    public NodeSnapshot Copy()
    {
        var copy = new NodeSnapshot(Name);
        copy.Set(View);
        foreach (var pod in _pods.Values) copy.Add(pod);
        return copy;
    }

    internal void Set(NodeView? view)
    {
        View = view;
        Version++;
    }

    internal void Add(PodView pod)
    {
        if (_pods.TryGetValue(pod.Key, out var known))
        {
            if (ReferenceEquals(known.Requests, pod.Requests) || SameDemand(known, pod))
            {
                // Only its status moved: what is left of the node is the same.
                _pods[pod.Key] = pod;
                return;
            }
            Remove(pod.Key);
        }
        _pods[pod.Key] = pod;
        Count(pod, 1);
        Version++;
    }

    internal void Remove(ObjectKey key)
    {
        if (!_pods.Remove(key, out var pod)) return;
        Count(pod, -1);
        Version++;
    }

    private static bool SameDemand(PodView a, PodView b) =>
        a.Uid == b.Uid && a.Requests.CpuMilli == b.Requests.CpuMilli && a.Requests.MemoryBytes == b.Requests.MemoryBytes
        && a.Requests.EphemeralStorageBytes == b.Requests.EphemeralStorageBytes && a.Ports.SequenceEqual(b.Ports)
        && a.Requests.Extended.SequenceEqual(b.Requests.Extended) && a.Meta.Controller?.Uid == b.Meta.Controller?.Uid;

    private static bool IsAny(string address) => address is "" or "0.0.0.0" or "::";

    private void Count(PodView pod, int sign)
    {
        CpuMilli += sign * pod.Requests.CpuMilli;
        MemoryBytes += sign * pod.Requests.MemoryBytes;
        EphemeralStorageBytes += sign * pod.Requests.EphemeralStorageBytes;
        var scored = new PodToPlace(pod);
        ScoredCpuMilli += sign * scored.ScoredCpuMilli;
        ScoredMemoryBytes += sign * scored.ScoredMemoryBytes;
        foreach (var (name, amount) in pod.Requests.Extended) _extended[name] = Extended(name) + (sign * amount);
        if (pod.Meta.Controller is { } owner)
        {
            var count = PodsOf(owner.Uid) + sign;
            if (count == 0) _podsByOwner.Remove(owner.Uid);
            else _podsByOwner[owner.Uid] = count;
        }
        foreach (var port in pod.Ports)
        {
            if (port.HostPort == 0) continue;
            var key = (port.Protocol, port.HostPort);
            if (!_hostPorts.TryGetValue(key, out var taken)) _hostPorts[key] = taken = [];
            if (sign > 0) taken.Add(port.HostIP);
            else taken.Remove(port.HostIP);
        }
    }
}
