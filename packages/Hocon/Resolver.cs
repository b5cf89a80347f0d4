using System.Text;

namespace Hocon;

/// <summary>Gives substitutions their values: the document first, then the environment.</summary>
internal sealed class Resolver(ObjectNode root)
{
    private readonly Dictionary<Node, HoconValue> _done = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Node> _open = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<LayeredNode, (int Layer, HoconValue Below)> _layers = new(ReferenceEqualityComparer.Instance);

    public HoconValue Resolve() => Value(root);

    /// <summary>The value of a document that is not an object.</summary>
    public HoconValue ResolveAlone(Node document) => Value(document) ?? HoconValue.Nothing;

    /// <summary>The value of a node; null when it is an optional substitution without one.</summary>
    private HoconValue Value(Node node)
    {
        if (_done.TryGetValue(node, out var done)) return done;
        // A cycle ends here: the inner occurrence sees nothing, as if it was not written.
        if (node is not LayeredNode && node is not ObjectNode && !_open.Add(node)) return null;
        var value = node switch
        {
            LiteralNode l => new HoconValue(l.Text, l.Quoted),
            ObjectNode o => Object(o),
            ArrayNode a => new HoconValue(a.Items.Select(Value).Where(v => v is not null).ToList()),
            SubstitutionNode s => Substitute(s),
            ConcatNode c => Concat(c),
            LayeredNode l => Layered(l),
            _ => null,
        };
        _open.Remove(node);
        _done[node] = value;
        return value;
    }

    private HoconValue Object(ObjectNode node)
    {
        var result = new HoconObject();
        foreach (var key in node.Order)
            if (Value(node[key]) is { } value)
                result.Set(key, value);
        return new HoconValue(result);
    }

    private HoconValue Layered(LayeredNode node)
    {
        if (_layers.TryGetValue(node, out var at)) return at.Below;
        HoconValue below = null;
        for (var i = 0; i < node.Layers.Count; i++)
        {
            _layers[node] = (i, below);
            var value = Value(node.Layers[i]);
            if (value is not null) below = below is null ? value : HoconValue.Merge(value, below);
        }

        _layers.Remove(node);
        return below;
    }

    private HoconValue Substitute(SubstitutionNode node)
    {
        for (var depth = node.IncludedAt.Count; depth >= 0; depth -= Math.Max(depth, 1))
            if (Lookup(root, [.. node.IncludedAt.Take(depth), .. node.Path], 0) is { } found)
                return found;
        var name = HoconPath.Render(node.Path);
        if (Environment.GetEnvironmentVariable(string.Join('.', node.Path)) is { } fromEnvironment)
            return new HoconValue(fromEnvironment, true);
        return node.Optional ? null
            : throw new HoconParserException($"The substitution ${{{name}}} has no value", node.Line, node.Position, node.Origin);
    }

    private HoconValue Lookup(Node node, IReadOnlyList<string> path, int from)
    {
        if (from == path.Count) return Value(node);
        switch (node)
        {
            case ObjectNode o:
                return o[path[from]] is { } child ? Lookup(child, path, from + 1) : null;
            case LayeredNode l when _layers.TryGetValue(l, out var at):
                var rest = path.Skip(from).ToList();
                return (l.Layers[at.Layer] is ObjectNode own ? Lookup(own, path, from) : null) ?? at.Below?.Find(rest);
            default:
                return _open.Contains(node) ? null : Value(node)?.Find([.. path.Skip(from)]);
        }
    }

    private HoconValue Concat(ConcatNode node)
    {
        HoconValue sum = null;
        var text = new StringBuilder();
        var blank = "";
        var quoted = false;
        var texts = 0;
        foreach (var part in node.Parts)
        {
            if (part is BlankNode b) { blank += b.Text; continue; }
            var value = Value(part);
            if (value is null) continue;
            if (value.IsString())
            {
                if (sum is not null) throw new HoconParserException("A text cannot be joined to an object or array");
                if (texts++ > 0) text.Append(blank);
                text.Append(value.GetString() ?? "null");
                quoted |= part is LiteralNode { Quoted: true };
            }
            else
            {
                if (texts > 0 || (sum is not null && sum.IsArray() != value.IsArray()))
                    throw new HoconParserException("Only objects join to objects and arrays to arrays");
                sum = sum is null ? value
                    : value.IsArray() ? new HoconValue([.. sum.GetArray(), .. value.GetArray()])
                    : HoconValue.Merge(value, sum);
            }

            blank = "";
        }

        return texts > 0 ? new HoconValue(text.ToString(), quoted) : sum;
    }
}
