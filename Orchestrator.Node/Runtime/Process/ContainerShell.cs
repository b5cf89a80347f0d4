using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Orchestrator.Node.Runtime.Process;

/// <summary>Builds the command lines with which containers and commands in them are started.</summary>
internal static class ContainerShell
{
    public const string StdinFile = "stdin";

    private const string StdinHolderFile = "stdin.pid";

    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>
    /// Leads the session: $0 is the container's directory, the rest its command. It has to outlive the stop signal, which goes to
    /// the whole group, in order to write down how the command ended; a handler that does nothing, unlike an ignored signal, is
    /// not inherited by the command. A process that only holds the input open stands for the clients that may still come.
    /// </summary>
    private const string Script =
        """
        trap : TERM INT HUP QUIT
        exec >>"$0/log" 2>&1
        holder=
        if [ -p "$0/stdin" ]; then
          sh -c 'echo $$ >"$0/stdin.pid"; exec sleep infinity >"$0/stdin" 2>/dev/null' "$0" </dev/null &
          holder=$!
          exec <"$0/stdin"
        else exec </dev/null; fi
        @MOUNTS@
        "$@"
        code=$?
        if [ -n "$holder" ]; then kill $holder 2>/dev/null; fi
        echo $code >"$0/exit.tmp" && mv "$0/exit.tmp" "$0/exit"
        """;

    public static ProcessStartInfo Start(string directory, ContainerSpec spec)
    {
        var command = spec.Command.AddRange(spec.Args);
        if (spec.Stdin) MakeFifo(Path.Combine(directory, StdinFile));
        var mounts = MountsOf(spec);
        if (mounts.Count > 0 && Environment.UserName != "root")
            throw new RuntimeFailureException("CreateContainerError", "this node runs containers as processes of the machine and is not root: it cannot mount volumes");
        Require(command[0], spec);
        var start = new ProcessStartInfo("setsid") { UseShellExecute = false, WorkingDirectory = WorkingDirectory(spec) };
        SetEnvironment(start, spec);
        if (mounts.Count > 0) Add(start, "unshare", "--mount", "--propagation", "slave", "--");
        AddUser(start, spec);
        Add(start, "sh", "-c", Script.Replace("@MOUNTS@", MountCommands(mounts), StringComparison.Ordinal), directory);
        // A terminal of its own, whose other end outlives us as the container does: script copies between it and the files.
        if (spec.Tty) Add(start, "script", "-qefc", string.Join(' ', command.Select(Quote)), "/dev/null");
        else Add(start, [.. command]);
        return start;
    }

    /// <summary>Lets the container's process see the end of its input once no client writes to it.</summary>
    public static void EndInput(string directory)
    {
        var file = Path.Combine(directory, StdinHolderFile);
        if (File.Exists(file) && int.TryParse(File.ReadAllText(file), NumberStyles.None | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var holder)) ProcessSession.Kill(holder);
    }

    /// <summary>The words of a command that runs where the container runs.</summary>
    public static ImmutableArray<string> Enter(ContainerSpec spec, int leader, ImmutableArray<string> command) =>
        MountsOf(spec).Count > 0
            ? ["nsenter", $"--target={leader}", "--mount", $"--wd={WorkingDirectory(spec)}", "--", .. command]
            : command;

    private static List<ContainerMount> MountsOf(ContainerSpec spec) =>
        [.. spec.Mounts.Where(static m => !m.Dispensable && (!m.IfPossible || Environment.UserName == "root"))];

    public static void SetEnvironment(ProcessStartInfo start, ContainerSpec spec)
    {
        start.Environment.Clear();
        start.Environment["PATH"] = DefaultPath;
        start.Environment["HOSTNAME"] = spec.Pod.Name;
        foreach (var (name, value) in spec.Environment) start.Environment[name] = value;
    }

    public static string WorkingDirectory(ContainerSpec spec) => spec.WorkingDirectory.Length > 0 ? spec.WorkingDirectory : "/";

    private static void AddUser(ProcessStartInfo start, ContainerSpec spec)
    {
        if (Environment.UserName != "root" || spec.Security is not { RunAsUser: { } user }) return;
        var groups = spec.Security.SupplementalGroups.IsEmpty ? "--clear-groups" : $"--groups={string.Join(',', spec.Security.SupplementalGroups)}";
        Add(start, "setpriv", $"--reuid={user}", $"--regid={spec.Security.RunAsGroup ?? user}", groups, "--");
    }

    private static string MountCommands(List<ContainerMount> mounts)
    {
        var commands = new StringBuilder();
        foreach (var mount in mounts)
        {
            var (from, to) = (Quote(mount.HostPath), Quote(mount.ContainerPath));
            commands.Append(Directory.Exists(mount.HostPath) ? $"mkdir -p {to}" : $"mkdir -p \"$(dirname {to})\" && touch {to}");
            commands.Append($" && mount --bind {from} {to}");
            if (mount.ReadOnly) commands.Append($" && mount -o remount,ro,bind {to}");
            commands.AppendLine(" || { echo 128 >\"$0/exit.tmp\"; mv \"$0/exit.tmp\" \"$0/exit\"; exit 128; }");
        }
        return commands.ToString();
    }

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static void Require(string program, ContainerSpec spec)
    {
        if (program.Contains('/', StringComparison.Ordinal))
        {
            if (!Path.Exists(Path.Combine(WorkingDirectory(spec), program)) && spec.Mounts.IsEmpty)
                throw new RuntimeFailureException("RunContainerError", $"exec: \"{program}\": stat {program}: no such file or directory");
            return;
        }
        var path = spec.Environment.LastOrDefault(e => e.Key == "PATH").Value ?? DefaultPath;
        if (!path.Split(':').Any(d => File.Exists(Path.Combine(d, program))))
            throw new RuntimeFailureException("RunContainerError", $"exec: \"{program}\": executable file not found in $PATH");
    }

    private static void MakeFifo(string path)
    {
        if (File.Exists(path)) return;
        using var process = System.Diagnostics.Process.Start("mkfifo", [path]);
        process.WaitForExit();
    }

    private static void Add(ProcessStartInfo start, params ReadOnlySpan<string> words)
    {
        foreach (var word in words) start.ArgumentList.Add(word);
    }
}
