using System.Collections.Immutable;

namespace Orchestrator.Node.Runtime.Process;

/// <summary>Sums what the processes of containers use.</summary>
/// <remarks>
/// A container's processes are those of its leader's session, and all below them: a terminal and a daemon begin sessions of their own.
/// No time is counted twice: while a process lives its time is its own, and when its parent has seen its end, that of its parent.
/// </remarks>
internal static class ProcessMeasure
{
    /// <summary>Ticks of /proc per second. Source: Linux, USER_HZ, 100 on every architecture that we run on.</summary>
    private const double TicksPerSecond = 100;

    /// <param name="leaders">Container ids by the number of the process that leads their session.</param>
    /// <param name="table">The processes of the machine.</param>
    /// <param name="memoryOf">Null for a process that has ended.</param>
    public static ImmutableArray<ContainerUsage> Of(IReadOnlyDictionary<int, string> leaders, IReadOnlyCollection<ProcessStat> table, Func<int, ProcessMemory?> memoryOf)
    {
        var owners = OwnersOf(leaders, table);
        var sums = new Dictionary<string, ContainerUsage>(StringComparer.Ordinal);
        foreach (var process in table)
        {
            if (owners[process.Pid] is not { } id) continue;
            var sum = sums.GetValueOrDefault(id) ?? new ContainerUsage(id, 0, 0, 0);
            var memory = memoryOf(process.Pid) ?? default;
            sums[id] = sum with
            {
                CpuSeconds = sum.CpuSeconds + process.CpuTicks / TicksPerSecond,
                WorkingSetBytes = sum.WorkingSetBytes + memory.Private,
                UsageBytes = sum.UsageBytes + memory.Resident,
            };
        }
        return [.. sums.Values];
    }

    /// <summary>The container of every process, or null.</summary>
    private static Dictionary<int, string?> OwnersOf(IReadOnlyDictionary<int, string> leaders, IReadOnlyCollection<ProcessStat> table)
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
