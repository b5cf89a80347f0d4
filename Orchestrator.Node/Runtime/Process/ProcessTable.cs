using System.Globalization;

namespace Orchestrator.Node.Runtime.Process;

/// <summary>One process as /proc/PID/stat tells of it.</summary>
/// <param name="CpuTicks">Its own time, of all its threads, and that of the children whose end it has seen, in ticks of USER_HZ.</param>
/// <param name="StartTicks">When it began: with the number, which is used again, it names the process.</param>
internal readonly record struct ProcessStat(int Pid, int Parent, int Session, long CpuTicks, long StartTicks)
{
    /// <summary>Null when the line is not one of stat. Source: proc_pid_stat(5), fields 1 to 22.</summary>
    public static ProcessStat? Parse(string line)
    {
        // The name is in parentheses and may contain anything, also spaces and parentheses.
        var (open, close) = (line.IndexOf(" (", StringComparison.Ordinal), line.LastIndexOf(')'));
        if (open < 0 || close < open || !int.TryParse(line.AsSpan(0, open), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)) return null;
        var fields = line[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 20) return null;
        long Number(int field) => long.TryParse(fields[field - 3], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? n : 0;
        return new ProcessStat(pid, (int)Number(4), (int)Number(6), Number(14) + Number(15) + Number(16) + Number(17), Number(22));
    }
}

/// <summary>Memory of a process in bytes.</summary>
/// <param name="Private">Resident pages that no file stands behind: the kernel cannot drop them.</param>
/// <param name="Resident">All resident pages, also those of programs and libraries that other processes share.</param>
internal readonly record struct ProcessMemory(long Private, long Resident)
{
    /// <summary>Source: proc_pid_statm(5): size, resident, shared ..., in pages.</summary>
    public static ProcessMemory? Parse(string line, int pageBytes)
    {
        var fields = line.Split(' ');
        if (fields.Length < 3
            || !long.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var resident)
            || !long.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var shared)) return null;
        return new ProcessMemory(Math.Max(0, resident - shared) * pageBytes, resident * pageBytes);
    }
}

/// <summary>The processes of the machine.</summary>
internal static class ProcessTable
{
    /// <summary>All of them, also those that have ended and wait for their parents: their time counts.</summary>
    public static List<ProcessStat> Read()
    {
        var table = new List<ProcessStat>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (char.IsAsciiDigit(Path.GetFileName(directory.AsSpan())[0]) && ReadText(Path.Combine(directory, "stat")) is { } text && ProcessStat.Parse(text) is { } stat)
                table.Add(stat);
        }
        return table;
    }

    /// <summary>Null for one that has ended and whose parent knows.</summary>
    public static ProcessStat? Find(int pid) =>
        ReadText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat")) is { } text ? ProcessStat.Parse(text) : null;

    /// <remarks>
    /// Not smaps_rollup, which shares shared pages out fairly: the kernel walks through all pages of the process for it, with its
    /// memory locked, which takes a process of some gigabytes out of its work for tens of milliseconds.
    /// </remarks>
    public static ProcessMemory? MemoryOf(int pid) =>
        ReadText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/statm")) is { } text ? ProcessMemory.Parse(text, Environment.SystemPageSize) : null;

    private static string? ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it has ended
        }
    }
}
