using System.Globalization;
using System.Runtime.InteropServices;

namespace Orchestrator.Node.Runtime.Process;

/// <summary>Signals to the processes of a container, which are those of one session.</summary>
internal static partial class ProcessSession
{
    public const int Terminate = 15;
    private const int KillSignal = 9;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);

    /// <summary>Signals the leader's process group.</summary>
    public static void Signal(int leader, int signal) => _ = SendSignal(-leader, signal);

    public static void Kill(int pid) => _ = SendSignal(pid, KillSignal);

    /// <summary>Kills every process of the session but its leader, which then writes down the end of the command; and what is below the leader
    /// in sessions of its own, as behind a terminal: that would be left to a hangup, which it may ignore.</summary>
    public static void KillAllBut(int leader)
    {
        // Again until none is left: a process may fork while we read the list.
        for (var round = 0; round < 10; round++)
        {
            var any = false;
            // Who is below is known only while those between are there.
            foreach (var pid in DescendantsOf(leader).Where(IsRunning).Union(MembersOf(leader)).ToList())
            {
                if (pid == leader) continue;
                any |= SendSignal(pid, KillSignal) == 0;
            }
            if (!any) return;
        }
    }

    private static IEnumerable<int> MembersOf(int session)
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)) continue;
            if (StatOf(pid) is { } stat && Field(stat, 3) == session && !IsZombie(stat)) yield return pid;
        }
    }

    private static bool IsRunning(int pid) => StatOf(pid) is { } stat && !IsZombie(stat);

    private static string? StatOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it has ended
        }
    }

    /// <summary>The processes below this one, nearest first.</summary>
    public static IEnumerable<int> DescendantsOf(int pid)
    {
        var below = new Queue<int>([pid]);
        while (below.TryDequeue(out var parent))
        {
            string children;
            try
            {
                children = File.ReadAllText($"/proc/{parent}/task/{parent}/children");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue; // it has ended
            }
            foreach (var child in children.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(c => int.Parse(c, CultureInfo.InvariantCulture)))
            {
                yield return child;
                below.Enqueue(child);
            }
        }
    }

    public static int ParentOf(string stat) => Field(stat, 1);

    public static bool IsZombie(string stat) => Fields(stat)[0] == "Z";

    private static int Field(string stat, int index) =>
        int.TryParse(Fields(stat)[index], NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : -1;

    // After the name, which is in parentheses and may contain anything: state, parent, group, session ...
    private static string[] Fields(string stat) => stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
}
