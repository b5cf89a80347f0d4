using System.Globalization;
using System.Text;

namespace Orchestrator.Actors.Schemas;

/// <summary>Where a value is in an object. Text is made only when a fault is told.</summary>
public sealed class FieldPath
{
    private readonly FieldPath? _parent;
    private readonly string? _name;
    private readonly int _index;
    private readonly bool _isKey;

    private FieldPath(FieldPath? parent, string? name, int index, bool isKey)
    {
        _parent = parent;
        _name = name;
        _index = index;
        _isKey = isKey;
    }

    /// <summary>The object itself; its text is empty.</summary>
    public static FieldPath Root { get; } = new(null, "", 0, false);

    /// <summary>A path made of an empty name, as upstream names whole objects here and there; its text is <c>[]</c>.</summary>
    public static FieldPath Nameless { get; } = Root.Key("");

    /// <summary>A path from the root, such as <c>spec</c>.</summary>
    public static FieldPath Of(string name) => Root.Child(name);

    public FieldPath Child(string name) => new(this, name, 0, false);

    /// <summary>An element of a list: <c>[3]</c>.</summary>
    public FieldPath Index(int index) => new(this, null, index, false);

    /// <summary>An entry of a map: <c>[key]</c>.</summary>
    public FieldPath Key(string key) => new(this, key, 0, true);

    public override string ToString()
    {
        var text = new StringBuilder();
        Append(text);
        return text.ToString();
    }

    private void Append(StringBuilder text)
    {
        _parent?.Append(text);
        if (_name is null) text.Append('[').Append(_index.ToString(CultureInfo.InvariantCulture)).Append(']');
        else if (_isKey) text.Append('[').Append(_name).Append(']');
        else if (text.Length > 0) text.Append('.').Append(_name);
        else text.Append(_name);
    }
}
