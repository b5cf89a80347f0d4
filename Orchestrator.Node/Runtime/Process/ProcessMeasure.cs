using System.Collections.Immutable;

namespace Orchestrator.Node.Runtime.Process;

/// <summary>Sums what the processes of containers use.</summary>
/// <remarks>
/// A container's processes are those of its leader's session, and all below them: a terminal and a daemon begin sessions of their own.
/// No time is counted twice: while a process lives its time is its own, and when its parent has seen its end, that of its parent.
/// One whose parent ended first has its end seen by the machine, which does not tell: the time that it was last seen with is kept here.
/// </remarks>
internal sealed class ProcessMeasure
{
    /// <summary>Ticks of /proc per second. Source: Linux, USER_HZ, 100 on every architecture that we run on.</summary>
    private const double TicksPerSecond = 100;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Kept> _kept = new(StringComparer.Ordinal);

    /// <summary>What must be known of the last measurement of a container.</summary>
    private sealed class Kept
    {
        public Dictionary<(int Pid, long StartTicks), long> Orphans { get; set; } = [];

        public long OrphansEndedTicks { get; set; }

        public long ToldTicks { get; set; }
    }

    /// <param name="leaders">Container ids by the number of the process that leads their session.</param>
    /// <param name="commands">Those of other sessions in them, whose leaders are nobody's children there; their ends are seen by the kubelet.</param>
    /// <param name="table">The processes of the machine.</param>
    /// <param name="memoryOf">Null for a process that has ended.</param>
    public ImmutableArray<ContainerUsage> Measure(
        IReadOnlyDictionary<int, string> leaders, IReadOnlyDictionary<int, string> commands, IReadOnlyCollection<ProcessStat> table, Func<int, ProcessMemory?> memoryOf)
    {
        var running = leaders.Values.ToHashSet(StringComparer.Ordinal);
        var owners = OwnersOf(new Dictionary<int, string>([.. commands.Where(c => running.Contains(c.Value) && !leaders.ContainsKey(c.Key)), .. leaders]), table);
        var containers = table.Where(p => owners[p.Pid] is not null).GroupBy(p => owners[p.Pid]!, StringComparer.Ordinal);
        return [.. containers.Select(c => Sum(c.Key, [.. c], leaders, memoryOf))];
    }

    /// <summary>Notes what a process of a container has used whose end nobody will tell of.</summary>
    public void Note(string containerId, ProcessStat process)
    {
        lock (_lock)
        {
            if (!_kept.TryGetValue(containerId, out var kept)) _kept[containerId] = kept = new Kept();
            kept.Orphans[(process.Pid, process.StartTicks)] = process.CpuTicks;
        }
    }

    /// <summary>Lets go of what is kept of a container that is removed.</summary>
    public void Forget(string containerId)
    {
        lock (_lock) _kept.Remove(containerId);
    }

    private ContainerUsage Sum(string id, List<ProcessStat> processes, IReadOnlyDictionary<int, string> leaders, Func<int, ProcessMemory?> memoryOf)
    {
        long workingSet = 0, resident = 0;
        foreach (var process in processes)
        {
            if (memoryOf(process.Pid) is not { } memory) continue;
            workingSet += memory.Private;
            resident += memory.Resident;
        }
        return new ContainerUsage(id, TicksOf(id, processes, leaders) / TicksPerSecond, workingSet, resident);
    }

    private long TicksOf(string id, List<ProcessStat> processes, IReadOnlyDictionary<int, string> leaders)
    {
        var numbers = processes.Select(static p => p.Pid).ToHashSet();
        var orphans = processes.Where(p => !leaders.ContainsKey(p.Pid) && !numbers.Contains(p.Parent)).ToDictionary(static p => (p.Pid, p.StartTicks), static p => p.CpuTicks);
        var alive = processes.Select(static p => (p.Pid, p.StartTicks)).ToHashSet();
        lock (_lock)
        {
            if (!_kept.TryGetValue(id, out var kept)) _kept[id] = kept = new Kept();
            foreach (var (process, ticks) in kept.Orphans)
                if (!alive.Contains(process)) kept.OrphansEndedTicks += ticks;
            kept.Orphans = orphans;
            // A child that ends while we read is seen with neither its own time nor its parent's: the next reading has it.
            return kept.ToldTicks = Math.Max(kept.ToldTicks, processes.Sum(static p => p.CpuTicks) + kept.OrphansEndedTicks);
        }
    }

    /// <summary>The container of every process, or null.</summary>
    private static Dictionary<int, string?> OwnersOf(Dictionary<int, string> leaders, IReadOnlyCollection<ProcessStat> table)
    {
        var processes = new Dictionary<int, ProcessStat>(table.Count);
        foreach (var process in table) processes[process.Pid] = process;
        var owners = new Dictionary<int, string?>(table.Count);
        var path = new List<int>();
        foreach (var process in table)
        {
            string? owner = null;
            path.Clear();
            for (var at = process; !owners.TryGetValue(at.Pid, out owner);)
            {
                path.Add(at.Pid);
                owners[at.Pid] = null; // numbers that were given anew while we read may form a circle
                if (leaders.TryGetValue(at.Pid, out owner) || leaders.TryGetValue(at.Session, out owner)) break;
                if (!processes.TryGetValue(at.Parent, out at)) break;
            }
            foreach (var pid in path) owners[pid] = owner;
        }
        return owners;
    }
}
