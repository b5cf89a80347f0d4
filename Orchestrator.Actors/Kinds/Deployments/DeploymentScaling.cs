namespace Orchestrator.Actors.Kinds.Deployments;

/// <summary>One ReplicaSet in the arithmetic of a rollout.</summary>
/// <param name="Size">The replicas that its spec asks for.</param>
/// <param name="MaxReplicas">What the Deployment might have had in total when the set was last sized, or null.</param>
public sealed record SizedSet(string Name, int Size, int Available, DateTimeOffset Created, int? MaxReplicas);

/// <summary>How large each ReplicaSet should be. Arithmetic only.</summary>
/// <remarks>Source: kube-controller-manager, deployment/util and deployment/rolling.go.</remarks>
public static class DeploymentScaling
{
    /// <summary>A sum that stays at the largest count where it would be larger.</summary>
    public static int Total(params IEnumerable<int> counts) => (int)Math.Min(int.MaxValue, counts.Sum(static c => (long)c));

    /// <summary>The size of the new set: as large as maxSurge lets it be.</summary>
    public static int NewSize(int replicas, int maxSurge, int newSize, int totalSize)
    {
        var room = Total(replicas, maxSurge) - totalSize;
        return room <= 0 ? newSize : newSize + Math.Min(room, replicas - newSize);
    }

    /// <summary>The sizes of the old sets after one step down that keeps <paramref name="minAvailable"/> pods available.</summary>
    /// <returns>The names whose size changes, with the new size.</returns>
    public static Dictionary<string, int> ShrinkOld(IReadOnlyList<SizedSet> old, SizedSet created, int minAvailable)
    {
        var sizes = old.ToDictionary(static s => s.Name, static s => s.Size, StringComparer.Ordinal);
        var all = Total([created.Size, .. old.Select(static s => s.Size)]);
        var allowed = all - minAvailable - (created.Size - created.Available);
        if (allowed <= 0) return [];
        var oldest = old.OrderBy(static s => s.Created).ThenBy(static s => s.Name, StringComparer.Ordinal).ToList();
        var taken = 0;
        // Pods that serve nobody go first, whatever the rollout has reached.
        foreach (var set in oldest)
        {
            var unhealthy = Math.Max(0, set.Size - set.Available);
            var step = Math.Min(allowed - taken, unhealthy);
            sizes[set.Name] -= step;
            taken += step;
        }
        var spare = Total([created.Available, .. old.Select(static s => s.Available)]) - minAvailable;
        foreach (var set in oldest)
        {
            if (spare <= 0) break;
            var step = Math.Min(sizes[set.Name], spare);
            sizes[set.Name] -= step;
            spare -= step;
        }
        foreach (var set in old)
            if (sizes[set.Name] == set.Size) sizes.Remove(set.Name);
        return sizes;
    }

    /// <summary>Spreads a changed number of replicas over sets in the middle of a rollout, each by its share.</summary>
    public static Dictionary<string, int> Proportional(IReadOnlyList<SizedSet> active, int replicas, int maxSurge, int statusReplicas)
    {
        var total = Total(active.Select(static s => s.Size));
        var change = (replicas > 0 ? Total(replicas, maxSurge) : 0) - total;
        var ordered = change > 0
            ? active.OrderByDescending(static s => s.Size).ThenByDescending(static s => s.Created)
            : active.OrderByDescending(static s => s.Size).ThenBy(static s => s.Created);
        var sets = ordered.ThenBy(static s => s.Name, StringComparer.Ordinal).ToList();
        var sizes = new Dictionary<string, int>(StringComparer.Ordinal);
        var moved = 0;
        foreach (var set in sets)
        {
            var share = change == 0 ? 0 : Share(set, replicas, maxSurge, statusReplicas, change, moved);
            sizes[set.Name] = set.Size + share;
            moved += share;
        }
        if (sets.Count > 0 && change != 0) sizes[sets[0].Name] = Math.Max(0, sizes[sets[0].Name] + change - moved);
        return sizes;
    }

    private static int Share(SizedSet set, int replicas, int maxSurge, int statusReplicas, int change, int moved)
    {
        if (set.Size == 0 || change == moved) return 0;
        var fraction = -set.Size;
        if (replicas > 0)
        {
            var before = set.MaxReplicas is > 0 and { } known ? known : statusReplicas;
            if (before <= 0) return 0;
            fraction = (int)Math.Round(set.Size * (double)Total(replicas, maxSurge) / before, MidpointRounding.AwayFromZero) - set.Size;
        }
        return change > 0 ? Math.Min(fraction, change - moved) : Math.Max(fraction, change - moved);
    }
}
