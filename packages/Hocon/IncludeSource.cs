namespace Hocon;

/// <summary>Finds the text of an include: a folder, or what the caller gives.</summary>
internal sealed class IncludeSource
{
    private readonly string _folder;
    private readonly HoconIncludeCallbackAsync _callback;

    public IncludeSource(string folder) => _folder = folder;

    public IncludeSource(HoconIncludeCallbackAsync callback) => _callback = callback;

    /// <summary>The text, where it came from, and the source for its own includes; null when there is none.</summary>
    public (string Text, string Origin, IncludeSource Next)? Find(HoconCallbackType type, string name)
    {
        if (_callback is not null)
            return _callback(type, name).GetAwaiter().GetResult() is { } given ? (given, name, this) : null;
        return type switch
        {
            HoconCallbackType.File => FromFile(name),
            HoconCallbackType.Resource => FromResource(name),
            _ => throw new HoconException($"Includes from an address are not supported: {name}"),
        };
    }

    private (string Text, string Origin, IncludeSource Next)? FromFile(string name)
    {
        var path = Path.GetFullPath(Path.Combine(_folder, name));
        if (!File.Exists(path) && File.Exists(path + ".conf")) path += ".conf";
        return File.Exists(path) ? (File.ReadAllText(path), path, new IncludeSource(Path.GetDirectoryName(path))) : null;
    }

    // A resource is written as name?assembly, or as a name alone that some loaded assembly carries.
    private (string Text, string Origin, IncludeSource Next)? FromResource(string name)
    {
        var parts = name.Split('?', 2);
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies())
        {
            if (assembly.IsDynamic || (parts.Length == 2 && assembly.GetName().Name != parts[1])) continue;
            using var stream = assembly.GetManifestResourceStream(parts[0]);
            if (stream is null) continue;
            using var reader = new StreamReader(stream);
            return (reader.ReadToEnd(), name, this);
        }

        return null;
    }
}
