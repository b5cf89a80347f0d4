namespace Hocon;

/// <summary>A parsed document and reads by path. A missing path gives the default, a value of the wrong type an error.</summary>
public class HoconRoot
{
    public HoconRoot() : this(HoconValue.Nothing) { }

    public HoconRoot(HoconValue value) => Value = value ?? HoconValue.Nothing;

    public HoconValue Value { get; }
    public virtual bool IsEmpty => Value.IsEmpty || (Value.IsObject() && Value.GetObject().Count == 0);

    public virtual bool HasPath(string path) => Find(path) is not null;

    /// <summary>The value at the path; null when there is none.</summary>
    public virtual HoconValue GetValue(string path) => Find(path);

    public string GetString(string path, string @default = null) => Read(path, v => v.GetString(), @default);
    public bool GetBoolean(string path, bool @default = false) => Read(path, v => v.GetBoolean(), @default);
    public int GetInt(string path, int @default = 0) => Read(path, v => v.GetInt(), @default);
    public long GetLong(string path, long @default = 0) => Read(path, v => v.GetLong(), @default);
    public float GetFloat(string path, float @default = 0) => Read(path, v => v.GetFloat(), @default);
    public double GetDouble(string path, double @default = 0) => Read(path, v => v.GetDouble(), @default);
    public decimal GetDecimal(string path, decimal @default = 0) => Read(path, v => v.GetDecimal(), @default);
    public long? GetByteSize(string path, long? @default = null) => Read(path, v => v.GetByteSize(), @default);

    public TimeSpan GetTimeSpan(string path, TimeSpan? @default = null, bool allowInfinite = true) =>
        Read(path, v => v.GetTimeSpan(allowInfinite), @default.GetValueOrDefault());

    public IList<string> GetStringList(string path, IList<string> @default = null) =>
        Read(path, v => v.GetStringList(), @default ?? []);

    public IList<int> GetIntList(string path, IList<int> @default = null) => Read(path, v => v.GetIntList(), @default ?? []);
    public IList<long> GetLongList(string path, IList<long> @default = null) => Read(path, v => v.GetLongList(), @default ?? []);
    public HoconObject GetObject(string path) => Read(path, v => v.GetObject(), null);

    /// <summary>The entries of the outermost object.</summary>
    public IEnumerable<KeyValuePair<string, HoconValue>> AsEnumerable() =>
        Value.IsObject() ? Value.GetObject() : [];

    public override string ToString() => PrettyPrint(2);

    /// <summary>HOCON text that parses to the same tree.</summary>
    public string PrettyPrint(int indentSize) =>
        Value.IsObject() ? Value.GetObject().ToString(0, indentSize) : Value.IsEmpty ? "" : Value.ToString(0, indentSize);

    private HoconValue Find(string path)
    {
        var found = Value.Find(HoconPath.Parse(path));
        return found is null || found.IsEmpty ? null : found;
    }

    private T Read<T>(string path, Func<HoconValue, T> read, T missing)
    {
        var value = Find(path);
        if (value is null) return missing;
        try
        {
            return read(value);
        }
        catch (HoconException e)
        {
            throw new HoconException($"{path}: {e.Message}", e);
        }
    }
}
