using Akka.Configuration;
using Akka.Event;

namespace Akka.Persistence.Journal;

/// <summary>What happens when the events of two writers overlap.</summary>
internal enum ReplayFilterMode
{
    Off,
    Warn,
    Fail,
    RepairByDiscardOld,
}

/// <summary>Finds events that two writers wrote at the same time under one persistence id, and mends the order if told so.</summary>
/// <remarks>
/// It can only happen with a journal that does not refuse a second event of one sequence number, after a network
/// partition: then the newer writer's events are kept and the older one's discarded.
/// </remarks>
internal sealed class ReplayFilter
{
    private readonly ReplayFilterMode _mode;
    private readonly int _windowSize;
    private readonly int _oldWritersMax;
    private readonly ILoggingAdapter _log;
    private readonly Action<IPersistentRepresentation> _next;
    private readonly LinkedList<IPersistentRepresentation> _window = [];
    private readonly LinkedList<string> _oldWriters = [];
    private string _writer = "";
    private long _sequenceNr = -1;

    public ReplayFilter(Config config, ILoggingAdapter log, Action<IPersistentRepresentation> next)
    {
        _mode = ModeOf(config);
        _windowSize = config.GetInt("replay-filter.window-size", 100);
        _oldWritersMax = config.GetInt("replay-filter.max-old-writers", 10);
        _log = log;
        _next = next;
    }

    public static ReplayFilterMode ModeOf(Config config) => (config.GetString("replay-filter.mode") ?? "off").ToLowerInvariant() switch
    {
        "off" or "false" => ReplayFilterMode.Off,
        "repair-by-discard-old" => ReplayFilterMode.RepairByDiscardOld,
        "fail" => ReplayFilterMode.Fail,
        "warn" => ReplayFilterMode.Warn,
        var other => throw new ArgumentException($"Invalid replay-filter.mode [{other}]; known are off, repair-by-discard-old, fail, warn"),
    };

    /// <summary>Takes the next stored event; passes on what has left the window.</summary>
    public void Add(IPersistentRepresentation persistent)
    {
        if (_window.Count >= _windowSize)
        {
            _next(_window.First!.Value);
            _window.RemoveFirst();
        }
        if (persistent.WriterGuid == _writer)
        {
            if (persistent.SequenceNr < _sequenceNr && Conflict(persistent, "its sequence number is lower than one before it")) return;
            _sequenceNr = Math.Max(_sequenceNr, persistent.SequenceNr);
        }
        else if (_oldWriters.Contains(persistent.WriterGuid))
        {
            if (Conflict(persistent, "it comes from a writer that was already replaced")) return;
        }
        else
        {
            SwitchTo(persistent);
        }
        _window.AddLast(persistent);
    }

    /// <summary>Passes on everything that is left.</summary>
    public void Complete()
    {
        foreach (var persistent in _window) _next(persistent);
        _window.Clear();
    }

    private void SwitchTo(IPersistentRepresentation persistent)
    {
        if (_writer.Length > 0)
        {
            _oldWriters.AddLast(_writer);
            if (_oldWriters.Count > _oldWritersMax) _oldWriters.RemoveFirst();
        }
        _writer = persistent.WriterGuid;
        _sequenceNr = persistent.SequenceNr;
        for (var node = _window.First; node is not null;)
        {
            var following = node.Next;
            if (node.Value.SequenceNr >= persistent.SequenceNr
                && Conflict(node.Value, $"a newer writer [{persistent.WriterGuid}] wrote [{persistent.SequenceNr}] after it"))
            {
                _window.Remove(node);
            }
            node = following;
        }
    }

    /// <summary>True when the event is to be discarded.</summary>
    private bool Conflict(IPersistentRepresentation persistent, string why)
    {
        var text = $"Invalid replayed event [sequenceNr={persistent.SequenceNr}, writerUUID={persistent.WriterGuid}] of persistenceId "
            + $"[{persistent.PersistenceId}]: {why}. There were perhaps two writers at the same time.";
        switch (_mode)
        {
            case ReplayFilterMode.RepairByDiscardOld:
                _log.Error("{0} It is discarded.", text);
                return true;
            case ReplayFilterMode.Fail:
                throw new InvalidOperationException(text);
            default:
                _log.Warning("{0}", text);
                return false;
        }
    }
}
