using System.Collections.Immutable;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Cel.Values;

/// <summary>A list, whatever backs it.</summary>
public abstract class CelList : CelValue
{
    public abstract int Count { get; }

    public abstract CelValue this[int index] { get; }

    public override CelType Type => CelType.DynList;

    public override long CostSize => Count;

    public bool Contains(CelValue value)
    {
        for (var i = 0; i < Count; i++)
            if (this[i].SameAs(value)) return true;
        return false;
    }

    /// <summary>This list and then the other; lists with keys merge instead.</summary>
    public virtual CelList Concat(CelList other) => other.Count == 0 ? this : Count == 0 ? other : new CelConcat(this, other);

    public override bool SameAs(CelValue other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (other is not CelList list || list.Count != Count) return false;
        for (var i = 0; i < Count; i++)
            if (!this[i].SameAs(list[i])) return false;
        return true;
    }

    public override JsonNode? ToJson()
    {
        var list = new JsonArray();
        for (var i = 0; i < Count; i++) list.Add(this[i].ToJson());
        return list;
    }

    private sealed class CelConcat(CelList left, CelList right) : CelList
    {
        private readonly int _left = left.Count;

        public override int Count { get; } = left.Count + right.Count;

        public override CelValue this[int index] => index < _left ? left[index] : right[index - _left];

        // A chain of additions must not become a chain of look-ups.
        public override CelList Concat(CelList other)
        {
            var all = new List<CelValue>(Count + other.Count);
            for (var i = 0; i < Count; i++) all.Add(this[i]);
            for (var i = 0; i < other.Count; i++) all.Add(other[i]);
            return new CelValues(all);
        }
    }
}

/// <summary>A list of values at hand.</summary>
public sealed class CelValues(IReadOnlyList<CelValue> items) : CelList
{
    public static CelValues Empty { get; } = new([]);

    public override int Count => items.Count;

    public override CelValue this[int index] => items[index];
}

/// <summary>A list that a comprehension grows in place; nobody else sees it before it is done.</summary>
internal sealed class CelListBuilder : CelList
{
    private readonly List<CelValue> _items = [];

    public override int Count => _items.Count;

    public override CelValue this[int index] => _items[index];

    public void Add(CelValue item) => _items.Add(item);

    public override CelList Concat(CelList other)
    {
        for (var i = 0; i < other.Count; i++) _items.Add(other[i]);
        return this;
    }

    public CelList Done() => new CelValues(_items);
}

/// <summary>A map or an object, whatever backs it.</summary>
public abstract class CelMap : CelValue
{
    public abstract int Count { get; }

    public abstract IEnumerable<CelValue> Keys { get; }

    /// <summary>Null when there is no such key.</summary>
    public abstract CelValue? Find(CelValue key);

    /// <summary>The value at a name, which for an object is a field; null when there is none.</summary>
    public virtual CelValue? Find(string name) => Find(new CelString(name));

    public override CelType Type => CelType.DynMap;

    public override long CostSize => Count;

    public override bool SameAs(CelValue other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (other is not CelMap map || map.Count != Count) return false;
        foreach (var key in Keys)
            if (map.Find(key) is not { } value || Find(key) is not { } own || !own.SameAs(value)) return false;
        return true;
    }

    public override JsonNode? ToJson()
    {
        var tree = new JsonObject();
        foreach (var key in Keys) tree[CelText.Show(key)] = Find(key)?.ToJson();
        return tree;
    }
}

/// <summary>A map of values at hand, in the order in which they were put in.</summary>
public sealed class CelTable : CelMap
{
    private readonly Dictionary<CelValue, CelValue> _entries = new(CelKeys.Instance);

    public static CelTable Empty { get; } = new();

    public override int Count => _entries.Count;

    public override IEnumerable<CelValue> Keys => _entries.Keys;

    public static CelTable Of(params ReadOnlySpan<(string Name, CelValue Value)> entries)
    {
        var table = new CelTable();
        foreach (var (name, value) in entries) table.TryAdd(new CelString(name), value);
        return table;
    }

    public override CelValue? Find(CelValue key) => _entries.GetValueOrDefault(key);

    internal bool TryAdd(CelValue key, CelValue value) => _entries.TryAdd(key, value);

    internal CelTable Copy()
    {
        var copy = new CelTable();
        foreach (var (key, value) in _entries) copy._entries.Add(key, value);
        return copy;
    }
}

/// <summary>Keys of maps: 1, 1u and 1.0 are one key.</summary>
internal sealed class CelKeys : IEqualityComparer<CelValue>
{
    public static CelKeys Instance { get; } = new();

    public bool Equals(CelValue? x, CelValue? y) => x is not null && y is not null && x.SameAs(y);

    public int GetHashCode(CelValue value) => value switch
    {
        CelString s => s.Value.GetHashCode(StringComparison.Ordinal),
        CelInt i => ((double)i.Value).GetHashCode(),
        CelUint u => ((double)u.Value).GetHashCode(),
        CelDouble d => d.Value.GetHashCode(),
        CelBool b => b.Value ? 1 : 2,
        _ => 0,
    };
}

/// <summary>A map whose values are computed when they are first asked for: the variables of a policy.</summary>
/// <param name="names">All keys.</param>
/// <param name="compute">The value of a key; called once for each.</param>
public sealed class CelLazyMap(ImmutableArray<string> names, Func<string, CelValue> compute) : CelMap
{
    private readonly Dictionary<string, CelValue> _known = new(StringComparer.Ordinal);

    public override int Count => names.Length;

    public override IEnumerable<CelValue> Keys => names.Select(static n => new CelString(n));

    public override CelValue? Find(CelValue key) => key is CelString name ? Find(name.Value) : null;

    public override CelValue? Find(string name)
    {
        if (_known.TryGetValue(name, out var value)) return value;
        if (!names.Contains(name)) return null;
        return _known[name] = compute(name);
    }
}
