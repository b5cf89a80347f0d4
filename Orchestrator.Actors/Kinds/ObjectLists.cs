using System.Collections;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds;

/// <summary>Walks the lists of objects in a tree; what is absent or of another shape has no entries.</summary>
internal static class ObjectLists
{
    public static ObjectEntries Entries(this JsonObject? owner, string name) => new(owner?[name] as JsonArray);

    /// <summary>How many entries a list or a map has; 0 where it is absent.</summary>
    public static int CountOf(this JsonObject? owner, string name) => owner?[name] switch
    {
        JsonArray list => list.Count,
        JsonObject map => map.Count,
        _ => 0,
    };
}

/// <summary>The objects of a list, with their places in it. Walking costs nothing: validation does that a dozen times for each pod.</summary>
internal readonly struct ObjectEntries(JsonArray? list) : IEnumerable<(int Index, JsonObject Item)>
{
    public Enumerator GetEnumerator() => new(list);

    IEnumerator<(int Index, JsonObject Item)> IEnumerable<(int Index, JsonObject Item)>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal struct Enumerator(JsonArray? list) : IEnumerator<(int Index, JsonObject Item)>
    {
        private readonly int _count = list?.Count ?? 0;
        private int _next;

        public (int Index, JsonObject Item) Current { get; private set; }

        readonly object IEnumerator.Current => Current;

        public bool MoveNext()
        {
            while (_next < _count)
            {
                var index = _next++;
                if (list![index] is not JsonObject item) continue;
                Current = (index, item);
                return true;
            }
            return false;
        }

        public void Reset() => _next = 0;

        public readonly void Dispose()
        {
        }
    }
}
