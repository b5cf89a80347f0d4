using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Node.Runtime.Process;

/// <summary>What is stored of a container in its directory.</summary>
internal sealed record ProcessRecord(string Id, ContainerSpec Spec)
{
    public const string SpecFile = "container.json";
    public const string PidFile = "pid";
    public const string ExitFile = "exit";
    public const string LogFile = "log";

    public static void Write(string directory, ProcessRecord record)
    {
        Directory.CreateDirectory(directory, (UnixFileMode)0x1C0); // 0700: the environment may hold secrets
        File.WriteAllText(Path.Combine(directory, SpecFile), JsonSerializer.Serialize(record));
        File.WriteAllBytes(Path.Combine(directory, LogFile), []);
    }

    public static ProcessRecord? Read(string directory)
    {
        try
        {
            return JsonSerializer.Deserialize<ProcessRecord>(File.ReadAllText(Path.Combine(directory, SpecFile)));
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null; // not a container, or its making was cut short
        }
    }

    public static void WritePid(string directory, int pid)
    {
        // Whole or not at all: a container whose file is empty would be taken for one whose process is gone.
        var file = Path.Combine(directory, PidFile);
        File.WriteAllText(file + ".tmp", pid.ToString(CultureInfo.InvariantCulture));
        File.Move(file + ".tmp", file, overwrite: true);
    }

    /// <summary>The container as its files and the kernel tell it; null when there is none.</summary>
    public static ContainerState? Inspect(string directory)
    {
        if (Read(directory) is not { } record) return null;
        var pidFile = new FileInfo(Path.Combine(directory, PidFile));
        var state = new ContainerState
        {
            Id = record.Id,
            Pod = record.Spec.Pod,
            Name = record.Spec.Name,
            Attempt = record.Spec.Attempt,
            Image = record.Spec.Image,
            ImageId = record.Spec.ImageId,
            Phase = ContainerPhase.Created,
            StartedAt = pidFile.Exists ? new DateTimeOffset(pidFile.LastWriteTimeUtc) : null,
        };
        if (Ended(state, directory) is { } ended) return ended;
        if (!pidFile.Exists) return state;
        if (RunningPid(directory) is not null) return state with { Phase = ContainerPhase.Running };
        // It may have ended between the two looks.
        if (Ended(state, directory) is { } late) return late;
        var log = new FileInfo(Path.Combine(directory, LogFile));
        return state with { Phase = ContainerPhase.Exited, ExitCode = 137, FinishedAt = log.LastWriteTimeUtc, Error = "the process was killed together with its shell" };
    }

    // Looked up anew each time: a FileInfo remembers that there was no file.
    private static ContainerState? Ended(ContainerState state, string directory)
    {
        var file = new FileInfo(Path.Combine(directory, ExitFile));
        return file.Exists && ReadNumber(file.FullName) is { } code
            ? state with { Phase = ContainerPhase.Exited, ExitCode = code, FinishedAt = file.LastWriteTimeUtc }
            : null;
    }

    /// <summary>The leader of the container's session, if it runs.</summary>
    public static int? RunningPid(string directory)
    {
        if (ReadNumber(Path.Combine(directory, PidFile)) is not { } pid) return null;
        try
        {
            // The number may have been given to another process since; ours has the directory among its arguments.
            var arguments = Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/cmdline"));
            if (arguments.Contains(directory, StringComparison.Ordinal)) return pid;
            // Between fork and exec the child still has our own arguments, and within exec none: it is ours as long as it is our child.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return ProcessSession.ParentOf(stat) == Environment.ProcessId && !ProcessSession.IsZombie(stat) ? pid : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static int? ReadNumber(string path)
    {
        try
        {
            return int.TryParse(File.ReadAllText(path).AsSpan().Trim(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
