using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>The sequencer of one type: one entity of the region <c>registry</c>, whose id is the type.</summary>
/// <remarks>
/// Group commit: while batches are being written, further commands are decided on top of them and follow; the journal takes all that
/// is there when it begins its next write. Callers are answered after their batch is durable, in the order of the decisions. When a
/// write fails, everything decided on top of it fails with it, and the actor stops: another may own the log now, and recovery finds out.
/// </remarks>
public sealed partial class RegistryActor : UntypedPersistentActor
{
    /// <summary>How far ahead versions of heartbeats are reserved (count).</summary>
    private const int ReservedAhead = 1000;

    private readonly ResourceType _type;
    private readonly RegistrySettings _settings;
    private readonly LocalRegistries _local;
    private readonly TimeProvider _clock;
    private readonly RegistryState _state;
    private readonly RecentChanges _recent = new();

    // For what is recovered; what changes later is packed by the informer, which has the same objects.
    private readonly ObjectPacker _packer = new();
    private readonly HashSet<IActorRef> _followers = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <summary>What is on its way, oldest first.</summary>
    private readonly Queue<Batch> _waiting = [];
    private Batch _gathering = new();

    /// <summary>The writes in all of these (count).</summary>
    private int _waitingCount;

    /// <summary>True while <see cref="CommitWritten"/> is on its way.</summary>
    private bool _commits;
    private bool _stopping;
    private long _reservedThrough;
    private LocalRegistries.Entry? _entry;

    public RegistryActor(ResourceType type, RegistrySettings settings, LocalRegistries local, TimeProvider clock)
    {
        _type = type;
        _settings = settings;
        _local = local;
        _clock = clock;
        _state = new RegistryState(type);
        _snapshots = new RegistrySnapshots(PersistenceIdOf(type), settings);
    }

    public override string PersistenceId => PersistenceIdOf(_type);

    private bool Heartbeats => _settings.HeartbeatTypes.Contains(_type);

    public static string PersistenceIdOf(ResourceType type) => $"registry-{type}";

    public static Props Props(ResourceType type, RegistrySettings settings, LocalRegistries local, TimeProvider clock) =>
        Akka.Actor.Props.Create(() => new RegistryActor(type, settings, local, clock));

    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case ObjectWritten e:
                _packer.Pack(e.Object);
                _recent.Add(_state.Apply(e), _state.Count);
                _snapshots.Spoken(e.Object.Key);
                _snapshots.Journaled(e);
                break;
            case RegistryCreated:
                _state.AdvanceTo(_state.Reserve());
                _recent.Restart(_state.Revision);
                break;
            case RevisionsReserved reserved:
                // Versions up to here may have been given to heartbeats that are gone.
                _reservedThrough = reserved.Through;
                _snapshots.Journaled(reserved);
                _state.AdvanceTo(reserved.Through);
                _recent.Restart(reserved.Through);
                break;
            case SnapshotOffer { Snapshot: SnapshotManifest manifest } offer:
                _snapshots.Offered(manifest, offer.Metadata.SequenceNr);
                _state.AdvanceTo(manifest.Revision);
                _recent.Restart(manifest.Revision);
                break;
            case RecoveryCompleted:
                LoadParts();
                break;
        }
    }

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case WriteObjects write: Handle(write); break;
            case FlushGathered: Flush(); break;
            case CommitWritten:
                _commits = false;
                CommitDue();
                AnswerReaders();
                break;
            case GetRevision get: Handle(get); break;
            case JournalReaches reaches: Handle(reaches); break;
            case JournalSilent silent: Handle(silent); break;
            case FollowObjects follow: Handle(follow); break;
            case UnfollowObjects: Unfollow(Sender); break;
            case Terminated terminated: Unfollow(terminated.ActorRef); break;
            case StopRegistry:
                _stopping = true;
                Flush();
                break;
            default:
                if (!HandleSnapshot(message)) Unhandled(message);
                break;
        }
    }

    private void Handle(WriteObjects command)
    {
        if (command.Again && IsWaiting(Sender)) return;   // the first message arrived, and its answer is under way
        if (_stopping || _waitingCount >= _settings.WaitingMax)
        {
            var refusal = new WriteResult(null, _stopping
                ? ApiError.ServerTimeout(_type, "write")
                : ApiError.TooManyRequests($"too many writes to {_type} are waiting for the disk", 1));
            Sender.Tell(new ObjectsWritten([.. command.Writes.Select(_ => refusal)]));
            return;
        }
        var results = new WriteResult[command.Writes.Length];
        for (var i = 0; i < results.Length; i++)
        {
            var decision = _state.Decide(command.Writes[i], command.Again);
            results[i] = decision.Result;
            if (decision.Event is { } e) _gathering.Add(e, Heartbeats && decision.IsHeartbeat);
        }
        // What waits in the mailbox goes along.
        if (_gathering.Replies.Count == 0) Self.Tell(FlushGathered.Instance);
        // Even a refusal waits: it may rest on a write that is not durable yet.
        _gathering.Replies.Add(new Reply(Sender, ImmutableCollectionsMarshal.AsImmutableArray(results)));
        _gathering.WriteCount += results.Length;
        _waitingCount += results.Length;
    }

    private bool IsWaiting(IActorRef writer) => _gathering.IsWaiting(writer) || _waiting.Any(batch => batch.IsWaiting(writer));

    /// <summary>Sends what was decided since the last time to the journal.</summary>
    private void Flush()
    {
        if (_gathering.Replies.Count > 0)
        {
            var batch = _gathering;
            _gathering = new Batch();
            _waiting.Enqueue(batch);
            var events = EventsOf(batch);
            batch.WritesNothing = events.Count == 0;
            batch.Unwritten = events.Count;
            if (!batch.WritesNothing) PersistAllAsync(events, _ => Written(batch));
        }
        CommitDue();
    }

    private void Written(Batch batch)
    {
        if (--batch.Unwritten > 0) return;
        batch.SequenceNr = LastSequenceNr;
        // What became durable with it comes right behind, and is committed together.
        if (!_commits) Self.Tell(CommitWritten.Instance);
        _commits = true;
    }

    /// <summary>Commits and answers what is durable, up to the first batch that is not.</summary>
    private void CommitDue()
    {
        List<Batch> due = [];
        while (_waiting.TryPeek(out var batch) && batch.Unwritten == 0)
        {
            // Where nothing is written, no compare-and-swap says that what the answers rest on is still the newest.
            if (batch.WritesNothing && !batch.Confirmed && !_local.SoleWriter)
            {
                if (!batch.Asked) WhenConfirmed(() =>
                {
                    batch.Confirmed = true;
                    CommitDue();
                });
                batch.Asked = true;
                break;
            }
            due.Add(_waiting.Dequeue());
        }
        if (due.Count > 0) Commit(due);
        // A shard that moves takes along what it has promised: it stops once the last batch is durable and answered.
        if (_stopping && _waiting.Count == 0) Context.Stop(Self);
    }

    private List<object> EventsOf(Batch batch)
    {
        var events = new List<object>(batch.Journaled.Count + 1);
        events.AddRange(batch.Journaled);
        if (Heartbeats && _state.DecidedRevision >= _reservedThrough)
        {
            _reservedThrough = _state.DecidedRevision + ReservedAhead;
            var reserved = new RevisionsReserved(_reservedThrough);
            events.Add(reserved);
            _snapshots.Journaled(reserved);
        }
        return events;
    }

    private void Commit(List<Batch> batches)
    {
        var previous = _state.Revision;
        var changes = ImmutableArray.CreateBuilder<ObjectChange>(batches.Sum(batch => batch.Changes.Count));
        foreach (var batch in batches)
        {
            _waitingCount -= batch.WriteCount;
            if (!batch.WritesNothing) _applied = batch.SequenceNr;
            foreach (var e in batch.Journaled) _snapshots.Journaled(e);
            foreach (var e in batch.Changes)
            {
                var change = _state.Apply(e);
                _recent.Add(change, _state.Count);
                changes.Add(change);
            }
        }
        if (changes.Count > 0)
        {
            // Readers may learn the new version before its writers are answered, never after.
            Volatile.Write(ref _entry!.Revision, _state.Revision);
            var message = new ObjectsChanged(_type, previous, _state.Revision, changes.MoveToImmutable());
            foreach (var follower in _followers) follower.Tell(message);
        }
        foreach (var batch in batches)
            foreach (var reply in batch.Replies) reply.To.Tell(new ObjectsWritten(reply.Results));
        SnapshotIfDue();
    }

    private void Handle(FollowObjects follow)
    {
        if (_followers.Add(Sender)) Context.Watch(Sender);
        if (follow.After <= _state.Revision && _recent.Since(follow.After) is { } changes)
        {
            Sender.Tell(new ObjectsChanged(_type, follow.After, _state.Revision, changes));
            return;
        }
        var parts = SnapshotPart.Split(_state.Copy()).ToList();
        if (parts.Count == 0) parts.Add(new SnapshotPart([]));
        for (var i = 0; i < parts.Count; i++)
            Sender.Tell(new ObjectsListed(_type, _state.Revision, parts[i].Objects, First: i == 0, Last: i == parts.Count - 1));
    }

    private void Unfollow(IActorRef follower)
    {
        if (_followers.Remove(follower)) Context.Unwatch(follower);
    }

    private void Recovered()
    {
        if (_state.Revision > 0)
        {
            Serve();
            return;
        }
        Persist(new RegistryCreated(_type.ToString(), _clock.GetUtcNow()), _ =>
        {
            _state.AdvanceTo(_state.Reserve());
            _recent.Restart(_state.Revision);
            Serve();
        });
    }

    private void Serve()
    {
        Become(OnCommand);
        _applied = LastSequenceNr;
        _entry = _local.Add(_type, Self, _state.Revision);
        Stash.UnstashAll();
    }

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        _log.Error(cause, "The journal refused change {0} of {1}; this registry stops and recovers", sequenceNr, _type);
        FailWaiting(cause);
    }

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        // A gap in the versions would never be filled, so what cannot be written ends this incarnation as well.
        _log.Error(cause, "Change {0} of {1} cannot be serialized; this registry stops and recovers", sequenceNr, _type);
        FailWaiting(cause);
        Context.Stop(Self);
    }

    private void FailWaiting(Exception cause)
    {
        var error = new WriteResult(null, ApiError.Timeout($"the journal did not confirm the write to {_type}: {cause.Message}"));
        foreach (var reply in _waiting.Append(_gathering).SelectMany(batch => batch.Replies))
            reply.To.Tell(new ObjectsWritten([.. reply.Results.Select(_ => error)]));
        _waiting.Clear();
        _waitingCount = 0;
        _gathering = new Batch();
        _confirming = null;
        _confirmNext.Clear();
    }

    protected override void PostStop()
    {
        if (_entry is { } entry) _local.Remove(_type, entry);
        base.PostStop();
    }

    /// <summary>Comes behind all that was in the mailbox when the first write of a batch was decided.</summary>
    private sealed record FlushGathered
    {
        public static FlushGathered Instance { get; } = new();
    }

    /// <summary>Comes behind all that became durable by one write of the journal.</summary>
    private sealed record CommitWritten
    {
        public static CommitWritten Instance { get; } = new();
    }

    private sealed record Reply(IActorRef To, ImmutableArray<WriteResult> Results);

    private sealed class Batch
    {
        public List<ObjectWritten> Changes { get; } = [];

        /// <summary>The changes without heartbeats.</summary>
        public List<ObjectWritten> Journaled { get; } = [];
        public List<Reply> Replies { get; } = [];
        public int WriteCount;

        public bool WritesNothing;

        /// <summary>The events that are not durable yet (count).</summary>
        public int Unwritten;

        /// <summary>The number of its last event.</summary>
        public long SequenceNr;

        /// <summary>Whether a batch that writes nothing has asked the journal, and been told.</summary>
        public bool Asked;
        public bool Confirmed;

        public bool IsWaiting(IActorRef writer) => Replies.Exists(r => r.To.Equals(writer));

        public void Add(ObjectWritten change, bool heartbeat)
        {
            Changes.Add(change);
            if (!heartbeat) Journaled.Add(change);
        }
    }
}

/// <summary>Stops a registry when its shard moves to another process.</summary>
public sealed record StopRegistry
{
    public static StopRegistry Instance { get; } = new();
}
