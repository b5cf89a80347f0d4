using HoconCore = global::Hocon;

namespace Akka.Configuration.Hocon;

/// <summary>A part of a configuration.</summary>
public interface IHoconElement
{
    bool IsString();

    string GetString();

    bool IsArray();

    IList<HoconValue> GetArray();
}

/// <summary>A part that may turn out to be an object.</summary>
public interface IMightBeAHoconObject
{
    bool IsObject();

    HoconObject GetObject();
}

/// <summary>One value of a configuration.</summary>
public class HoconValue : IMightBeAHoconObject, IHoconElement
{
    public HoconValue() : this(new HoconCore.HoconValue()) { }

    internal HoconValue(HoconCore.HoconValue inner) => Inner = inner;

    internal HoconCore.HoconValue Inner { get; }

    public bool IsEmpty => Inner.IsEmpty;
    public bool IsObject() => Inner.IsObject();
    public bool IsArray() => Inner.IsArray();
    public bool IsString() => Inner.IsString();

    public Config ToConfig() => new(new HoconCore.HoconRoot(Inner));

    /// <summary>A configuration that holds this value under a key.</summary>
    public Config AtKey(string key) =>
        ConfigurationFactory.ParseString($"{HoconCore.HoconPath.Render([key])} : {Inner.ToString(1, 2)}");

    public HoconObject GetObject() => Inner.IsObject() ? new HoconObject(Inner.GetObject()) : null;
    public HoconValue GetChildObject(string key) => Inner.GetChildObject(key) is { } child ? new HoconValue(child) : null;
    public string GetString() => Inner.GetString();
    public bool GetBoolean() => Inner.GetBoolean();
    public decimal GetDecimal() => Inner.GetDecimal();
    public float GetFloat() => Inner.GetFloat();
    public double GetDouble() => Inner.GetDouble();
    public long GetLong() => Inner.GetLong();
    public int GetInt() => Inner.GetInt();
    public byte GetByte() => Inner.GetByte();
    public IList<byte> GetByteList() => Inner.GetByteList();
    public IList<int> GetIntList() => Inner.GetIntList();
    public IList<long> GetLongList() => Inner.GetLongList();
    public IList<bool> GetBooleanList() => Inner.GetBooleanList();
    public IList<float> GetFloatList() => Inner.GetFloatList();
    public IList<double> GetDoubleList() => Inner.GetDoubleList();
    public IList<decimal> GetDecimalList() => Inner.GetDecimalList();
    public IList<string> GetStringList() => Inner.GetStringList();
    public IList<HoconValue> GetArray() => [.. Inner.GetArray().Select(v => new HoconValue(v))];
    public TimeSpan GetTimeSpan(bool allowInfinite = true) => Inner.GetTimeSpan(allowInfinite);
    public long? GetByteSize() => Inner.GetByteSize();
    public override string ToString() => Inner.ToString();
}
