namespace Hocon;

/// <summary>A document with the documents it falls back to, merged.</summary>
public class Config : HoconRoot
{
    public static readonly Config Empty = new();

    public Config() { }

    public Config(HoconRoot root) : base(root?.Value) { }

    public Config(HoconValue value) : base(value) { }

    public HoconValue Root => Value;

    /// <summary>A configuration in which values of this one win over those of <paramref name="fallback"/>.</summary>
    public virtual Config WithFallback(Config fallback)
    {
        if (fallback is null || fallback.IsEmpty) return this;
        return IsEmpty ? fallback : new Config(HoconValue.Merge(Value, fallback.Value));
    }

    /// <summary>The part below a path; null when there is none.</summary>
    public Config GetConfig(string path) => GetValue(path) is { } value ? new Config(value) : null;

    public static implicit operator Config(string text) => HoconConfigurationFactory.ParseString(text);
}
