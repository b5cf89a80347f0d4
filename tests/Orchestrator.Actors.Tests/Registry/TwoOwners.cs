using Akka.Actor;
using Akka.Configuration;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Registry;

/// <summary>A process of a control plane: a system of its own, whose registry is started anew when it has stopped, as a shard does.</summary>
internal sealed class OwnerProcess : IAsyncDisposable
{
    private static readonly TimeSpan AgainAfter = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly ActorSystem _system;
    private readonly ResourceType _type;
    private readonly IActorRef _shard;

    public OwnerProcess(string name, string journalFile, ResourceType type)
    {
        _system = ActorSystem.Create(name, JournalConfig.Sqlite(journalFile));
        _type = type;
        var props = RegistryActor.Props(
            type, new RegistrySettings { SnapshotAfterMin = 10_000, Retention = null, WaitingMax = 10_000 }, new LocalRegistries(), TimeProvider.System);
        _shard = _system.ActorOf(Akka.Actor.Props.Create(() => new Shard(props)));
    }

    /// <summary>Writes until the outcome is known: again when nobody answers, or when the owner lost its log to another.</summary>
    public async Task<WriteResult> WriteAsync(ObjectWrite write)
    {
        using var deadline = new CancellationTokenSource(Patience);
        for (var again = false; ; again = true)
        {
            deadline.Token.ThrowIfCancellationRequested();
            if (await TryAskAsync<ObjectsWritten>(new WriteObjects(_type, [write], again)).ConfigureAwait(false) is { Results: [{ Error: not { Reason: "Timeout" } } result] }) return result;
        }
    }

    /// <summary>The version that a consistent read waits for.</summary>
    public async Task<long> ReadAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            deadline.Token.ThrowIfCancellationRequested();
            if (await TryAskAsync<CurrentRevision>(new GetRevision(_type, Confirmed: true)).ConfigureAwait(false) is { } current) return current.Revision;
        }
    }

    public async ValueTask DisposeAsync() => await _system.Terminate().ConfigureAwait(false);

    private async Task<T?> TryAskAsync<T>(object message) where T : class
    {
        try
        {
            return await _shard.Ask<T>(message, AgainAfter).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    private sealed class Shard(Props registry) : UntypedActor
    {
        private IActorRef? _registry;

        protected override void OnReceive(object message)
        {
            if (message is Terminated) _registry = null;
            else (_registry ??= Context.Watch(Context.ActorOf(registry))).Forward(message);
        }
    }
}

/// <summary>Configuration of a system with our serializer and one SQLite journal.</summary>
internal static class JournalConfig
{
    public static Config Sqlite(string file) => ConfigurationFactory.ParseString($$"""
        akka.loglevel = OFF
        akka.stdout-loglevel = OFF
        akka.log-dead-letters = off
        akka.actor {
          serializers.orchestrator = "Orchestrator.Actors.Serialization.OrchestratorSerializer, Orchestrator.Actors"
          serialization-bindings { "Orchestrator.Actors.Serialization.IWireMessage, Orchestrator.Actors" = orchestrator }
        }
        akka.persistence.journal {
          plugin = "akka.persistence.journal.sql"
          sql { class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql", provider-name = "SQLite.MS", connection-string = "Data Source={{file}}" }
        }
        akka.persistence.snapshot-store {
          plugin = "akka.persistence.snapshot-store.sql"
          sql { class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql", provider-name = "SQLite.MS", connection-string = "Data Source={{file}}" }
        }
        """);
}
