using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>Answers of a registry that may have a second owner: given once the journal holds nothing that this one does not know.</summary>
/// <remarks>
/// A partition or a pause may leave two owners of one log, each unaware of the other. The compare-and-swap fences their writes; an
/// answer that writes nothing is fenced here. The journal's highest number is asked for after the question came; when this owner has
/// committed up to it, whatever anyone was told before is in its state. No clock and no membership takes part in that, so no pause
/// and no wrong suspicion can make it untrue. One query is under way at a time, and all who ask meanwhile share the next.
/// </remarks>
public sealed partial class RegistryActor
{
    private readonly List<Action> _confirmNext = [];
    private List<Action>? _confirming;

    /// <summary>How far the journal reaches by the query that has answered; -1 while it has not.</summary>
    private long _reaches = -1;

    private IActorRef? _journalReader;

    private void Handle(GetRevision get)
    {
        var reader = Sender;
        // Who asks too much is not answered, and asks again.
        if (!get.Confirmed) reader.Tell(new CurrentRevision(_type, _state.Revision));
        else if (_confirmNext.Count < _settings.WaitingMax) WhenConfirmed(() => reader.Tell(new CurrentRevision(_type, _state.Revision)));
    }

    /// <summary>Runs <paramref name="answer"/> at once when there can be no second owner, else after a query that begins after this call.</summary>
    private void WhenConfirmed(Action answer)
    {
        if (_local.SoleWriter)
        {
            answer();
            return;
        }
        _confirmNext.Add(answer);
        Confirm();
    }

    private void Confirm()
    {
        if (_confirming is not null || _confirmNext.Count == 0) return;
        _confirming = [.. _confirmNext];
        _confirmNext.Clear();
        _reaches = -1;
        _journalReader ??= Context.ActorOf(Akka.Actor.Props.Create(() => new JournalReader(PersistenceIdOf(_type))));
        _journalReader.Tell(new ReadJournal(LastSequenceNr));
    }

    private void Handle(JournalReaches reaches)
    {
        if (_confirming is null) return;   // what waited has failed meanwhile
        _reaches = reaches.SequenceNr;
        AnswerReaders();
    }

    private void AnswerReaders()
    {
        if (_confirming is not { } waiting || _reaches < 0) return;
        if (_reaches > LastSequenceNr)
        {
            // What is on its way may be what the journal has: whether it is ours or another's, the write's own outcome says.
            if (_waiting.Any(batch => batch.Unwritten > 0)) return;
            _log.Warning("Another owner has written change {0} of {1}, this one knows {2}; this registry stops and recovers", _reaches, _type, LastSequenceNr);
            // Nobody is answered: what was asked or decided here is asked again of whoever owns the log then.
            Context.Stop(Self);
            return;
        }
        _confirming = null;
        foreach (var answer in waiting) answer();
        Confirm();
    }

    private void Handle(JournalSilent silent)
    {
        if (_confirming is null) return;
        // An answer that comes later must not be taken for that of a later question.
        Context.Stop(_journalReader);
        _journalReader = null;
        _log.Warning(silent.Cause, "The journal did not say how far it reaches, so that {0} cannot be read", _type);
        FailUnconfirmed(silent.Cause);
    }

    /// <summary>Readers ask again until their own deadline. Writers must be told, for what they decided is gone.</summary>
    private void FailUnconfirmed(Exception cause)
    {
        var readers = _confirming;
        _confirming = null;
        if (_waiting.TryPeek(out var batch) && batch.Asked)
        {
            // Decisions that write nothing have no other trace than heartbeats, which recovery leaves out.
            FailWaiting(cause);
            Context.Stop(Self);
            return;
        }
        if (readers is not null) Confirm();
    }

    /// <summary>Asks the journal how far it reaches.</summary>
    /// <param name="After">What is known; only what lies behind it is of interest.</param>
    private sealed record ReadJournal(long After);

    private sealed record JournalReaches(long SequenceNr);

    private sealed record JournalSilent(Exception Cause);

    /// <summary>Plays the part of a recovering actor that wants to replay nothing: the answer is one indexed query.</summary>
    private sealed class JournalReader(string persistenceId) : UntypedActor
    {
        private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

        private readonly IActorRef _journal = Persistence.Instance.Apply(Context.System).JournalFor("");

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case ReadJournal read:
                    Context.SetReceiveTimeout(Deadline);
                    _journal.Tell(new ReplayMessages(read.After + 1, 0, 0, persistenceId, Self), Self);
                    break;
                case RecoverySuccess success:
                    Context.SetReceiveTimeout(null);
                    Context.Parent.Tell(new JournalReaches(success.HighestSequenceNr));
                    break;
                case ReplayMessagesFailure failure:
                    Context.SetReceiveTimeout(null);
                    Context.Parent.Tell(new JournalSilent(failure.Cause));
                    break;
                case ReceiveTimeout:
                    Context.Parent.Tell(new JournalSilent(new TimeoutException($"the journal was silent for {Deadline.TotalSeconds:0} s")));
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }
    }
}
