using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>The states of types at which lists in chunks began, so that all chunks show the same one.</summary>
/// <remarks>A state shares nearly everything with its neighbours, so keeping it costs its changes only.</remarks>
public sealed class SnapshotCache(TimeProvider clock)
{
    /// <summary>How long a state is kept after its last use.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>Most states that are kept, of all types (count); what is asked for and not here is rebuilt from the changes since.</summary>
    private const int Max = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<(ResourceType Type, long Revision), LinkedListNode<Entry>> _entries = [];

    /// <summary>The least lately used one first.</summary>
    private readonly LinkedList<Entry> _byUse = new();

    public void Keep(ResourceType type, ObjectIndex index)
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            if (_entries.Remove((type, index.Revision), out var same)) _byUse.Remove(same);
            _entries[(type, index.Revision)] = _byUse.AddLast(new Entry(type, index, now));
            while (_byUse.First is { Value: var oldest } && (_entries.Count > Max || now - oldest.Used > Lifetime))
            {
                _byUse.RemoveFirst();
                _entries.Remove((oldest.Type, oldest.Index.Revision));
            }
        }
    }

    public ObjectIndex? Find(ResourceType type, long revision)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue((type, revision), out var node)) return null;
            _byUse.Remove(node);
            node.Value = node.Value with { Used = clock.GetUtcNow() };
            _byUse.AddLast(node);
            return node.Value.Index;
        }
    }

    private readonly record struct Entry(ResourceType Type, ObjectIndex Index, DateTimeOffset Used);
}
