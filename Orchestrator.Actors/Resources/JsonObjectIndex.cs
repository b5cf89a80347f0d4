namespace Orchestrator.Actors.Resources;

/// <summary>Where the fields of an object with many fields stand, by the hashes of their names.</summary>
/// <remarks>The hashes differ from process to process, so that no client can choose names that collide.</remarks>
internal sealed class JsonObjectIndex
{
    // Chains, one for each bucket: the first field and, for each field, the next one, or -1.
    private int[] _first;
    private int[] _next;
    private int[] _hashes;

    public JsonObjectIndex(JsonObject owner)
    {
        var size = SizeFor(owner.Count);
        _first = new int[size];
        _next = new int[size];
        _hashes = new int[size];
        for (var i = 0; i < owner.Count; i++) _hashes[i] = owner.NameAt(i).GetHashCode(StringComparison.Ordinal);
        Link(owner.Count);
    }

    public int Find(JsonObject owner, string name)
    {
        var hash = name.GetHashCode(StringComparison.Ordinal);
        for (var i = _first[hash & (_first.Length - 1)]; i >= 0; i = _next[i])
            if (_hashes[i] == hash && string.Equals(owner.NameAt(i), name, StringComparison.Ordinal)) return i;
        return -1;
    }

    /// <summary>A field came to the end.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="at">Its place, which is how many there were.</param>
    public void Add(string name, int at)
    {
        if (at == _next.Length)
        {
            Array.Resize(ref _hashes, at * 2);
            _first = new int[at * 2];
            _next = new int[at * 2];
            Link(at);
        }
        _hashes[at] = name.GetHashCode(StringComparison.Ordinal);
        Link(at, at + 1);
    }

    /// <summary>A field goes, and those behind it move up.</summary>
    /// <param name="at">Its place.</param>
    /// <param name="count">How many there were.</param>
    public void RemoveAt(int at, int count)
    {
        ref var link = ref _first[_hashes[at] & (_first.Length - 1)];
        while (link != at) link = ref _next[link];
        link = _next[at];
        if (at == count - 1) return;
        _hashes.AsSpan(at + 1, count - at - 1).CopyTo(_hashes.AsSpan(at));
        _next.AsSpan(at + 1, count - at - 1).CopyTo(_next.AsSpan(at));
        MoveUp(_first, at);
        MoveUp(_next.AsSpan(0, count - 1), at);
    }

    private static void MoveUp(Span<int> places, int behind)
    {
        for (var i = 0; i < places.Length; i++)
            if (places[i] > behind) places[i]--;
    }

    // A power of two with room to grow, so that a bucket is found by a mask.
    private static int SizeFor(int count) => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count + 1);

    private void Link(int count)
    {
        _first.AsSpan().Fill(-1);
        Link(0, count);
    }

    private void Link(int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            ref var first = ref _first[_hashes[i] & (_first.Length - 1)];
            _next[i] = first;
            first = i;
        }
    }
}
