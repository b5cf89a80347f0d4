namespace Hocon;

/// <summary>The tree as written, before substitutions have values.</summary>
internal abstract class Node;

internal sealed class LiteralNode(string text, bool quoted) : Node
{
    public string Text => text;
    public bool Quoted => quoted;
}

/// <summary>Blanks between two parts of a concatenation; they count between texts only.</summary>
internal sealed class BlankNode(string text) : Node
{
    public string Text => text;
}

internal sealed class ArrayNode : Node
{
    public List<Node> Items { get; } = [];
}

internal sealed class SubstitutionNode(IReadOnlyList<string> path, bool optional, int line, int position, string origin) : Node
{
    public IReadOnlyList<string> Path => path;
    public bool Optional => optional;
    public int Line => line;
    public int Position => position;
    public string Origin => origin;

    /// <summary>Where the text of this node was included; its paths are tried below this place first.</summary>
    public IReadOnlyList<string> IncludedAt { get; set; } = [];
}

internal sealed class ConcatNode(List<Node> parts) : Node
{
    public List<Node> Parts => parts;
}

/// <summary>Values of one key, oldest first, that cannot be merged before substitutions have values.</summary>
internal sealed class LayeredNode : Node
{
    public List<Node> Layers { get; } = [];
}

internal sealed class ObjectNode : Node
{
    private readonly Dictionary<string, Node> _items = new(StringComparer.Ordinal);

    public List<string> Order { get; } = [];

    public Node this[string key] => _items.GetValueOrDefault(key);

    public void Put(string key, Node value)
    {
        if (!_items.TryGetValue(key, out var old))
        {
            Order.Add(key);
            _items[key] = value;
            return;
        }

        _items[key] = Combine(old, value);
    }

    public void Put(IReadOnlyList<string> path, Node value)
    {
        for (var i = path.Count - 1; i > 0; i--)
        {
            var wrapper = new ObjectNode();
            wrapper.Put(path[i], value);
            value = wrapper;
        }

        Put(path[0], value);
    }

    public void MergeFrom(ObjectNode other)
    {
        foreach (var key in other.Order) Put(key, other[key]);
    }

    private static Node Combine(Node old, Node value)
    {
        if (old is ObjectNode below && value is ObjectNode above)
        {
            below.MergeFrom(above);
            return below;
        }

        // A plain value hides what was before it; a substitution may refer to it or merge with it.
        if (value is LiteralNode or ArrayNode && !HasSubstitution(value)) return value;
        if (value is ObjectNode && old is LiteralNode or ArrayNode) return value;
        if (value is ConcatNode && !HasSubstitution(value)) return value;
        var layered = old as LayeredNode ?? new LayeredNode { Layers = { old } };
        layered.Layers.Add(value);
        return layered;
    }

    private static bool HasSubstitution(Node node) => node switch
    {
        SubstitutionNode => true,
        ConcatNode c => c.Parts.Exists(HasSubstitution),
        ArrayNode a => a.Items.Exists(HasSubstitution),
        ObjectNode o => o.Order.Exists(k => HasSubstitution(o[k])),
        LayeredNode => true,
        _ => false,
    };
}
