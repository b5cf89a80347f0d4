using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Actors.Resources;

/// <summary>A list of JSON values.</summary>
/// <remarks>Adding or removing while it is enumerated makes the next step of the enumeration throw an
/// <see cref="InvalidOperationException"/>; an element may be replaced.</remarks>
[JsonConverter(typeof(JsonNodeConverter))]
public sealed class JsonArray : JsonNode, IReadOnlyList<JsonNode?>
{
    private const int SizeFirst = 4;

    private JsonNode?[] _items;
    private int _count;
    // How often places changed; negative when nothing changes any more.
    private int _version;

    public JsonArray() => _items = [];

    public JsonArray(params ReadOnlySpan<JsonNode?> items)
    {
        _items = items.ToArray();
        _count = items.Length;
    }

    public int Count => _count;

    public new JsonNode? this[int index]
    {
        get => Get(index);
        set => Set(index, value);
    }

    public void Add(JsonNode? item)
    {
        ThrowIfFrozen();
        if (_count == _items.Length) Grow();
        _items[_count++] = item;
        Changed();
    }

    public void Insert(int index, JsonNode? item)
    {
        ThrowIfFrozen();
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)index, (uint)_count, nameof(index));
        if (_count == _items.Length) Grow();
        _items.AsSpan(index, _count - index).CopyTo(_items.AsSpan(index + 1));
        _items[index] = item;
        _count++;
        Changed();
    }

    public void RemoveAt(int index)
    {
        ThrowIfFrozen();
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_count, nameof(index));
        _items.AsSpan(index + 1, _count - index - 1).CopyTo(_items.AsSpan(index));
        _items[--_count] = null;
        Changed();
    }

    /// <summary>Takes out the first element that is this very node; false if there is none.</summary>
    public bool Remove(JsonNode? item)
    {
        var index = IndexOf(item);
        if (index < 0) return false;
        RemoveAt(index);
        return true;
    }

    /// <summary>The place of the first element that is this very node; -1 if there is none.</summary>
    public int IndexOf(JsonNode? item)
    {
        for (var i = 0; i < _count; i++)
            if (ReferenceEquals(_items[i], item)) return i;
        return -1;
    }

    public void Clear()
    {
        ThrowIfFrozen();
        _items = [];
        _count = 0;
        Changed();
    }

    public override JsonValueKind GetValueKind() => JsonValueKind.Array;

    public override JsonArray DeepClone()
    {
        var copy = new JsonArray(_items.AsSpan(0, _count));
        foreach (ref var item in copy._items.AsSpan())
            if (item is not (null or JsonValue)) item = item.DeepClone();
        return copy;
    }

    public override void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (var item in _items.AsSpan(0, _count))
        {
            if (item is null) writer.WriteNullValue();
            else item.WriteTo(writer);
        }
        writer.WriteEndArray();
    }

    public override void Freeze()
    {
        foreach (ref var item in _items.AsSpan(0, _count)) item?.Freeze();
        _version = -1;
    }

    internal override void WriteTo(JsonText text)
    {
        var separator = (byte)'[';
        foreach (var item in _items.AsSpan(0, _count))
        {
            text.Byte(separator);
            text.Value(item);
            separator = (byte)',';
        }
        if (_count == 0) text.Byte(separator);
        text.Byte((byte)']');
    }

    public Enumerator GetEnumerator() => new(this);

    IEnumerator<JsonNode?> IEnumerable<JsonNode?>.GetEnumerator() => new Enumerator(this);

    IEnumerator IEnumerable.GetEnumerator() => new Enumerator(this);

    internal JsonNode? Get(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_count, nameof(index));
        return _items[index];
    }

    internal void Set(int index, JsonNode? item)
    {
        ThrowIfFrozen();
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_count, nameof(index));
        _items[index] = item;
    }

    private void Changed() => _version = (_version + 1) & int.MaxValue;

    private void ThrowIfFrozen()
    {
        if (_version < 0) throw Frozen();
    }

    private void Grow() => Array.Resize(ref _items, _count == 0 ? SizeFirst : _count * 2);

    /// <summary>The elements in their order.</summary>
    public struct Enumerator : IEnumerator<JsonNode?>
    {
        private readonly JsonArray _list;
        private readonly int _version;
        private int _next;

        internal Enumerator(JsonArray list)
        {
            _list = list;
            _version = list._version;
        }

        public JsonNode? Current { get; private set; }

        readonly object? IEnumerator.Current => Current;

        public bool MoveNext()
        {
            if (_version != _list._version) throw new InvalidOperationException("the list was changed while it was enumerated");
            if (_next == _list._count) return false;
            Current = _list._items[_next++];
            return true;
        }

        void IEnumerator.Reset()
        {
            _next = 0;
            Current = null;
        }

        readonly void IDisposable.Dispose()
        {
        }
    }
}
