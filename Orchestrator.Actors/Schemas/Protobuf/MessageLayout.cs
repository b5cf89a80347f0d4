using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Orchestrator.Actors.Schemas.Protobuf;

/// <summary>How the helpers of a CustomResourceDefinition's schema, which are several types at once in JSON, are messages.</summary>
/// <remarks>Source: generated.proto of k8s.io/apiextensions-apiserver.</remarks>
internal enum UnionForm : byte
{
    None,

    /// <summary>{1: schema, 2: repeated schemas}</summary>
    SchemaOrList,

    /// <summary>{1: bool, 2: schema}</summary>
    SchemaOrBool,

    /// <summary>{1: schema, 2: repeated strings}</summary>
    SchemaOrStrings,
}

/// <summary>A field of a message, or of a message embedded inline in it.</summary>
/// <param name="Field">What it is in JSON.</param>
/// <param name="Path">Its field number; before it those of the embedded messages around it.</param>
/// <param name="SkipsZero">A zero value on the wire says that it was never set.</param>
internal sealed record MessageSlot(FieldSchema Field, ImmutableArray<int> Path, bool SkipsZero, UnionForm Union)
{
    public int Number => Path[^1];
}

/// <summary>The fields of an object type in the order of their numbers. Made once per type.</summary>
internal sealed class MessageLayout
{
    private static readonly ConditionalWeakTable<TypeSchema, MessageLayout> Layouts = [];

    private readonly Dictionary<string, int> _byName;
    private readonly MessageNode _root = new();

    private MessageLayout(TypeSchema type)
    {
        Type = type;
        Slots = [.. type.Fields.Where(static f => !f.ProtobufPath.IsEmpty)
            .Select(f => new MessageSlot(f, f.ProtobufPath, ZeroValues.MeanUnset(type, f), UnionOf(type, f)))
            .OrderBy(static s => s.Path, Comparer<ImmutableArray<int>>.Create(ComparePaths))];
        _byName = new Dictionary<string, int>(Slots.Length, StringComparer.Ordinal);
        for (var i = 0; i < Slots.Length; i++)
        {
            _byName[Slots[i].Field.Name] = i;
            _root.Add(Slots[i].Path, i);
        }
    }

    public TypeSchema Type { get; }

    public ImmutableArray<MessageSlot> Slots { get; }

    /// <summary>Where the numbers of the message lead to.</summary>
    public MessageNode Root => _root;

    public static MessageLayout Of(TypeSchema type) => Layouts.GetValue(type, static t => new MessageLayout(t));

    /// <summary>The index of the slot for a field of the JSON; -1 for one that has no protobuf form.</summary>
    public int Find(string name) => _byName.GetValueOrDefault(name, -1);

    private static int ComparePaths(ImmutableArray<int> path, ImmutableArray<int> other) => path.AsSpan().SequenceCompareTo(other.AsSpan());

    private static UnionForm UnionOf(TypeSchema type, FieldSchema field) => type.Name != "apiextensions.v1.JSONSchemaProps" ? UnionForm.None : field.Name switch
    {
        "items" => UnionForm.SchemaOrList,
        "additionalItems" or "additionalProperties" => UnionForm.SchemaOrBool,
        "dependencies" => UnionForm.SchemaOrStrings,
        _ => UnionForm.None,
    };
}

/// <summary>What a field number stands for: a slot, or a message embedded inline whose numbers lead on.</summary>
internal sealed class MessageNode
{
    private readonly Dictionary<int, MessageNode> _children = [];

    /// <summary>The index of a slot; -1 for an embedded message.</summary>
    public int Slot { get; private set; } = -1;

    public MessageNode? Child(int number) => _children.GetValueOrDefault(number);

    public void Add(ImmutableArray<int> path, int slot)
    {
        var node = this;
        foreach (var number in path)
        {
            if (!node._children.TryGetValue(number, out var child)) node._children[number] = child = new MessageNode();
            node = child;
        }
        node.Slot = slot;
    }
}
