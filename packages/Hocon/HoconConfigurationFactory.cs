using System.Reflection;

namespace Hocon;

/// <summary>Where configurations come from: texts, files and embedded resources.</summary>
public static class HoconConfigurationFactory
{
    public static Config Empty => Config.Empty;

    public static Config ParseString(string hocon) => new(HoconParser.Parse(hocon));

    public static Config ParseString(string hocon, HoconIncludeCallbackAsync includeCallback) =>
        new(HoconParser.Parse(hocon, includeCallback));

    /// <summary>Reads a file; includes in it are relative to its folder.</summary>
    public static Config FromFile(string filePath)
    {
        var full = Path.GetFullPath(filePath);
        return new Config(HoconParser.ParseFile(full));
    }

    /// <summary>The first of app.conf and app.hocon in the folder of the program; empty when there is neither.</summary>
    public static Config Default()
    {
        foreach (var name in (string[])["app.conf", "app.hocon"])
        {
            var path = Path.Combine(AppContext.BaseDirectory, name);
            if (File.Exists(path)) return FromFile(path);
        }

        return Empty;
    }

    public static Config Load() => Default();

    public static Config FromResource<TAssembly>(string resourceName) => FromResource(resourceName, typeof(TAssembly).Assembly);

    public static Config FromResource(string resourceName, object instanceInAssembly) => instanceInAssembly switch
    {
        Assembly assembly => FromResource(resourceName, assembly),
        Type type => FromResource(resourceName, type.Assembly),
        _ => FromResource(resourceName, instanceInAssembly.GetType().Assembly),
    };

    /// <summary>Reads an embedded resource; a missing one is an error.</summary>
    public static Config FromResource(string resourceName, Assembly assembly)
    {
        using var stream = assembly.GetManifestResourceStream(resourceName)
            ?? throw new HoconException($"No resource {resourceName} in {assembly.GetName().Name}");
        using var reader = new StreamReader(stream);
        return ParseString(reader.ReadToEnd());
    }
}

/// <summary>The same entry points under the shorter name.</summary>
public static class ConfigurationFactory
{
    public static Config Empty => Config.Empty;

    public static Config ParseString(string hocon) => HoconConfigurationFactory.ParseString(hocon);

    public static Config ParseString(string hocon, HoconIncludeCallbackAsync includeCallback) =>
        HoconConfigurationFactory.ParseString(hocon, includeCallback);

    public static Config FromResource<TAssembly>(string resourceName) => HoconConfigurationFactory.FromResource<TAssembly>(resourceName);
}
