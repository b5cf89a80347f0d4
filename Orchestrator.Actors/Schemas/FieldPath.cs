using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Orchestrator.Actors.Schemas;

/// <summary>Where a value is in an object. Text is made only when a fault is told.</summary>
/// <remarks>Validation names every place that it looks at, and objects of one kind have the same places: paths that were made lately are
/// found again in a table of fixed size, in which a newer one takes the place of an older one.</remarks>
public sealed class FieldPath
{
    private const int SlotBits = 12;

    /// <summary>Longer names are no fields of ours, and not kept (characters).</summary>
    private const int NameMax = 64;

    private static readonly FieldPath?[] Slots = new FieldPath?[1 << SlotBits];

    private readonly FieldPath? _parent;
    private readonly string? _name;
    private readonly int _index;
    private readonly bool _isKey;
    private readonly uint _hash;

    private FieldPath(FieldPath? parent, string? name, int index, bool isKey, uint hash)
    {
        _hash = hash;
        _parent = parent;
        _name = name;
        _index = index;
        _isKey = isKey;
    }

    /// <summary>The object itself; its text is empty.</summary>
    public static FieldPath Root { get; } = new(null, "", 0, false, 0);

    /// <summary>A path made of an empty name, as upstream names whole objects here and there; its text is <c>[]</c>.</summary>
    public static FieldPath Nameless { get; } = Root.Key("");

    /// <summary>A path from the root, such as <c>spec</c>.</summary>
    public static FieldPath Of(string name) => Root.Child(name);

    public FieldPath Child(string name) => name.Length <= NameMax ? Below(name, 0) : new(this, name, 0, false, 0);

    /// <summary>An element of a list: <c>[3]</c>.</summary>
    public FieldPath Index(int index) => Below(null, index);

    /// <summary>An entry of a map: <c>[key]</c>.</summary>
    public FieldPath Key(string key) => new(this, key, 0, true, 0);

    public override string ToString()
    {
        var text = new StringBuilder();
        Append(text);
        return text.ToString();
    }

    private FieldPath Below(string? name, int index)
    {
        // Names that are equal are nearly always the same string, and its place in memory is a hash that costs nothing to make.
        var hash = (_hash * 0x9E3779B1) ^ ((uint)(name is null ? index : RuntimeHelpers.GetHashCode(name)) * 0x85EBCA77);
        ref var slot = ref Slots[(hash * 0xC2B2AE3D) >> (32 - SlotBits)];
        var known = slot;
        if (known is not null && ReferenceEquals(known._parent, this) && ReferenceEquals(known._name, name) && known._index == index && !known._isKey) return known;
        return slot = new FieldPath(this, name, index, false, hash);
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
