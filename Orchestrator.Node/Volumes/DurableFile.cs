namespace Orchestrator.Node.Volumes;

/// <summary>Writes that survive a power cut once they have returned.</summary>
internal static class DurableFile
{
    /// <summary>Puts new content in place of the old, or leaves the old whole.</summary>
    public static void Replace(string file, ReadOnlySpan<byte> content)
    {
        var next = file + ".tmp";
        using (var stream = new FileStream(next, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }
        File.Move(next, file, overwrite: true);
        FileSystemCalls.FlushDirectory(Path.GetDirectoryName(file)!);
    }
}
