using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>The registry's snapshots: many rows, one manifest, and no pause for writers.</summary>
public sealed partial class RegistryActor
{
    private readonly RegistrySnapshots _snapshots;

    /// <summary>The sequence number up to which the journal's events are in the state.</summary>
    private long _applied;

    private void LoadParts()
    {
        if (_snapshots.PartsToLoad == 0)
        {
            Recovered();
            return;
        }
        foreach (var part in _snapshots.LoadMessages()) SnapshotStore.Tell(part, Self);
        Become(Loading);
    }

    /// <summary>Parts arrive after the events: a key that an event spoke about is newer than any part.</summary>
    private void Loading(object message)
    {
        switch (message)
        {
            case LoadSnapshotResult { Snapshot.Snapshot: SnapshotPart part }:
                foreach (var o in part.Objects)
                {
                    if (_snapshots.WasSpoken(o.Key)) continue;
                    _packer.Pack(o);
                    _state.Restore(o);
                }
                if (_snapshots.Loaded()) Recovered();
                break;
            case LoadSnapshotResult or LoadSnapshotFailed:
                throw new InvalidOperationException(
                    $"A part of the snapshot of {_type} is missing or unreadable: {(message as LoadSnapshotFailed)?.Cause.Message ?? "no such row"}");
            default:
                Stash.Stash();
                break;
        }
    }

    private void SnapshotIfDue()
    {
        if (_snapshots.Begin(_applied, _state, _clock.GetUtcNow()) is not { } first) return;
        SnapshotStore.Tell(first, Self);
    }

    /// <summary>Parts go one at a time, so that a large state never floods the store between two commits.</summary>
    private bool HandleSnapshot(object message)
    {
        switch (message)
        {
            case SaveSnapshotSuccess saved:
                if (_snapshots.Saved(saved.Metadata) is { } next) SnapshotStore.Tell(next, Self);
                else if (_snapshots.IsComplete(saved.Metadata)) Completed();
                return true;
            case SaveSnapshotFailure failure:
                _log.Warning(failure.Cause, "A snapshot of {0} was not saved; the next one is tried later", _type);
                _snapshots.Abandon();
                return true;
            case DeleteSnapshotsSuccess or DeleteSnapshotsFailure or DeleteSnapshotSuccess or DeleteSnapshotFailure:
            case DeleteMessagesSuccess:
                return true;
            case DeleteMessagesFailure failure:
                _log.Warning(failure.Cause, "Old changes of {0} were not removed; that is tried again after the next snapshot", _type);
                return true;
            default:
                return false;
        }
    }

    private void Completed()
    {
        foreach (var obsolete in _snapshots.DeleteMessages()) SnapshotStore.Tell(obsolete, Self);
        if (_snapshots.Retained is var oldest and > 1) DeleteMessages(oldest - 1);
    }
}
