using System.Runtime.InteropServices;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>An immutable, key-ordered set of objects at one revision: what lists and consistent snapshots read.</summary>
/// <remarks>
/// A sorted list of sorted chunks. A change copies one chunk, and a batch copies the list of chunks once, so that
/// keeping a snapshot costs nothing and 150,000 objects are 600 pointers to copy per commit.
/// </remarks>
public sealed class ObjectIndex
{
    private const int ChunkMax = 256;
    private readonly StoredObject[][] _chunks;

    private ObjectIndex(StoredObject[][] chunks, int count, long revision)
    {
        _chunks = chunks;
        Count = count;
        Revision = revision;
    }

    public static ObjectIndex Empty { get; } = new([], 0, 0);

    /// <summary>The version of the type that this snapshot shows.</summary>
    public long Revision { get; }

    public int Count { get; }

    public StoredObject? Get(ObjectKey key)
    {
        var chunk = ChunkOf(_chunks, key);
        if (chunk == _chunks.Length) return null;
        var index = Find(_chunks[chunk], key);
        return index >= 0 ? _chunks[chunk][index] : null;
    }

    /// <summary>The objects in order of key, from the first one behind <paramref name="startAfter"/>, or all.</summary>
    public IEnumerable<StoredObject> EnumerateFrom(ObjectKey? startAfter = null)
    {
        var chunk = 0;
        var index = 0;
        if (startAfter is { } key)
        {
            chunk = ChunkOf(_chunks, key);
            if (chunk < _chunks.Length)
            {
                var found = Find(_chunks[chunk], key);
                index = found >= 0 ? found + 1 : ~found;
            }
        }
        for (; chunk < _chunks.Length; chunk++, index = 0)
        {
            var objects = _chunks[chunk];
            for (; index < objects.Length; index++) yield return objects[index];
        }
    }

    /// <summary>The objects of one namespace in order of name, from the first one behind <paramref name="startAfter"/>, or all.</summary>
    public IEnumerable<StoredObject> InNamespace(string ns, string? startAfter = null)
    {
        foreach (var o in EnumerateFrom(new ObjectKey(ns, startAfter ?? "")))
        {
            if (!string.Equals(o.Key.Namespace, ns, StringComparison.Ordinal)) yield break;
            yield return o;
        }
    }

    /// <summary>How many objects of a namespace, or of all where it is empty, lie behind a key; without looking at each.</summary>
    public int CountBehind(string ns, ObjectKey key)
    {
        // No namespace's name has a zero in it, so this key lies behind every object of the namespace and before the next one's.
        var end = ns.Length == 0 ? Count : Rank(new ObjectKey(ns + '\0', ""));
        return Math.Max(0, end - Rank(key) - (Get(key) is null ? 0 : 1));
    }

    /// <summary>How many objects lie before a key.</summary>
    private int Rank(ObjectKey key)
    {
        var chunk = ChunkOf(_chunks, key);
        var before = 0;
        for (var i = 0; i < chunk; i++) before += _chunks[i].Length;
        if (chunk == _chunks.Length) return before;
        var index = Find(_chunks[chunk], key);
        return before + (index >= 0 ? index : ~index);
    }

    /// <summary>All objects in order, in runs that stay the same arrays for as long as nothing in them changes: what was made of a run
    /// can be kept by it.</summary>
    public IReadOnlyList<StoredObject[]> Chunks => _chunks;

    /// <summary>An index of <paramref name="objects"/>, in any order, each key once.</summary>
    public static ObjectIndex From(IEnumerable<StoredObject> objects, long revision)
    {
        var sorted = objects.ToArray();
        Array.Sort(sorted, static (a, b) => a.Key.CompareTo(b.Key));
        return new ObjectIndex([.. sorted.Chunk(ChunkMax / 2)], sorted.Length, revision);
    }

    public Builder ToBuilder() => new(this);

    private static int ChunkOf(ReadOnlySpan<StoredObject[]> chunks, ObjectKey key)
    {
        int low = 0, high = chunks.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (chunks[middle][^1].Key.CompareTo(key) < 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private static int Find(ReadOnlySpan<StoredObject> chunk, ObjectKey key)
    {
        int low = 0, high = chunk.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = chunk[middle].Key.CompareTo(key);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }
        return ~low;
    }

    /// <summary>Gathers the changes of one batch; not for use by several threads.</summary>
    /// <remarks>Neighbours change together, as where names are numbered: the chunk that changed last is kept with room to grow, and
    /// becomes an array of its own once another one changes.</remarks>
    public sealed class Builder
    {
        private readonly List<StoredObject[]> _chunks;
        private readonly StoredObject[] _open = new StoredObject[ChunkMax];
        private int _openAt = -1;
        private int _openCount;
        private int _count;

        internal Builder(ObjectIndex index)
        {
            _chunks = [.. index._chunks];
            _count = index.Count;
        }

        public StoredObject? Get(ObjectKey key)
        {
            Close();
            var chunk = ChunkOf(CollectionsMarshal.AsSpan(_chunks), key);
            if (chunk == _chunks.Count) return null;
            var index = Find(_chunks[chunk], key);
            return index >= 0 ? _chunks[chunk][index] : null;
        }

        /// <summary>Adds or replaces; returns what stood there before.</summary>
        public StoredObject? Set(StoredObject value)
        {
            if (_openAt < 0 || !IsInOpen(value.Key)) Open(value.Key);
            var index = Find(_open.AsSpan(0, _openCount), value.Key);
            if (index >= 0)
            {
                var old = _open[index];
                _open[index] = value;
                return old;
            }
            Insert(~index, value);
            _count++;
            return null;
        }

        /// <summary>Removes and returns what stood there, or null.</summary>
        public StoredObject? Remove(ObjectKey key)
        {
            Close();
            var chunk = ChunkOf(CollectionsMarshal.AsSpan(_chunks), key);
            if (chunk == _chunks.Count) return null;
            var old = _chunks[chunk];
            var index = Find(old, key);
            if (index < 0) return null;
            _count--;
            if (old.Length == 1) _chunks.RemoveAt(chunk);
            else _chunks[chunk] = [.. old.AsSpan(0, index), .. old.AsSpan(index + 1)];
            MergeWithNext(chunk);
            return old[index];
        }

        public ObjectIndex Build(long revision)
        {
            Close();
            return new ObjectIndex([.. _chunks], _count, revision);
        }

        /// <summary>The key belongs into the open chunk: not before its first object, and before the next chunk's.</summary>
        private bool IsInOpen(ObjectKey key) =>
            (_openAt == 0 || _open[0].Key.CompareTo(key) <= 0)
            && (_openAt == _chunks.Count - 1 || _open[_openCount - 1].Key.CompareTo(key) >= 0);

        private void Open(ObjectKey key)
        {
            Close();
            _openAt = Math.Max(0, Math.Min(ChunkOf(CollectionsMarshal.AsSpan(_chunks), key), _chunks.Count - 1));
            if (_chunks.Count == 0) _chunks.Add([]);
            _openCount = _chunks[_openAt].Length;
            _chunks[_openAt].CopyTo(_open, 0);
        }

        private void Close()
        {
            if (_openAt < 0) return;
            _chunks[_openAt] = _open[.._openCount];
            _openAt = -1;
        }

        private void Insert(int index, StoredObject value)
        {
            if (_openCount == ChunkMax)
            {
                // Appending in order is the usual load, so the left half stays full and the new chunk starts small.
                var cut = index == ChunkMax ? ChunkMax : ChunkMax / 2;
                _chunks.Insert(_openAt, _open[..cut]);
                _openAt++;
                _openCount -= cut;
                _open.AsSpan(cut, _openCount).CopyTo(_open);
                if (index < cut)
                {
                    // It belongs to the left half, which is open instead then.
                    _chunks[_openAt] = _open[.._openCount];
                    _openAt--;
                    _openCount = cut;
                    _chunks[_openAt].CopyTo(_open, 0);
                }
                else index -= cut;
            }
            _open.AsSpan(index, _openCount - index).CopyTo(_open.AsSpan(index + 1));
            _open[index] = value;
            _openCount++;
        }

        private void MergeWithNext(int chunk)
        {
            if (chunk + 1 >= _chunks.Count || _chunks[chunk].Length + _chunks[chunk + 1].Length > ChunkMax / 2) return;
            _chunks[chunk] = [.. _chunks[chunk], .. _chunks[chunk + 1]];
            _chunks.RemoveAt(chunk + 1);
        }
    }
}
