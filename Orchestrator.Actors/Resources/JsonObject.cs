using System.Collections;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Actors.Resources;

/// <summary>A JSON object: values by their names, in the order in which the names came.</summary>
/// <remarks>
/// Most objects have a handful of fields, whose names mostly are the very strings that the code looks for: they are looked through.
/// An object with many fields has an index, since clients choose how many there are. Adding or removing while it is enumerated makes
/// the next step of the enumeration throw an <see cref="InvalidOperationException"/>; a value may be replaced.
/// </remarks>
[JsonConverter(typeof(JsonNodeConverter))]
public sealed class JsonObject : JsonNode, IEnumerable<KeyValuePair<string, JsonNode?>>
{
    private const int SizeFirst = 4;

    /// <summary>Objects with more fields have an index.</summary>
    private const int ScannedMax = 16;

    private Field[] _fields = [];
    private int _count;
    // How often places changed; negative when nothing changes any more.
    private int _version;
    private JsonObjectIndex? _index;

    public JsonObject()
    {
    }

    /// <exception cref="ArgumentException">A name comes twice.</exception>
    public JsonObject(IEnumerable<KeyValuePair<string, JsonNode?>> fields)
    {
        foreach (var (name, value) in fields) Add(name, value);
    }

    private struct Field
    {
        public string Name;
        public JsonNode? Value;
    }

    public int Count => _count;

    /// <summary>Nothing changes any more (<see cref="JsonNode.Freeze"/>).</summary>
    public bool IsFrozen => _version < 0;

    public new JsonNode? this[string name]
    {
        get => Get(name);
        set => Set(name, value);
    }

    /// <summary>Puts a field at the end.</summary>
    /// <exception cref="ArgumentException">There is one of that name.</exception>
    public void Add(string name, JsonNode? value)
    {
        if (!TryAdd(name, value)) throw new ArgumentException($"the object has a field {name} already", nameof(name));
    }

    /// <inheritdoc cref="Add(string, JsonNode)"/>
    public void Add(KeyValuePair<string, JsonNode?> field) => Add(field.Key, field.Value);

    /// <summary>Puts a field at the end; false, and nothing happens, if there is one of that name.</summary>
    public bool TryAdd(string name, JsonNode? value)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (IndexOf(name) >= 0) return false;
        Append(name, value);
        return true;
    }

    /// <summary>Puts a field at a place.</summary>
    /// <exception cref="ArgumentException">There is one of that name.</exception>
    public void Insert(int index, string name, JsonNode? value)
    {
        ThrowIfFrozen();
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)index, (uint)_count, nameof(index));
        if (IndexOf(name) >= 0) throw new ArgumentException($"the object has a field {name} already", nameof(name));
        if (_count == _fields.Length) Grow();
        _fields.AsSpan(index, _count - index).CopyTo(_fields.AsSpan(index + 1));
        _fields[index] = new Field { Name = name, Value = value };
        _count++;
        Changed();
        // Nothing inserts again and again into an object with many fields.
        _index = null;
    }

    public bool ContainsKey(string name) => IndexOf(name) >= 0;

    public bool TryGetPropertyValue(string name, out JsonNode? value)
    {
        var at = IndexOf(name);
        value = at < 0 ? null : _fields[at].Value;
        return at >= 0;
    }

    /// <summary>Takes a field out, the others keep their order; false if there is none of that name.</summary>
    public bool Remove(string name)
    {
        var at = IndexOf(name);
        if (at < 0) return false;
        RemoveAt(at);
        return true;
    }

    public void RemoveAt(int index)
    {
        ThrowIfFrozen();
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_count, nameof(index));
        _index?.RemoveAt(index, _count);
        _fields.AsSpan(index + 1, _count - index - 1).CopyTo(_fields.AsSpan(index));
        _fields[--_count] = default;
        Changed();
    }

    public void Clear()
    {
        ThrowIfFrozen();
        _fields = [];
        _count = 0;
        Changed();
        _index = null;
    }

    /// <summary>The field at a place in the order.</summary>
    public KeyValuePair<string, JsonNode?> GetAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_count, nameof(index));
        ref var field = ref _fields[index];
        return new KeyValuePair<string, JsonNode?>(field.Name, field.Value);
    }

    /// <summary>Replaces the value of the field at a place in the order.</summary>
    public void SetAt(int index, JsonNode? value)
    {
        ThrowIfFrozen();
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_count, nameof(index));
        _fields[index].Value = value;
    }

    /// <summary>The place of a field in the order; -1 if there is none of that name.</summary>
    public int IndexOf(string name)
    {
        if (_count > ScannedMax) return Indexed(name);
        var fields = _fields.AsSpan(0, _count);
        for (var i = 0; i < fields.Length; i++)
            if (ReferenceEquals(fields[i].Name, name)) return i;
        for (var i = 0; i < fields.Length; i++)
            if (fields[i].Name.Length == name.Length && string.Equals(fields[i].Name, name)) return i;
        return -1;
    }

    public override JsonValueKind GetValueKind() => JsonValueKind.Object;

    public override JsonObject DeepClone()
    {
        var copy = new JsonObject { _count = _count };
        if (_count == 0) return copy;
        copy._fields = _fields.AsSpan(0, _count).ToArray();
        foreach (ref var field in copy._fields.AsSpan())
            if (field.Value is not (null or JsonValue)) field.Value = field.Value.DeepClone();
        return copy;
    }

    public override void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach (ref var field in _fields.AsSpan(0, _count))
        {
            writer.WritePropertyName(field.Name);
            if (field.Value is null) writer.WriteNullValue();
            else field.Value.WriteTo(writer);
        }
        writer.WriteEndObject();
    }

    public override void Freeze()
    {
        foreach (ref var field in _fields.AsSpan(0, _count)) field.Value?.Freeze();
        _version = -1;
    }

    internal override void WriteTo(JsonText text)
    {
        var separator = (byte)'{';
        foreach (ref var field in _fields.AsSpan(0, _count))
        {
            text.Byte(separator);
            text.Name(field.Name);
            text.Value(field.Value);
            separator = (byte)',';
        }
        if (_count == 0) text.Byte(separator);
        text.Byte((byte)'}');
    }

    public Enumerator GetEnumerator() => new(this);

    IEnumerator<KeyValuePair<string, JsonNode?>> IEnumerable<KeyValuePair<string, JsonNode?>>.GetEnumerator() => new Enumerator(this);

    IEnumerator IEnumerable.GetEnumerator() => new Enumerator(this);

    internal JsonNode? Get(string name)
    {
        var at = IndexOf(name);
        return at < 0 ? null : _fields[at].Value;
    }

    internal void Set(string name, JsonNode? value)
    {
        ThrowIfFrozen();
        ArgumentNullException.ThrowIfNull(name);
        var at = IndexOf(name);
        if (at >= 0) _fields[at].Value = value;
        else Append(name, value);
    }

    internal string NameAt(int index) => _fields[index].Name;

    private void Append(string name, JsonNode? value)
    {
        ThrowIfFrozen();
        if (_count == _fields.Length) Grow();
        ref var field = ref _fields[_count];
        field.Name = name;
        field.Value = value;
        _index?.Add(name, _count);
        _count++;
        Changed();
    }

    private void Changed() => _version = (_version + 1) & int.MaxValue;

    private void ThrowIfFrozen()
    {
        if (_version < 0) throw Frozen();
    }

    private void Grow() => Array.Resize(ref _fields, _count == 0 ? SizeFirst : _count * 2);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int Indexed(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var index = _index;
        if (index is null)
        {
            // Readers may race: each publishes an index that is whole.
            index = new JsonObjectIndex(this);
            Volatile.Write(ref _index, index);
        }
        return index.Find(this, name);
    }

    /// <summary>The fields in their order.</summary>
    public struct Enumerator : IEnumerator<KeyValuePair<string, JsonNode?>>
    {
        private readonly JsonObject _object;
        private readonly int _version;
        private int _next;

        internal Enumerator(JsonObject owner)
        {
            _object = owner;
            _version = owner._version;
        }

        public KeyValuePair<string, JsonNode?> Current { get; private set; }

        readonly object IEnumerator.Current => Current;

        public bool MoveNext()
        {
            if (_version != _object._version) throw new InvalidOperationException("the object was changed while it was enumerated");
            if (_next == _object._count) return false;
            ref var field = ref _object._fields[_next++];
            Current = new KeyValuePair<string, JsonNode?>(field.Name, field.Value);
            return true;
        }

        void IEnumerator.Reset()
        {
            _next = 0;
            Current = default;
        }

        readonly void IDisposable.Dispose()
        {
        }
    }
}
