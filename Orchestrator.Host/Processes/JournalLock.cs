using Akka.Actor;
using Akka.Cluster;
using Orchestrator.Actors.Registry;

namespace Orchestrator.Host.Processes;

/// <summary>Tells whether this process alone writes to a SQLite journal, by locks on two files beside it.</summary>
/// <remarks>
/// The first control-plane process holds both alone, and answers reads from memory. It lets others in once it has seen them join; from
/// then on all share the second and confirm reads against the journal. So a process that may write is never unknown to one that relies
/// on being alone, whatever becomes of the cluster between them. The first file bridges the moment in which the second changes hands.
/// The locks end with the process that holds them.
/// </remarks>
public sealed class JournalLock : IDisposable
{
    /// <summary>How long the process that is alone may take to see that another has joined.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(50);

    private readonly string _aloneFile;
    private readonly string _sharedFile;
    private FileStream? _alone;
    private FileStream? _shared;

    private JournalLock(string journalFile)
    {
        _aloneFile = journalFile + ".alone";
        _sharedFile = journalFile + ".shared";
    }

    /// <summary>True while no other process can hold the lock.</summary>
    public bool Alone => _alone is not null;

    /// <summary>Takes the lock of the journal in <paramref name="journalFile"/>: alone if nobody has it, else together with others.</summary>
    /// <exception cref="StartException">A process that this one has not joined uses the journal.</exception>
    public static async Task<JournalLock> AcquireAsync(string journalFile, TimeProvider clock)
    {
        var journalLock = new JournalLock(journalFile);
        var started = clock.GetTimestamp();
        while (!journalLock.TryAlone() && !journalLock.TryTogether())
        {
            if (clock.GetElapsedTime(started) > Deadline)
                throw new StartException($"The journal {journalFile} is in use by a process whose cluster this one has not joined; give --join with its remoting address, or another --journal.");
            await Task.Delay(RetryAfter, clock).ConfigureAwait(false);
        }
        return journalLock;
    }

    /// <summary>Lets others in as soon as one has joined.</summary>
    public void Follow(ActorSystem system, LocalRegistries local)
    {
        if (Alone) system.ActorOf(Props.Create(() => new Opener(this, local)), "journal-lock");
    }

    public void Dispose()
    {
        _shared?.Dispose();
        _alone?.Dispose();
    }

    /// <summary>Gives up being alone: from now on reads of <paramref name="local"/> are confirmed, and others may share the lock.</summary>
    public void LetOthersIn(LocalRegistries local)
    {
        if (!Alone) return;
        // In this order: another may write as soon as it shares the lock.
        local.OthersMayWrite();
        _shared?.Dispose();
        _shared = Open(_sharedFile, FileAccess.Read, FileShare.Read);
        _alone?.Dispose();
        _alone = null;
    }

    private bool TryAlone()
    {
        if (Open(_aloneFile, FileAccess.ReadWrite, FileShare.None) is not { } alone) return false;
        _shared = Open(_sharedFile, FileAccess.ReadWrite, FileShare.None);
        if (_shared is not null) _alone = alone;
        else alone.Dispose();
        return Alone;
    }

    private bool TryTogether() => (_shared = Open(_sharedFile, FileAccess.Read, FileShare.Read)) is not null;

    private static FileStream? Open(string file, FileAccess access, FileShare share)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, access, share);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private sealed class Opener(JournalLock journalLock, LocalRegistries local) : UntypedActor
    {
        private readonly Cluster _cluster = Cluster.Get(Context.System);

        protected override void PreStart() =>
            _cluster.Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));

        protected override void PostStop() => _cluster.Unsubscribe(Self);

        protected override void OnReceive(object message)
        {
            if (message is not ClusterEvent.IMemberEvent { Member: var member } || !member.HasRole(RegistryRegion.Role)) return;
            if (member.UniqueAddress.Equals(_cluster.SelfUniqueAddress)) return;
            journalLock.LetOthersIn(local);
            Context.Stop(Self);
        }
    }
}
