using System.Collections.Concurrent;

namespace Orchestrator.Node.Runtime.Process;

/// <summary>Which container the commands belong to that run in containers beside their own: children of the kubelet's process, each the leader of a
/// session. They count as their container's and end with it, as they would in its namespace of processes.</summary>
/// <param name="measure">Is told how much a command had used when it was seen last.</param>
internal sealed class ExecSessions(ProcessMeasure measure)
{
    /// <summary>How many sessions are remembered whose command has ended (count) before it is looked which of them are still there.</summary>
    private const int EndedMax = 256;

    private readonly ConcurrentDictionary<int, Entry> _sessions = new();
    private int _ended;

    private sealed record Entry(string ContainerId, bool Ended);

    /// <summary>Begins the record of a command; disposed when it has ended.</summary>
    public ExecSession Enter(string containerId) => new(this, containerId);

    /// <summary>The containers of the sessions that run, by the number of their leaders, which may have ended.</summary>
    /// <param name="table">The processes of the machine.</param>
    public Dictionary<int, string> Owners(IReadOnlyCollection<ProcessStat> table)
    {
        var (present, sessions) = (table.Select(static p => p.Pid).ToHashSet(), table.Select(static p => p.Session).ToHashSet());
        foreach (var (leader, entry) in _sessions)
        {
            // The number of a leader that has ended is given to nobody as long as somebody is left in its session.
            if (entry.Ended && (present.Contains(leader) || !sessions.Contains(leader)) && _sessions.TryRemove(KeyValuePair.Create(leader, entry))) Interlocked.Decrement(ref _ended);
        }
        return _sessions.ToDictionary(static s => s.Key, static s => s.Value.ContainerId);
    }

    /// <summary>Kills what runs in a container that has ended.</summary>
    public void Kill(string containerId)
    {
        foreach (var (leader, entry) in _sessions)
        {
            // The number of one that has ended may be another's by now, once nobody is left in its session.
            if (entry.ContainerId != containerId || (entry.Ended && ProcessTable.Find(leader) is not null)) continue;
            ProcessSession.KillAllBut(leader);
            if (!entry.Ended) ProcessSession.Kill(leader);
        }
    }

    internal void Begin(string containerId, int leader)
    {
        if (_sessions.TryGetValue(leader, out var former) && former.Ended) Interlocked.Decrement(ref _ended);
        _sessions[leader] = new Entry(containerId, Ended: false);
    }

    internal void Note(string containerId, int leader)
    {
        if (ProcessTable.Find(leader) is { } stat) measure.Note(containerId, stat);
    }

    internal void End(string containerId, int leader)
    {
        if (!_sessions.TryUpdate(leader, new Entry(containerId, Ended: true), new Entry(containerId, Ended: false))) return;
        if (Interlocked.Increment(ref _ended) > EndedMax) Owners(ProcessTable.Read());
    }
}

/// <summary>One command that runs in a container.</summary>
internal sealed class ExecSession(ExecSessions sessions, string containerId) : IDisposable
{
    private int? _leader;

    /// <param name="leader">The process that leads the session of the command.</param>
    public void Begin(int leader) => sessions.Begin(containerId, (_leader = leader).Value);

    /// <summary>Notes how much the command has used: its output has ended, so it is about to, and the system tells nobody afterwards.</summary>
    public void Note()
    {
        if (_leader is { } leader) sessions.Note(containerId, leader);
    }

    public void Dispose()
    {
        if (_leader is { } leader) sessions.End(containerId, leader);
    }
}
