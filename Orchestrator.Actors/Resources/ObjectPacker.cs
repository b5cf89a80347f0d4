namespace Orchestrator.Actors.Resources;

/// <summary>Packs the objects of one type, and keeps the dictionary for that. One caller at a time.</summary>
public sealed class ObjectPacker
{
    /// <summary>Smaller objects are left as they are (bytes): their parts would weigh as much as what is saved.</summary>
    private const int LengthMin = 256;

    /// <summary>A new sample is taken at most once in this many objects, so that what has nothing in common costs no dictionaries.</summary>
    private const int SampleEvery = 64;

    private readonly SharedMaps _labels = new(), _annotations = new();
    private PackingDictionary _dictionary = PackingDictionary.Empty;
    private int _sinceSample = SampleEvery;

    /// <summary>Packs an object that is seldom read from now on; it reads the same as before.</summary>
    public void Pack(StoredObject o)
    {
        if (o.IsPacked || o.Length < LengthMin) return;
        var json = o.ToArray();
        var packed = _dictionary.Pack(json);
        if (packed is not null)
        {
            o.Become(new PackedJson(_dictionary, packed, json.Length), o.Meta with
            {
                Name = o.Key.Name,
                Namespace = o.Key.Namespace,
                Labels = _labels.Share(o.Meta.Labels),
                Annotations = _annotations.Share(o.Meta.Annotations),
            });
        }
        // What became no third of itself is of a shape that the dictionary does not know.
        if (++_sinceSample <= SampleEvery || (packed is not null && packed.Length <= json.Length / 3)) return;
        _dictionary = _dictionary.With(json);
        _sinceSample = 0;
    }

    /// <summary>The maps that objects had lately: many objects have equal labels.</summary>
    private sealed class SharedMaps
    {
        private readonly IReadOnlyDictionary<string, string>[] _recent = new IReadOnlyDictionary<string, string>[8];
        private int _next;

        public IReadOnlyDictionary<string, string> Share(IReadOnlyDictionary<string, string> map)
        {
            if (map.Count == 0) return map;
            foreach (var known in _recent)
                if (known is not null && ObjectMeta.AreEqual(known, map)) return known;
            return _recent[_next++ % _recent.Length] = map;
        }
    }
}

/// <summary>An object's JSON in its packed form.</summary>
/// <param name="Dictionary">What it was packed with.</param>
/// <param name="Packed">What is left of it.</param>
/// <param name="Length">How long the JSON is (bytes).</param>
public sealed record PackedJson(PackingDictionary Dictionary, byte[] Packed, int Length)
{
    public byte[] Unpack()
    {
        var json = GC.AllocateUninitializedArray<byte>(Length);
        Unpack(json);
        return json;
    }

    public void Unpack(Span<byte> into) => Dictionary.Unpack(Packed, into[..Length]);
}
