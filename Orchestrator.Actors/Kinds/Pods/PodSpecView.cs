using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Scheduling;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>What the scheduler and the controllers read of a pod's <c>spec</c>; pods whose specs are the same text share it.</summary>
internal sealed class PodSpecView
{
    private EquivalenceClass? _last;

    /// <summary>Of a pod without a spec.</summary>
    public static PodSpecView Empty { get; } = new();

    public string NodeName { get; init; } = "";
    public string SchedulerName { get; init; } = "";
    public int Priority { get; init; }
    public bool PreemptsNobody { get; init; }
    public string RestartPolicy { get; init; } = "Always";
    public bool HostNetwork { get; init; }
    public string Hostname { get; init; } = "";
    public string Subdomain { get; init; } = "";
    public long? ActiveDeadlineSeconds { get; init; }
    public ImmutableArray<string> SchedulingGates { get; init; } = [];
    public ImmutableArray<Toleration> Tolerations { get; init; } = [];
    public ResourceAmounts Requests { get; init; } = ResourceAmounts.Zero;
    public ImmutableArray<ContainerPortView> Ports { get; init; } = [];
    public ImmutableArray<string> Images { get; init; } = [];
    public PodPlacement Placement { get; init; } = PodPlacement.Anywhere;

    /// <summary>The claims that volumes name, and the volumes that get a claim of the pod's own.</summary>
    public ImmutableArray<PodClaim> Claims { get; init; } = [];

    /// <summary>What the rules of the scheduler read of it, as text.</summary>
    public byte[] Placed { get; init; } = [];

    /// <summary>The claims by their names; one that is made for a pod is named after it.</summary>
    public ImmutableArray<PodClaim> ClaimsOf(string pod)
    {
        foreach (var claim in Claims)
            if (claim.Own) return [.. Claims.Select(c => c.Own ? c with { Claim = $"{pod}-{c.Claim}" } : c)];
        return Claims;
    }

    /// <summary>Equal for pods that the scheduler cannot tell apart: the same namespace, owner, labels, and what of the spec its rules read.</summary>
    /// <remarks>Properties count in the order in which they stand: pods of one template have one order.</remarks>
    public string EquivalenceKey(string ns, ObjectMeta meta)
    {
        var owner = meta.Controller?.Uid ?? "";
        // Pods of one template mostly come one after the other.
        if (_last is { } last && last.Namespace == ns && last.Owner == owner && ObjectMeta.AreEqual(last.Labels, meta.Labels)) return last.Key;
        var text = new StringBuilder().Append(ns).Append('\n').Append(owner).Append('\n');
        foreach (var (name, value) in meta.Labels) text.Append(name).Append('\n').Append(value).Append('\n');
        var key = Convert.ToBase64String(SHA256.HashData([.. Placed, .. Encoding.UTF8.GetBytes(text.ToString())]));
        _last = new EquivalenceClass(ns, owner, meta.Labels, key);
        return key;
    }

    private sealed record EquivalenceClass(string Namespace, string Owner, IReadOnlyDictionary<string, string> Labels, string Key);
}
