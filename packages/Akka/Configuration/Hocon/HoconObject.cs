using HoconCore = global::Hocon;

namespace Akka.Configuration.Hocon;

/// <summary>Keys and values of a configuration object.</summary>
public class HoconObject : IHoconElement
{
    internal HoconObject(HoconCore.HoconObject inner) =>
        Items = inner.ToDictionary(p => p.Key, p => new HoconValue(p.Value));

    public Dictionary<string, HoconValue> Items { get; }

    /// <summary>The values as dictionaries, lists and texts.</summary>
    public IDictionary<string, object> Unwrapped => Items.ToDictionary(p => p.Key, p => p.Value.Inner.Unwrap());

    public HoconValue GetKey(string key) => Items.GetValueOrDefault(key);

    /// <summary>Entries of <paramref name="other"/> win over those of this one.</summary>
    public void Merge(HoconObject other)
    {
        foreach (var (key, value) in other.Items)
            Items[key] = Items.TryGetValue(key, out var own) ? new HoconValue(HoconCore.HoconValue.Merge(value.Inner, own.Inner)) : value;
    }

    public bool IsString() => false;
    public string GetString() => throw new ConfigurationException("An object is no text");
    public bool IsArray() => false;
    public IList<HoconValue> GetArray() => throw new ConfigurationException("An object is no array");
    public override string ToString() => string.Join(", ", Items.Select(p => $"{p.Key} : {p.Value}"));
}

/// <summary>A parsed document.</summary>
public class HoconRoot
{
    public HoconRoot() : this(new HoconValue()) { }

    public HoconRoot(HoconValue value) => Value = value;

    public HoconValue Value { get; }
}

/// <summary>Reads HOCON texts.</summary>
public class Parser
{
    public static HoconRoot Parse(string text, Func<string, HoconRoot> includeCallback) =>
        new(ConfigurationFactory.ParseString(text, includeCallback).Root);
}
