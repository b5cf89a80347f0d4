using System.Collections;
using System.Text;

namespace Hocon;

/// <summary>Keys and values in the order in which they were first written. Read-only once parsed.</summary>
public class HoconObject : IHoconElement, IReadOnlyDictionary<string, HoconValue>
{
    private readonly Dictionary<string, HoconValue> _items = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];

    public HoconType Type => HoconType.Object;
    public int Count => _items.Count;
    public IEnumerable<string> Keys => _order;
    public IEnumerable<HoconValue> Values => _order.Select(k => _items[k]);
    public HoconValue this[string key] => _items[key];

    /// <summary>The tree as dictionaries, lists and strings.</summary>
    public IDictionary<string, object> Unwrapped => _order.ToDictionary(k => k, k => _items[k].Unwrap());

    public bool ContainsKey(string key) => _items.ContainsKey(key);
    public bool TryGetValue(string key, out HoconValue value) => _items.TryGetValue(key, out value);
    public IEnumerator<KeyValuePair<string, HoconValue>> GetEnumerator() =>
        _order.Select(k => KeyValuePair.Create(k, _items[k])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal void Set(string key, HoconValue value)
    {
        if (!_items.ContainsKey(key)) _order.Add(key);
        _items[key] = value;
    }

    /// <summary>A new object: the entries of <paramref name="over"/> win, objects on both sides merge.</summary>
    internal static HoconObject Merge(HoconObject over, HoconObject under)
    {
        if (under.Count == 0) return over;
        if (over.Count == 0) return under;
        var result = new HoconObject();
        foreach (var (key, value) in under) result.Set(key, value);
        foreach (var (key, value) in over)
            result.Set(key, result._items.TryGetValue(key, out var below) ? HoconValue.Merge(value, below) : value);
        return result;
    }

    public override string ToString() => ToString(1, 2);

    /// <summary>HOCON text of the fields, without outer braces when <paramref name="depth"/> is 0.</summary>
    public string ToString(int depth, int indentSize)
    {
        var text = new StringBuilder();
        Render(text, depth, indentSize);
        return text.ToString();
    }

    internal void Render(StringBuilder text, int depth, int indentSize)
    {
        if (depth > 0) text.Append("{\n");
        foreach (var (key, value) in this)
        {
            text.Append(' ', depth * indentSize).Append(HoconPath.RenderKey(key)).Append(" : ");
            value.Render(text, depth + 1, indentSize);
            text.Append('\n');
        }

        if (depth > 0) text.Append(' ', (depth - 1) * indentSize).Append('}');
    }
}
