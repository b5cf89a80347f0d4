using System.Reflection;
using Akka.Configuration.Hocon;
using HoconCore = global::Hocon;

namespace Akka.Configuration;

/// <summary>Where configurations come from.</summary>
public class ConfigurationFactory
{
    private static readonly Lazy<Config> Reference = new(() => FromResource("Akka.Configuration.reference.conf", typeof(Config).Assembly));

    public static Config Empty => ParseString("");

    public static Config ParseString(string hocon) => new(HoconCore.HoconParser.Parse(hocon));

    /// <summary>Parses a text; the callback gives the content of each include.</summary>
    public static Config ParseString(string hocon, Func<string, HoconRoot> includeCallback) =>
        new(HoconCore.HoconParser.Parse(hocon, (_, name) => Task.FromResult(includeCallback(name) is { } root
            ? new HoconCore.HoconRoot(root.Value.Inner).ToString() : null)));

    /// <summary>The settings of app.conf or app.hocon beside the program; empty when there is neither.</summary>
    public static Config Load() => new((HoconCore.HoconRoot)HoconCore.HoconConfigurationFactory.Load());

    /// <summary>The defaults of this package.</summary>
    public static Config Default() => Reference.Value;

    public static Config FromResource(string resourceName, object instanceInAssembly) => instanceInAssembly switch
    {
        Assembly assembly => FromResource(resourceName, assembly),
        Type type => FromResource(resourceName, type.Assembly),
        _ => FromResource(resourceName, instanceInAssembly.GetType().Assembly),
    };

    public static Config FromResource<TAssembly>(string resourceName) => FromResource(resourceName, typeof(TAssembly).Assembly);

    public static Config FromResource(string resourceName, Assembly assembly)
    {
        using var stream = assembly.GetManifestResourceStream(resourceName)
            ?? throw new ConfigurationException($"No resource {resourceName} in {assembly.GetName().Name}");
        using var reader = new StreamReader(stream);
        return ParseString(reader.ReadToEnd());
    }
}
