using Akka.Actor;
using Akka.Event;
using Akka.Persistence;

namespace Orchestrator.Node.Kubelet;

/// <remarks>
/// Group commit: while one batch of events is being written, further ones are gathered into the next. A pod's worker goes on
/// once its own events are durable. When a write fails, the kubelet ends and begins anew; its containers run meanwhile, and
/// what the journal lacks the runtime tells.
/// </remarks>
public sealed partial class KubeletActor
{
    private readonly KubeletState _state = new();
    private List<KubeletEvent> _gathered = [];
    private List<IActorRef> _waiting = [];
    private bool _writing;
    private bool _stopping;
    private int _sinceSnapshot;
    private long _snapshotAt;

    public override string PersistenceId => PersistenceIdOf(_node);

    public static string PersistenceIdOf(string node) => $"kubelet-{node}";

    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case KubeletEvent e:
                _state.Apply(e);
                _sinceSnapshot++;
                break;
            case SnapshotOffer { Snapshot: KubeletSnapshot snapshot } offer:
                _state.Restore(snapshot);
                _snapshotAt = offer.Metadata.SequenceNr;
                break;
            case RecoveryCompleted:
                Self.Tell(new Look());
                break;
        }
    }

    private void Record(params ReadOnlySpan<KubeletEvent> events)
    {
        _gathered.AddRange(events);
        Flush();
    }

    private void Handle(StorePodRun store)
    {
        foreach (var e in store.Events) _gathered.Add(new PodRan(store.Uid, e));
        _waiting.Add(Sender);
        Flush();
    }

    private void Flush()
    {
        if (_writing) return;
        if (_gathered.Count == 0)
        {
            // Nothing that happened is lost by a process that leaves.
            if (_stopping) Context.Stop(Self);
            return;
        }
        var (events, waiting, stored) = (_gathered, _waiting, 0);
        (_gathered, _waiting, _writing) = ([], [], true);
        PersistAllAsync(events, e =>
        {
            _state.Apply(e);
            if (++stored < events.Count) return;
            foreach (var worker in waiting) worker.Tell(PodRunStored.Instance);
            _writing = false;
            SnapshotIfDue(events.Count);
            Flush();
        });
    }

    private void SnapshotIfDue(int events)
    {
        _sinceSnapshot += events;
        // A snapshot costs as much as all pods, so there is one for several changes of each.
        if (_sinceSnapshot < Math.Max(_services.Settings.SnapshotAfterMin, _state.Pods.Count * _services.Settings.SnapshotAfterPerPod)) return;
        _sinceSnapshot = 0;
        SaveSnapshot(_state.ToSnapshot());
    }

    private bool HandleSnapshot(object message)
    {
        switch (message)
        {
            case SaveSnapshotSuccess saved:
                // The one before it is kept, with what follows it: a second chance if the newest cannot be read.
                if (_snapshotAt > 0)
                {
                    DeleteMessages(_snapshotAt);
                    DeleteSnapshots(new SnapshotSelectionCriteria(_snapshotAt - 1));
                }
                _snapshotAt = saved.Metadata.SequenceNr;
                return true;
            case SaveSnapshotFailure failed:
                _log.Warning("kubelet {0}: the journal grows on, for a snapshot failed: {1}", _node, failed.Cause.Message);
                return true;
            case DeleteMessagesFailure failed:
                _log.Warning("kubelet {0}: old events stay in the journal: {1}", _node, failed.Cause.Message);
                return true;
            case DeleteSnapshotsFailure failed:
                _log.Warning("kubelet {0}: old snapshots stay in the journal: {1}", _node, failed.Cause.Message);
                return true;
            default:
                return message is DeleteMessagesSuccess or DeleteSnapshotsSuccess;
        }
    }

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        _log.Error(cause, "kubelet {0}: the node's journal cannot be written; the kubelet begins anew", _node);

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        // Whoever waits for the event would wait for ever.
        _log.Error(cause, "kubelet {0}: the node's journal refused a {1}; the kubelet begins anew", _node, @event.GetType().Name);
        Context.Stop(Self);
    }
}
