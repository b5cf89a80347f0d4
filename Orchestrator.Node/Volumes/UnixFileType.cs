using System.Runtime.InteropServices;

namespace Orchestrator.Node.Volumes;

/// <summary>Asks the kernel what kind of file a path is.</summary>
internal static unsafe partial class UnixFileType
{
    private const int CurrentDirectory = -100;
    private const uint TypeMask = 1;
    private const int ModeOffset = 28;
    private const int BufferLength = 256;

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(int directory, string path, int flags, uint mask, byte* buffer);

    /// <summary><c>Socket</c>, <c>CharDevice</c>, <c>BlockDevice</c>, or empty.</summary>
    public static string Of(string path)
    {
        // statx, because its structure is the same on every architecture: the mode is a half word at 28.
        var buffer = stackalloc byte[BufferLength];
        if (Status(CurrentDirectory, path, 0, TypeMask, buffer) != 0) return "";
        return (*(ushort*)(buffer + ModeOffset) & 0xF000) switch
        {
            0xC000 => "Socket",
            0x2000 => "CharDevice",
            0x6000 => "BlockDevice",
            _ => "",
        };
    }
}
