using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Configuration;

namespace Packages.Conformance.Sharding;

/// <summary>One member of a cluster in this process, with a journal that it may share with others.</summary>
internal sealed class ShardingNode : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    public ShardingNode(string journalFile, string extra = "")
    {
        System = ActorSystem.Create("sharding", ConfigurationFactory.ParseString($$"""
            {{extra}}
            akka.loglevel = ERROR
            akka.stdout-loglevel = OFF
            akka.actor.provider = cluster
            akka.actor {
              serializers.entity-messages = "Packages.Conformance.Sharding.EntityMessageSerializer, Packages.Conformance"
              serialization-bindings {
                "Packages.Conformance.Sharding.To, Packages.Conformance" = entity-messages
                "Packages.Conformance.Sharding.StopEntity, Packages.Conformance" = entity-messages
                "Packages.Conformance.Sharding.PassivateNow, Packages.Conformance" = entity-messages
                "Packages.Conformance.Sharding.WhoAreYou, Packages.Conformance" = entity-messages
                "Packages.Conformance.Sharding.Identity, Packages.Conformance" = entity-messages
              }
            }
            akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
            akka.cluster.min-nr-of-members = 1
            akka.cluster.sharding.rebalance-interval = 1s
            akka.cluster.sharding.retry-interval = 500ms
            akka.cluster.sharding.remember-entities-store = eventsourced
            akka.persistence.journal.plugin = "akka.persistence.journal.sql"
            akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.sql"
            akka.persistence.journal.sql {
              class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
              connection-string = "Data Source={{journalFile}}"
              provider-name = "SQLite.MS"
            }
            akka.persistence.snapshot-store.sql {
              class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql"
              connection-string = "Data Source={{journalFile}}"
              provider-name = "SQLite.MS"
            }
            """));
        Cluster = Akka.Cluster.Cluster.Get(System);
    }

    public ActorSystem System { get; }

    public Akka.Cluster.Cluster Cluster { get; }

    public async Task Join(ShardingNode seed)
    {
        Cluster.Join(seed.Cluster.SelfAddress);
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Cluster.RegisterOnMemberUp(() => up.TrySetResult());
        await up.Task.WaitAsync(Patience);
    }

    public IActorRef Start(string type, IActorRef observer, Func<ClusterShardingSettings, ClusterShardingSettings>? change = null)
    {
        var sharding = ClusterSharding.Get(System);   // loads the defaults that the settings are read from
        var settings = ClusterShardingSettings.Create(System);
        settings = change is null ? settings : change(settings);
        return sharding.Start(
            type, id => Props.Create(() => new Entity(id, observer)), settings, new ByPrefix(),
            sharding.DefaultShardAllocationStrategy(settings), new StopEntity());
    }

    public async ValueTask DisposeAsync() => await System.Terminate().WaitAsync(Patience);
}

internal sealed record To(string Entity, object Message);

internal sealed record StopEntity;

internal sealed record PassivateNow;

internal sealed record WhoAreYou;

internal sealed record Identity(string Entity, Address System, string Path);

/// <summary>An entity "a-1" is in shard "a".</summary>
internal sealed class ByPrefix : IMessageExtractor
{
    public string EntityId(object message) => message is To to ? to.Entity : null!;

    public object EntityMessage(object message) => message is To to ? to.Message : message;

    public string ShardId(string entityId, object? messageHint = null) => entityId.Split('-')[0];
}

/// <summary>Answers who it is and echoes anything else; tells the observer when it starts and stops.</summary>
internal sealed class Entity : UntypedActor
{
    private readonly string _id;
    private readonly IActorRef _observer;

    public Entity(string id, IActorRef observer)
    {
        _id = id;
        _observer = observer;
    }

    protected override void PreStart() => _observer.Tell("started " + _id);

    protected override void PostStop() => _observer.Tell("stopped " + _id);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case WhoAreYou:
                Sender.Tell(new Identity(_id, Akka.Cluster.Cluster.Get(Context.System).SelfAddress, Self.Path.ToStringWithoutAddress()));
                break;
            case PassivateNow:
                Context.Parent.Tell(new Passivate(new StopEntity()));
                break;
            case StopEntity:
                Context.Stop(Self);
                break;
            default:
                Sender.Tell(message);
                break;
        }
    }
}
