using Akka.Configuration.Hocon;
using HoconCore = global::Hocon;

namespace Akka.Configuration;

/// <summary>Settings by path. A missing path gives the default; a value of the wrong type is an error.</summary>
public class Config
{
    private readonly HoconCore.HoconRoot _merged;

    public Config() : this(new HoconCore.HoconRoot()) { }

    public Config(HoconRoot root) : this(new HoconCore.HoconRoot(root?.Value?.Inner)) { }

    public Config(Config source, Config fallback)
    {
        ArgumentNullException.ThrowIfNull(source);
        Fallback = fallback;
        _merged = new HoconCore.Config(source._merged).WithFallback(fallback is null ? null : new HoconCore.Config(fallback._merged));
    }

    internal Config(HoconCore.HoconRoot merged) => _merged = merged;

    /// <summary>What this was last given to fall back to.</summary>
    public Config Fallback { get; }

    public virtual bool IsEmpty => _merged.IsEmpty;
    public virtual HoconValue Root => new(_merged.Value);

    public virtual bool HasPath(string path) => _merged.HasPath(path);
    public HoconValue GetValue(string path) => _merged.GetValue(path) is { } value ? new HoconValue(value) : null;
    public virtual string GetString(string path, string @default = null) => _merged.GetString(path, @default);
    public virtual bool GetBoolean(string path, bool @default = false) => _merged.GetBoolean(path, @default);
    public virtual int GetInt(string path, int @default = 0) => _merged.GetInt(path, @default);
    public virtual long GetLong(string path, long @default = 0) => _merged.GetLong(path, @default);
    public virtual float GetFloat(string path, float @default = 0) => _merged.GetFloat(path, @default);
    public virtual double GetDouble(string path, double @default = 0) => _merged.GetDouble(path, @default);
    public virtual decimal GetDecimal(string path, decimal @default = 0) => _merged.GetDecimal(path, @default);
    public virtual long? GetByteSize(string path) => GetByteSize(path, null);
    public virtual long? GetByteSize(string path, long? def = null) => _merged.GetByteSize(path, def);
    public virtual IList<int> GetIntList(string path) => _merged.GetIntList(path);
    public virtual IList<long> GetLongList(string path) => _merged.GetLongList(path);
    public virtual IList<string> GetStringList(string path) => _merged.GetStringList(path);
    public virtual IList<string> GetStringList(string path, string[] defaultPaths) => _merged.GetStringList(path, defaultPaths);

    /// <summary>A duration; -1 ms stands for "infinite".</summary>
    public virtual TimeSpan GetTimeSpan(string path, TimeSpan? @default = null, bool allowInfinite = true) =>
        _merged.GetTimeSpan(path, @default, allowInfinite);

    /// <summary>The settings below a path; null when there are none.</summary>
    public virtual Config GetConfig(string path) =>
        _merged.GetValue(path) is { } value ? new Config(new HoconCore.HoconRoot(value)) : null;

    /// <summary>Settings of this one win over those of <paramref name="fallback"/>.</summary>
    public virtual Config WithFallback(Config fallback)
    {
        if (ReferenceEquals(fallback, this)) throw new ArgumentException("A configuration cannot fall back to itself", nameof(fallback));
        return fallback is null || fallback.IsEmpty ? this : IsEmpty ? fallback : new Config(this, fallback);
    }

    public virtual IEnumerable<KeyValuePair<string, HoconValue>> AsEnumerable() =>
        _merged.AsEnumerable().Select(p => KeyValuePair.Create(p.Key, new HoconValue(p.Value)));

    /// <summary>HOCON text that parses to the same settings.</summary>
    public override string ToString() => _merged.ToString();

    public string ToString(bool includeFallback) => ToString();

    public static Config operator +(Config config, string fallback) => config.WithFallback(ConfigurationFactory.ParseString(fallback));
    public static Config operator +(string configHocon, Config fallbackConfig) =>
        ConfigurationFactory.ParseString(configHocon).WithFallback(fallbackConfig);

    public static implicit operator Config(string str) => ConfigurationFactory.ParseString(str);
}

/// <summary>Null-tolerant merging.</summary>
public static class ConfigExtensions
{
    public static Config SafeWithFallback(this Config config, Config fallback) =>
        config is null ? fallback : ReferenceEquals(config, fallback) ? config : config.WithFallback(fallback);

    public static bool IsNullOrEmpty(this Config config) => config is null || config.IsEmpty;
}
