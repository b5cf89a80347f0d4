using System.Buffers;
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

    // The array may have room behind the chunks.
    private readonly StoredObject[][] _all;
    private readonly int _chunkCount;

    private ObjectIndex(StoredObject[][] all, int chunkCount, int count, long revision)
    {
        _all = all;
        _chunkCount = chunkCount;
        Count = count;
        Revision = revision;
    }

    public static ObjectIndex Empty { get; } = new([], 0, 0, 0);

    /// <summary>The version of the type that this snapshot shows.</summary>
    public long Revision { get; }

    public int Count { get; }

    public StoredObject? Get(ObjectKey key) => Get(Chunks, key);

    /// <summary>The objects in order of key, from the first one behind <paramref name="startAfter"/>, or all.</summary>
    public IEnumerable<StoredObject> EnumerateFrom(ObjectKey? startAfter = null)
    {
        var chunk = 0;
        var index = 0;
        if (startAfter is { } key)
        {
            chunk = ChunkOf(Chunks, key);
            if (chunk < _chunkCount)
            {
                var found = Find(_all[chunk], key);
                index = found >= 0 ? found + 1 : ~found;
            }
        }
        for (; chunk < _chunkCount; chunk++, index = 0)
        {
            var objects = _all[chunk];
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
        var chunk = ChunkOf(Chunks, key);
        var before = 0;
        foreach (var earlier in Chunks[..chunk]) before += earlier.Length;
        if (chunk == _chunkCount) return before;
        var index = Find(_all[chunk], key);
        return before + (index >= 0 ? index : ~index);
    }

    /// <summary>All objects in order, in runs that stay the same arrays for as long as nothing in them changes: what was made of a run
    /// can be kept by it.</summary>
    public ReadOnlySpan<StoredObject[]> Chunks => _all.AsSpan(0, _chunkCount);

    /// <summary>An index of <paramref name="objects"/>, in any order, each key once.</summary>
    public static ObjectIndex From(IEnumerable<StoredObject> objects, long revision)
    {
        var sorted = objects.ToArray();
        Array.Sort(sorted, static (a, b) => a.Key.CompareTo(b.Key));
        StoredObject[][] chunks = [.. sorted.Chunk(ChunkMax / 2)];
        return new ObjectIndex(chunks, chunks.Length, sorted.Length, revision);
    }

    public Builder ToBuilder() => new(this);

    private static StoredObject? Get(ReadOnlySpan<StoredObject[]> chunks, ObjectKey key)
    {
        var chunk = ChunkOf(chunks, key);
        if (chunk == chunks.Length) return null;
        var index = Find(chunks[chunk], key);
        return index >= 0 ? chunks[chunk][index] : null;
    }

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
        private StoredObject[][] _all;
        private int _chunkCount;
        private StoredObject[]? _open;
        private int _openAt = -1;
        private int _openCount;
        private int _count;

        internal Builder(ObjectIndex index)
        {
            _chunkCount = index._chunkCount;
            _all = new StoredObject[_chunkCount + 1][];
            index.Chunks.CopyTo(_all);
            _count = index.Count;
        }

        private Span<StoredObject[]> Chunks => _all.AsSpan(0, _chunkCount);

        public StoredObject? Get(ObjectKey key)
        {
            Close();
            return ObjectIndex.Get(Chunks, key);
        }

        /// <summary>Adds or replaces; returns what stood there before.</summary>
        public StoredObject? Set(StoredObject value)
        {
            if (_openAt < 0 || !IsInOpen(_open!, value.Key)) Open(value.Key);
            var open = _open!;
            var index = Find(open.AsSpan(0, _openCount), value.Key);
            if (index >= 0)
            {
                var old = open[index];
                open[index] = value;
                return old;
            }
            Insert(open, ~index, value);
            _count++;
            return null;
        }

        /// <summary>Removes and returns what stood there, or null.</summary>
        public StoredObject? Remove(ObjectKey key)
        {
            Close();
            var chunk = ChunkOf(Chunks, key);
            if (chunk == _chunkCount) return null;
            var old = _all[chunk];
            var index = Find(old, key);
            if (index < 0) return null;
            _count--;
            if (old.Length == 1) RemoveChunk(chunk);
            else _all[chunk] = [.. old.AsSpan(0, index), .. old.AsSpan(index + 1)];
            MergeWithNext(chunk);
            return old[index];
        }

        /// <summary>The index; the builder is not used any more.</summary>
        public ObjectIndex Build(long revision)
        {
            Close();
            if (_open is { } open) ArrayPool<StoredObject>.Shared.Return(open, clearArray: true);
            _open = null;
            return new ObjectIndex(_all, _chunkCount, _count, revision);
        }

        /// <summary>The key belongs into the open chunk: not before its first object, and before the next chunk's.</summary>
        private bool IsInOpen(StoredObject[] open, ObjectKey key) =>
            (_openAt == 0 || open[0].Key.CompareTo(key) <= 0)
            && (_openAt == _chunkCount - 1 || open[_openCount - 1].Key.CompareTo(key) >= 0);

        private void Open(ObjectKey key)
        {
            Close();
            _open ??= ArrayPool<StoredObject>.Shared.Rent(ChunkMax);
            _openAt = Math.Max(0, Math.Min(ChunkOf(Chunks, key), _chunkCount - 1));
            if (_chunkCount == 0) InsertChunk(0, []);
            _openCount = _all[_openAt].Length;
            _all[_openAt].CopyTo(_open, 0);
        }

        private void Close()
        {
            if (_openAt < 0) return;
            _all[_openAt] = _open![.._openCount];
            _openAt = -1;
        }

        private void Insert(StoredObject[] open, int index, StoredObject value)
        {
            if (_openCount == ChunkMax)
            {
                // Appending in order is the usual load, so the left half stays full and the new chunk starts small.
                var cut = index == ChunkMax ? ChunkMax : ChunkMax / 2;
                InsertChunk(_openAt, open[..cut]);
                _openAt++;
                _openCount -= cut;
                open.AsSpan(cut, _openCount).CopyTo(open);
                if (index < cut)
                {
                    // It belongs to the left half, which is open instead then.
                    _all[_openAt] = open[.._openCount];
                    _openAt--;
                    _openCount = cut;
                    _all[_openAt].CopyTo(open, 0);
                }
                else index -= cut;
            }
            open.AsSpan(index, _openCount - index).CopyTo(open.AsSpan(index + 1));
            open[index] = value;
            _openCount++;
        }

        private void MergeWithNext(int chunk)
        {
            if (chunk + 1 >= _chunkCount || _all[chunk].Length + _all[chunk + 1].Length > ChunkMax / 2) return;
            _all[chunk] = [.. _all[chunk], .. _all[chunk + 1]];
            RemoveChunk(chunk + 1);
        }

        private void InsertChunk(int at, StoredObject[] chunk)
        {
            if (_chunkCount == _all.Length) Array.Resize(ref _all, _chunkCount + _chunkCount / 8 + 4);
            _all.AsSpan(at, _chunkCount - at).CopyTo(_all.AsSpan(at + 1));
            _all[at] = chunk;
            _chunkCount++;
        }

        private void RemoveChunk(int at)
        {
            _all.AsSpan(at + 1, _chunkCount - at - 1).CopyTo(_all.AsSpan(at));
            _all[--_chunkCount] = null!;
        }
    }
}
