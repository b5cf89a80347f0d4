using System.Text;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>A set of paths to fields, as a tree that is never changed. A path may be in the set without what is below it, and the other way round.</summary>
/// <remarks>Source: structured-merge-diff, fieldpath Set; the operations are its operations. Nodes are sorted, so that each operation is
/// one walk over both trees, and parts that an operation leaves alone are shared.</remarks>
internal sealed class FieldSet : IEquatable<FieldSet>
{
    private readonly FieldNode[] _nodes;

    private FieldSet(FieldNode[] nodes) => _nodes = nodes;

    public static FieldSet Empty { get; } = new([]);

    public bool IsEmpty => _nodes.Length == 0;

    public ReadOnlySpan<FieldNode> Nodes => _nodes;

    /// <summary>The set of these nodes, which may come in any order, each element once; nodes that say nothing are left out.</summary>
    public static FieldSet Of(List<FieldNode>? nodes)
    {
        if (nodes is null or { Count: 0 }) return Empty;
        var all = nodes.ToArray();
        for (var i = 1; i < all.Length; i++)
        {
            if (all[i - 1].Element.CompareTo(all[i].Element) <= 0) continue;
            Array.Sort(all, static (a, b) => a.Element.CompareTo(b.Element));
            break;
        }
        return new FieldSet(all);
    }

    /// <summary>The set with one path.</summary>
    public static FieldSet Path(params ReadOnlySpan<FieldElement> path)
    {
        var set = Empty;
        for (var i = path.Length - 1; i >= 0; i--) set = new FieldSet([new FieldNode(path[i], i == path.Length - 1, set.IsEmpty ? null : set)]);
        return set;
    }

    /// <summary>The set with one path of field names.</summary>
    public static FieldSet Path(params ReadOnlySpan<string> names)
    {
        var path = new FieldElement[names.Length];
        for (var i = 0; i < path.Length; i++) path[i] = FieldElement.Field(names[i]);
        return Path(path);
    }

    public FieldNode? Find(FieldElement element)
    {
        int low = 0, high = _nodes.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = _nodes[middle].Element.CompareTo(element);
            if (order == 0) return _nodes[middle];
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }
        return null;
    }

    /// <summary>The path itself is in the set.</summary>
    public bool Has(params ReadOnlySpan<FieldElement> path)
    {
        var set = this;
        for (var i = 0; i < path.Length; i++)
        {
            if (set.Find(path[i]) is not { } node) return false;
            if (i == path.Length - 1) return node.Member;
            if (node.Children is null) return false;
            set = node.Children;
        }
        return false;
    }

    public FieldSet Union(FieldSet other)
    {
        if (other.IsEmpty || ReferenceEquals(this, other)) return this;
        return IsEmpty ? other : Merge(this, other, static (a, b) => (a, b) switch
        {
            ({ } x, null) => x,
            (null, { } y) => y,
            ({ } x, { } y) => new FieldNode(x.Element, x.Member || y.Member, Both(x.Children, y.Children, static (l, r) => l.Union(r), keepOne: true)),
            _ => null,
        });
    }

    public FieldSet Intersection(FieldSet other) => IsEmpty || other.IsEmpty ? Empty : Merge(this, other, static (a, b) =>
        a is { } x && b is { } y ? new FieldNode(x.Element, x.Member && y.Member, Both(x.Children, y.Children, static (l, r) => l.Intersection(r), keepOne: false)) : null);

    /// <summary>What is in this set and not in <paramref name="other"/>, path by path.</summary>
    public FieldSet Difference(FieldSet other) => IsEmpty || other.IsEmpty ? this : Merge(this, other, static (a, b) => (a, b) switch
    {
        ({ } x, null) => x,
        ({ } x, { } y) => new FieldNode(x.Element, x.Member && !y.Member, x.Children is null || y.Children is null ? x.Children : x.Children.Difference(y.Children)),
        _ => null,
    });

    /// <summary>What is in this set, and neither in <paramref name="other"/> nor below a path that is.</summary>
    public FieldSet RecursiveDifference(FieldSet other) => IsEmpty || other.IsEmpty ? this : Merge(this, other, static (a, b) => (a, b) switch
    {
        ({ } x, null) => x,
        ({ } x, { } y) when !y.Member => new FieldNode(x.Element, x.Member, x.Children is null || y.Children is null ? x.Children : x.Children.RecursiveDifference(y.Children)),
        _ => null,
    });

    /// <summary>What is at or below one path of field names.</summary>
    public FieldSet Below(string name) => Find(FieldElement.Field(name)) is { } node ? new FieldSet([node]) : Empty;

    /// <summary>The paths below which there is nothing.</summary>
    public FieldSet Leaves()
    {
        var nodes = new List<FieldNode>(_nodes.Length);
        foreach (var node in _nodes)
        {
            var children = node.Children?.Leaves();
            if (children is { IsEmpty: false }) nodes.Add(new FieldNode(node.Element, false, children));
            else if (node.Member) nodes.Add(new FieldNode(node.Element, true, null));
        }
        return Of(nodes);
    }

    /// <summary>Every path, those of this level first.</summary>
    public IEnumerable<string> Paths() => Paths("");

    public bool Equals(FieldSet? other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (other is null || other._nodes.Length != _nodes.Length) return false;
        for (var i = 0; i < _nodes.Length; i++)
        {
            var (a, b) = (_nodes[i], other._nodes[i]);
            if (a.Element != b.Element || a.Member != b.Member || !(a.Children ?? Empty).Equals(b.Children ?? Empty)) return false;
        }
        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as FieldSet);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var node in _nodes) hash.Add(node.Element);
        return hash.ToHashCode();
    }

    public override string ToString() => string.Join(' ', Paths());

    private IEnumerable<string> Paths(string prefix)
    {
        foreach (var node in _nodes)
            if (node.Member) yield return prefix + node.Element;
        foreach (var node in _nodes)
            foreach (var path in node.Children?.Paths(prefix + node.Element) ?? []) yield return path;
    }

    private static FieldSet? Both(FieldSet? a, FieldSet? b, Func<FieldSet, FieldSet, FieldSet> combine, bool keepOne) =>
        a is not null && b is not null ? combine(a, b) : keepOne ? a ?? b : null;

    private static FieldSet Merge(FieldSet left, FieldSet right, Func<FieldNode?, FieldNode?, FieldNode?> choose)
    {
        var nodes = new List<FieldNode>(left._nodes.Length);
        int l = 0, r = 0;
        while (l < left._nodes.Length || r < right._nodes.Length)
        {
            var order = l == left._nodes.Length ? 1 : r == right._nodes.Length ? -1 : left._nodes[l].Element.CompareTo(right._nodes[r].Element);
            FieldNode? a = order <= 0 ? left._nodes[l++] : null;
            FieldNode? b = order >= 0 ? right._nodes[r++] : null;
            if (choose(a, b) is { } node && (node.Member || node.Children is { IsEmpty: false })) nodes.Add(node);
        }
        return nodes.Count == 0 ? Empty : new FieldSet([.. nodes]);
    }
}

/// <summary>One step of a set: whether the path that ends with it is in the set, and what is below.</summary>
internal readonly record struct FieldNode(FieldElement Element, bool Member, FieldSet? Children)
{
    public override string ToString()
    {
        var text = new StringBuilder(Element.ToString());
        if (Member) text.Append('*');
        return Children is null ? text.ToString() : text.Append('(').Append(Children).Append(')').ToString();
    }
}
