using System.Threading.Channels;
using Akka.Actor;
using Akka.Persistence;

namespace Packages.Conformance.Persistence;

public sealed record Add(int Value, int Copies = 1);
public sealed record AddAsync(int Value, int Copies = 1);
public sealed record AddWhileAwaiting(int Value);
public sealed record AddThenDefer(int Value);
public sealed record Added(int Value);
public sealed record Sum(int Value, long LastSequenceNr);
public sealed record GetSum;
public sealed record TakeSnapshot;
public sealed record DeleteUpTo(long SequenceNr);
public sealed record Crash;

/// <summary>A persistent sum: each command adds, each answer tells what was durable when it was given.</summary>
public sealed class PersistentCounter : ReceivePersistentActor
{
    private readonly IActorRef? _observer;
    private readonly Recovery _recovery;
    private int _sum;

    public PersistentCounter(string id, IActorRef? observer = null, Recovery? recovery = null, string journal = "")
    {
        PersistenceId = id;
        _observer = observer;
        _recovery = recovery ?? Recovery.Default;
        JournalPluginId = journal;

        Recover<Added>(e =>
        {
            _sum += e.Value;
            _observer?.Tell(e);
        });
        Recover<SnapshotOffer>(o =>
        {
            _sum = (int)Convert.ToInt64(o.Snapshot, null);
            _observer?.Tell("snapshot " + _sum);
        });
        Recover<RecoveryCompleted>(_ => _observer?.Tell("recovered"));

        Command<Add>(c => PersistAll(Events(c.Value, c.Copies), e => Apply(e, c.Copies)));
        Command<AddAsync>(c => PersistAllAsync(Events(c.Value, c.Copies), e => Apply(e, c.Copies)));
        CommandAsync<AddWhileAwaiting>(async c =>
        {
            await Task.Yield();
            Persist(new Added(c.Value), e => Apply(e, 1));
        });
        Command<AddThenDefer>(c =>
        {
            PersistAsync(new Added(c.Value), e => _sum += e.Value);
            DeferAsync("deferred", text => Sender.Tell(text + " " + _sum));
        });
        Command<GetSum>(_ => Sender.Tell(new Sum(_sum, LastSequenceNr)));
        Command<TakeSnapshot>(_ => SaveSnapshot(_sum));
        Command<SaveSnapshotSuccess>(m => _observer?.Tell(m));
        Command<SaveSnapshotFailure>(m => _observer?.Tell(m));
        Command<DeleteUpTo>(c => DeleteMessages(c.SequenceNr));
        Command<DeleteMessagesSuccess>(m => _observer?.Tell(m));
        Command<DeleteMessagesFailure>(m => _observer?.Tell(m));
        Command<Crash>(_ => throw new InvalidOperationException("as told"));
    }

    public override string PersistenceId { get; }

    public override Recovery Recovery => _recovery;

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) => _observer?.Tell("failed " + cause.Message);

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) => _observer?.Tell("rejected " + cause.Message);

    protected override void OnRecoveryFailure(Exception reason, object? message = null) => _observer?.Tell("recovery failed " + reason.Message);

    private static IEnumerable<Added> Events(int value, int copies) => Enumerable.Repeat(new Added(value), copies);

    private int _handled;

    private void Apply(Added e, int copies)
    {
        _sum += e.Value;
        if (++_handled < copies) return;
        _handled = 0;
        Sender.Tell(new Sum(_sum, LastSequenceNr));
    }
}

/// <summary>Keeps what it is told, for a test that waits for it.</summary>
/// <remarks>Actors go on telling it while their systems end, which is after the test is done with it.</remarks>
public sealed class Observer : IDisposable
{
    private readonly ActorSystem _system;
    private readonly Channel<object> _seen = Channel.CreateUnbounded<object>();

    public Observer(ActorSystem system)
    {
        _system = system;
        Ref = system.ActorOf(Props.Create(() => new Sink(_seen.Writer)));
    }

    public IActorRef Ref { get; }

    /// <summary>The next message, which must come within a generous time.</summary>
    public object Next()
    {
        var next = _seen.Reader.ReadAsync().AsTask();
        return next.Wait(TimeSpan.FromSeconds(20)) ? next.Result : throw new TimeoutException("nothing was observed");
    }

    public T Next<T>() => Assert.IsType<T>(Next());

    public IEnumerable<object> Next(int count) => Enumerable.Range(0, count).Select(_ => Next());

    public void Dispose() => _system.Stop(Ref);

    private sealed class Sink : UntypedActor
    {
        private readonly ChannelWriter<object> _seen;

        public Sink(ChannelWriter<object> seen) => _seen = seen;

        protected override void OnReceive(object message) => _seen.TryWrite(message);
    }
}
