using System.Globalization;
using System.Runtime.InteropServices;

namespace Orchestrator.Node.Volumes;

/// <summary>Calls of the system that .NET does not offer.</summary>
internal static partial class FileSystemCalls
{
    private const int EInval = 22, ENoEnt = 2;
    private const int LazyUnmount = 2;
    private const int CloseOnExec = 0x80000; // O_CLOEXEC, and O_RDONLY is 0
    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string type, nuint flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "realpath", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint ResolvePath(string path, nint buffer);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenamePath(string from, string to);

    [LibraryImport("libc", EntryPoint = "free")]
    private static partial void Free(nint pointer);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(int file);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);

    /// <summary>Makes the names in a directory durable: that a file was made, renamed or removed.</summary>
    /// <exception cref="IOException">The directory cannot be opened or written.</exception>
    public static void FlushDirectory(string path)
    {
        var directory = Open(path, CloseOnExec);
        if (directory < 0) throw new IOException($"cannot open {path}: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            if (Flush(directory) != 0) throw new IOException($"cannot flush {path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        finally
        {
            _ = Close(directory);
        }
    }

    /// <summary>Renames one path over another, links themselves and not what they lead to; File.Move refuses a link to a directory.</summary>
    public static void Rename(string from, string to)
    {
        if (RenamePath(from, to) != 0) throw new IOException($"cannot rename {from} to {to}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <exception cref="IOException">The mount failed, most likely for want of privilege.</exception>
    public static void MountTmpfs(string path, long sizeBytes)
    {
        var options = sizeBytes > 0 ? string.Create(CultureInfo.InvariantCulture, $"size={sizeBytes},mode=0777") : "mode=0777";
        if (Mount("tmpfs", path, "tmpfs", 0, options) != 0)
            throw new IOException($"cannot mount a tmpfs at {path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Unmounts what is mounted at the path, if anything is.</summary>
    public static void Unmount(string path)
    {
        if (Unmount(path, LazyUnmount) == 0) return;
        var error = Marshal.GetLastPInvokeError();
        if (error is EInval or ENoEnt || Environment.UserName != "root") return;
        throw new IOException($"cannot unmount {path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Makes a file a user's and a group's; null leaves it as it is.</summary>
    public static void Give(string path, long? user, long? group)
    {
        if (ChangeOwner(path, user is { } u ? (uint)u : uint.MaxValue, group is { } g ? (uint)g : uint.MaxValue) != 0)
            throw new IOException($"cannot give {path} to the user {user} and the group {group}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Makes a directory writable by a group, and what is made in it the group's.</summary>
    public static void GiveToGroup(string path, long group)
    {
        Give(path, null, group);
        File.SetUnixFileMode(path, (UnixFileMode)0x1FF | UnixFileMode.SetGroup);
    }

    /// <summary>The path with every link in it followed.</summary>
    public static string RealPath(string path)
    {
        var result = ResolvePath(path, 0);
        if (result == 0) throw new IOException($"cannot resolve {path}: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            return Marshal.PtrToStringUTF8(result)!;
        }
        finally
        {
            Free(result);
        }
    }

    /// <summary><c>Socket</c>, <c>CharDevice</c>, <c>BlockDevice</c>, or empty for anything else.</summary>
    public static string KindOf(string path) => UnixFileType.Of(path);
}
