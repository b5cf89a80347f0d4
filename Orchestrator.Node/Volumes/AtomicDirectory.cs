using System.Collections.Immutable;
using System.Globalization;

namespace Orchestrator.Node.Volumes;

/// <summary>A file of a projected directory.</summary>
/// <param name="Mode">Permission bits.</param>
public sealed record ProjectedFile(byte[] Content, int Mode)
{
    /// <summary>Who owns it, where that is not the node itself.</summary>
    public long? User { get; init; }
    public long? Group { get; init; }
}

/// <summary>Replaces the files of a directory all at once, as containers that read configuration expect it.</summary>
/// <remarks>
/// The files are in a directory with a time in its name; <c>..data</c> links to it, and each file's name links through
/// <c>..data</c>. A change makes a new directory and then renames one link, which is atomic. So has Kubernetes done it, and
/// programs watch for it.
/// </remarks>
public static class AtomicDirectory
{
    private const string DataLink = "..data";

    /// <summary>Writes <paramref name="files"/> (by relative path); does nothing when they are there already.</summary>
    /// <returns>Whether anything changed.</returns>
    public static bool Write(string directory, ImmutableSortedDictionary<string, ProjectedFile> files, DateTimeOffset now)
    {
        Directory.CreateDirectory(directory);
        var data = Path.Combine(directory, DataLink);
        var old = new DirectoryInfo(data).LinkTarget is { } target ? Path.Combine(directory, target) : null;
        if (old is not null && IsSame(old, files)) return false;
        // What an attempt that failed, or was cut off, has left.
        foreach (var stray in Directory.EnumerateDirectories(directory, "..????_??_??_*").Where(d => d != old)) Directory.Delete(stray, recursive: true);

        var name = $"..{now.UtcDateTime.ToString("yyyy_MM_dd_HH_mm_ss", CultureInfo.InvariantCulture)}.{Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal)}";
        var fresh = Path.Combine(directory, name);
        Directory.CreateDirectory(fresh, (UnixFileMode)0x1ED);
        foreach (var (path, file) in files) WriteFile(Path.Combine(fresh, path), file);

        var link = Path.Combine(directory, "..data_tmp");
        File.Delete(link);
        File.CreateSymbolicLink(link, name);
        FileSystemCalls.Rename(link, data);
        LinkNames(directory, files);
        if (old is not null && Directory.Exists(old)) Directory.Delete(old, recursive: true);
        return true;
    }

    private static void WriteFile(string path, ProjectedFile file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, (UnixFileMode)0x1ED);
        File.WriteAllBytes(path, file.Content);
        if (Environment.IsPrivilegedProcess && (file.User ?? file.Group) is not null) FileSystemCalls.Give(path, file.User, file.Group);
        File.SetUnixFileMode(path, (UnixFileMode)(file.Mode & 0xFFF)); // last: a change of the owner takes bits away
    }

    private static void LinkNames(string directory, ImmutableSortedDictionary<string, ProjectedFile> files)
    {
        var names = files.Keys.Select(p => p.Split('/')[0]).ToHashSet(StringComparer.Ordinal);
        foreach (var name in names)
        {
            var link = Path.Combine(directory, name);
            if (!Path.Exists(link) && new FileInfo(link).LinkTarget is null) File.CreateSymbolicLink(link, $"{DataLink}/{name}");
        }
        foreach (var entry in Directory.EnumerateFileSystemEntries(directory))
        {
            var name = Path.GetFileName(entry);
            // Only links are ours: a subPath that names no key is a directory, which somebody may have mounted.
            if (!name.StartsWith("..", StringComparison.Ordinal) && !names.Contains(name) && new FileInfo(entry).LinkTarget is not null) File.Delete(entry);
        }
    }

    private static bool IsSame(string directory, ImmutableSortedDictionary<string, ProjectedFile> files)
    {
        if (!Directory.Exists(directory)) return false;
        var present = Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Count();
        if (present != files.Count) return false;
        foreach (var (path, file) in files)
        {
            var there = new FileInfo(Path.Combine(directory, path));
            if (!there.Exists || there.Length != file.Content.Length || (int)there.UnixFileMode != (file.Mode & 0xFFF)) return false;
            if (!File.ReadAllBytes(there.FullName).AsSpan().SequenceEqual(file.Content)) return false;
        }
        return true;
    }
}
