using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>This process's way to the registries: writes, consistent reads, and one informer per type that is asked for.</summary>
public sealed class RegistryClient : IRegistries
{
    /// <summary>How long a registry may take before a request is answered with Timeout.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    /// <summary>What was on its way to a registry whose process died is lost, so an unanswered message is sent again this often.</summary>
    private static readonly TimeSpan AgainAfter = TimeSpan.FromMilliseconds(500);

    /// <summary>A registry of this process loses messages only when it stops, so its slowness is waited for longer.</summary>
    private static readonly TimeSpan AgainHereAfter = TimeSpan.FromSeconds(1);

    /// <summary>How often what is unanswered is looked through: nearly everything is answered within milliseconds, so that no question
    /// is worth timers of its own.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly ActorSystem _system;
    private readonly IActorRef _region;
    private readonly LocalRegistries _local;
    private readonly RegistrySettings _settings;
    private readonly JournalHistory _history;
    private readonly ConcurrentDictionary<ResourceType, Lazy<Fed>> _informers = new();
    private readonly ConcurrentQueue<Question> _questions = new();

    public RegistryClient(ActorSystem system, IActorRef region, LocalRegistries local, RegistrySettings settings)
    {
        _system = system;
        _region = region;
        _local = local;
        _settings = settings;
        _history = new JournalHistory(system, settings);
        system.Scheduler.Advanced.ScheduleRepeatedly(LookEvery, LookEvery, LookAtUnanswered);
    }

    /// <summary>Writes in one commit and returns what became of each, in order. Refusals and timeouts are results, not exceptions.</summary>
    public async Task<ImmutableArray<WriteResult>> WriteAsync(
        ResourceType type, ImmutableArray<ObjectWrite> writes, CancellationToken cancellationToken = default)
    {
        var question = Ask<ObjectsWritten>(new WriteObjects(type, writes), out var answer, cancellationToken);
        try
        {
            return (await answer.ConfigureAwait(false)).Results;
        }
        catch (AskTimeoutException)
        {
            var error = ApiError.Timeout($"the registry of {type} did not answer within {Deadline.TotalSeconds:0} s; the write may still happen");
            return [.. writes.Select(_ => new WriteResult(null, error))];
        }
        finally
        {
            question.Close();
        }
    }

    public async Task<WriteResult> WriteAsync(ResourceType type, ObjectWrite write, CancellationToken cancellationToken = default) =>
        (await WriteAsync(type, [write], cancellationToken).ConfigureAwait(false))[0];

    /// <summary>The informer of <paramref name="type"/>, started when this is the first call for it, once it has the whole state.</summary>
    public ValueTask<Informer> InformerAsync(ResourceType type, CancellationToken cancellationToken = default)
    {
        var informer = FedFor(type).Informer;
        return informer.WhenSynced.IsCompletedSuccessfully
            ? ValueTask.FromResult(informer)
            : WhenSynced(informer, cancellationToken);
    }

    /// <summary>The informer, once it has seen all that was committed before this call: what a read without a resourceVersion needs.</summary>
    /// <exception cref="TimeoutException">The registry did not answer in time.</exception>
    public ValueTask<Informer> ConsistentAsync(ResourceType type, CancellationToken cancellationToken = default)
    {
        var informer = FedFor(type).Informer;
        return informer.WhenSynced.IsCompletedSuccessfully && _local.RevisionOf(type) is { } revision && informer.Revision >= revision
            ? ValueTask.FromResult(informer)
            : WhenConsistent(informer, cancellationToken);
    }

    public IChangeHistory History => _history;

    public IEnumerable<Informer> Informers => _informers.Values.Select(static f => f.Value.Informer);

    /// <summary>The newest changes of a type, oldest first.</summary>
    /// <param name="count">How many versions to reach back.</param>
    public async Task<ImmutableArray<JournaledChange>> NewestChangesAsync(ResourceType type, int count, CancellationToken cancellationToken = default)
    {
        var informer = await ConsistentAsync(type, cancellationToken).ConfigureAwait(false);
        return await _history.ChangesAsync(type, Math.Max(1, informer.Revision - count + 1), null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tells <paramref name="subscriber"/> the whole state once (<see cref="InformerSynced"/>) and then every change
    /// (<see cref="ObjectsChanged"/>), in order and by reference.</summary>
    public void Subscribe(ResourceType type, IActorRef subscriber) => FedFor(type).Actor.Tell(new SubscribeToChanges(subscriber));

    public void Unsubscribe(ResourceType type, IActorRef subscriber) => FedFor(type).Actor.Tell(new UnsubscribeFromChanges(subscriber));

    private static async ValueTask<Informer> WhenSynced(Informer informer, CancellationToken cancellationToken)
    {
        await informer.WhenSynced.WaitAsync(cancellationToken).ConfigureAwait(false);
        return informer;
    }

    private async ValueTask<Informer> WhenConsistent(Informer informer, CancellationToken cancellationToken)
    {
        try
        {
            var revision = _local.RevisionOf(informer.Type) ?? await ConfirmedRevisionAsync(informer.Type, cancellationToken).ConfigureAwait(false);
            await informer.WhenSynced.WaitAsync(Deadline, cancellationToken).ConfigureAwait(false);
            await informer.WaitForAsync(revision, cancellationToken).AsTask().WaitAsync(Deadline, cancellationToken).ConfigureAwait(false);
            return informer;
        }
        catch (AskTimeoutException e)
        {
            throw new TimeoutException($"The registry of {informer.Type} did not answer within {Deadline.TotalSeconds:0} s.", e);
        }
    }

    private async Task<long> ConfirmedRevisionAsync(ResourceType type, CancellationToken cancellationToken)
    {
        var question = Ask<CurrentRevision>(new GetRevision(type, Confirmed: true), out var answer, cancellationToken);
        try
        {
            return (await answer.ConfigureAwait(false)).Revision;
        }
        finally
        {
            question.Close();
        }
    }

    /// <summary>Asks until there is an answer, the deadline is over, or the question is closed. Every try has the same reply address, so the
    /// first answer counts.</summary>
    private Question Ask<T>(RegistryMessage message, out Task<T> answer, CancellationToken cancellationToken)
    {
        IActorRef replyTo = ActorRefs.NoSender;
        answer = (_local.Find(message.Type) ?? _region).Ask<T>(r => { replyTo = r; return message; }, Timeout.InfiniteTimeSpan, cancellationToken);
        var question = new Question(message, replyTo, Environment.TickCount64);
        if (!answer.IsCompleted) _questions.Enqueue(question);
        return question;
    }

    /// <summary>Repeats what should have been answered by now, and ends what waited too long.</summary>
    private void LookAtUnanswered()
    {
        for (var left = _questions.Count; left > 0 && _questions.TryDequeue(out var question); left--)
        {
            if (question.Open is not var (message, replyTo)) continue;
            var now = Environment.TickCount64;
            if (now - question.AskedAt >= Deadline.TotalMilliseconds)
            {
                replyTo.Tell(new Status.Failure(new AskTimeoutException($"no answer within {Deadline.TotalSeconds:0} s")));
                continue;
            }
            var patience = _local.Find(message.Type) is null ? AgainAfter : AgainHereAfter;
            if (now - question.SentAt >= patience.TotalMilliseconds)
            {
                // Through the region, which knows where the registry is now.
                _region.Tell(message is WriteObjects write ? write with { Again = true } : message, replyTo);
                question.SentAt = now;
            }
            _questions.Enqueue(question);
        }
    }

    private Fed FedFor(ResourceType type) => _informers.GetOrAdd(type, static (type, self) => new Lazy<Fed>(() => self.Start(type)), this).Value;

    private Fed Start(ResourceType type)
    {
        var informer = new Informer(type, _history, journaled: !_settings.HeartbeatTypes.Contains(type));
        return new Fed(informer, _system.ActorOf(InformerActor.Props(informer, _region), $"informer-{type}"));
    }

    private sealed record Fed(Informer Informer, IActorRef Actor);

    /// <summary>What was asked. Thousands lie here for a while after they have been answered, so a closed one holds on to nothing: what
    /// it kept alive would outlive collections of the youngest generation, each of which would carry it on.</summary>
    private sealed class Question(RegistryMessage message, IActorRef replyTo, long askedAt)
    {
        private volatile RegistryMessage? _message = message;
        private volatile IActorRef? _replyTo = replyTo;

        /// <summary>The question and where its answer goes; null once it is closed.</summary>
        public (RegistryMessage Message, IActorRef ReplyTo)? Open => _message is { } message && _replyTo is { } replyTo ? (message, replyTo) : null;

        /// <summary>On the clock of <see cref="Environment.TickCount64"/> (milliseconds).</summary>
        public long AskedAt { get; } = askedAt;

        /// <summary>When it was sent last, on the same clock.</summary>
        public long SentAt { get; set; } = askedAt;

        /// <summary>Nobody waits for the answer any more.</summary>
        public void Close()
        {
            _message = null;
            _replyTo = null;
        }
    }
}
