using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Orchestrator.Node.Runtime.Process;

/// <summary>Runs a command on a pseudo-terminal.</summary>
/// <remarks>
/// A session leader without a terminal that opens one gets it as its controlling terminal. So a shell that setsid started
/// opens the other end as its three streams and becomes the command; no code of ours runs between fork and exec.
/// </remarks>
internal static partial class TerminalProcess
{
    private const int ReadWriteNoControl = 0x2 | 0x100 | 0x80000; // O_RDWR, O_NOCTTY, O_CLOEXEC
    private const nuint SetWindowSize = 0x5414;

    [LibraryImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    private static partial int OpenMaster(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt", SetLastError = true)]
    private static partial int Grant(int master);

    [LibraryImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    private static partial int Unlock(int master);

    [LibraryImport("libc", EntryPoint = "ptsname_r", SetLastError = true)]
    private static unsafe partial int NameOf(int master, byte* buffer, nuint length);

    // The handle and not its number: a number that was closed is soon another file's, and a read may still be waiting.
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static unsafe partial int Control(SafeFileHandle master, nuint request, ushort* size);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint Read(SafeFileHandle master, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(SafeFileHandle master, byte* buffer, nuint length);

    public static async Task<int> RunAsync(ImmutableArray<string> command, ContainerSpec spec, ExecStreams streams, ExecSession session, CancellationToken cancellationToken)
    {
        using var master = Open(out var terminal);
        var start = new ProcessStartInfo("setsid") { UseShellExecute = false, WorkingDirectory = ContainerShell.WorkingDirectory(spec) };
        foreach (var word in (string[])["--", "sh", "-c", "exec <>\"$0\" >&0 2>&0; exec \"$@\"", terminal, .. command]) start.ArgumentList.Add(word);
        ContainerShell.SetEnvironment(start, spec);
        start.Environment.TryAdd("TERM", "xterm");
        // Before the command looks at it.
        if (streams.Resizes is { } resizes && resizes.TryRead(out var size)) SetSize(master, size);
        using var process = PipedProcess.Start(start);
        session.Begin(process.Id);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var input = Task.Run(() => SendAsync(streams.Stdin, master, ended.Token), CancellationToken.None);
        var sizes = Task.Run(() => ResizeAsync(streams, master, ended.Token), CancellationToken.None);
        var output = Task.Run(async () =>
        {
            await CopyAsync(master, streams.Stdout ?? Stream.Null, ended.Token).ConfigureAwait(false);
            session.Note();
        }, CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            await output.ConfigureAwait(false); // ends when the last process on the terminal is gone
            return process.ExitCode;
        }
        finally
        {
            ProcessSession.KillAllBut(process.Id);
            ProcessSession.Kill(process.Id);
            await ended.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(sizes, input).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static unsafe SafeFileHandle Open(out string terminal)
    {
        var master = OpenMaster(ReadWriteNoControl);
        if (master < 0) throw Failure();
        var handle = new SafeFileHandle(master, ownsHandle: true);
        const int length = 128;
        var name = stackalloc byte[length];
        if (Grant(master) != 0 || Unlock(master) != 0 || NameOf(master, name, length) != 0)
        {
            handle.Dispose();
            throw Failure();
        }
        terminal = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name));
        return handle;
    }

    private static RuntimeFailureException Failure() => new("ExecFailed", $"cannot open a terminal: {Marshal.GetLastPInvokeErrorMessage()}");

    private static async Task SendAsync(Stream? from, SafeFileHandle master, CancellationToken cancellationToken)
    {
        if (from is null) return;
        var buffer = new byte[4096];
        while (await from.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            WriteAll(master, buffer.AsSpan(0, read));
    }

    private static async Task CopyAsync(SafeFileHandle master, Stream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[8192];
        while (true)
        {
            var read = ReadSome(master, buffer);
            if (read <= 0) return; // an error is what the kernel says when no process has the terminal open any more
            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            await to.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static unsafe int ReadSome(SafeFileHandle master, byte[] buffer)
    {
        fixed (byte* start = buffer) return (int)Read(master, start, (nuint)buffer.Length);
    }

    private static unsafe void WriteAll(SafeFileHandle master, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint written;
            fixed (byte* start = bytes) written = Write(master, start, (nuint)bytes.Length);
            if (written <= 0) return; // the terminal is gone, and the command with it
            bytes = bytes[(int)written..];
        }
    }

    private static async Task ResizeAsync(ExecStreams streams, SafeFileHandle master, CancellationToken cancellationToken)
    {
        if (streams.Resizes is null) return;
        await foreach (var size in streams.Resizes.ReadAllAsync(cancellationToken).ConfigureAwait(false)) SetSize(master, size);
    }

    /// <summary>Sets the size of the terminal of a container's command, wherever below its leader that runs.</summary>
    public static void Resize(int leader, TerminalSize size)
    {
        foreach (var pid in ProcessSession.DescendantsOf(leader))
        {
            var terminal = new FileInfo($"/proc/{pid}/fd/0").LinkTarget;
            if (terminal?.StartsWith("/dev/pts/", StringComparison.Ordinal) != true) continue;
            try
            {
                using var handle = File.OpenHandle(terminal, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
                SetSize(handle, size);
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has just ended.
            }
        }
    }

    private static unsafe void SetSize(SafeFileHandle master, TerminalSize size)
    {
        var window = stackalloc ushort[4] { (ushort)size.Height, (ushort)size.Width, 0, 0 };
        _ = Control(master, SetWindowSize, window);
    }
}
