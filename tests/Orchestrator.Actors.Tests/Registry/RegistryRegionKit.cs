using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Registry;

/// <summary>Base of tests of actors that work on registries: real ones on a SQLite journal, behind a region that the test watches.</summary>
public abstract class RegistryRegionKit : TestKit
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly RegistrySettings Settings = new() { SnapshotAfterMin = 10_000, Retention = null, WaitingMax = 10_000 };

    private readonly string _folder;

    protected RegistryRegionKit() : this(Directory.CreateTempSubdirectory("orchestrator-region").FullName)
    {
    }

    private RegistryRegionKit(string folder) : base(JournalConfig.Sqlite(Path.Combine(folder, "journal.db")))
    {
        _folder = folder;
        var region = Sys.ActorOf(Akka.Actor.Props.Create(() => new Region(this)));
        // The registries are not known as those of this process, so that every message passes the region.
        Registries = new RegistryClient(Sys, region, new LocalRegistries(), Settings);
    }

    internal RegistryClient Registries { get; }

    /// <summary>The writes that came for the first time.</summary>
    protected ConcurrentQueue<WriteObjects> Written { get; } = new();

    /// <summary>Answers a write instead of its registry, when it returns an error.</summary>
    protected Func<WriteObjects, ApiError?>? Refuse { get; set; }

    protected async Task<StoredObject> CreateAsync(ResourceType type, StoredObject o)
    {
        var tree = o.ToTree();
        tree["metadata"]!.AsObject().Remove("resourceVersion");
        var result = await Registries.WriteAsync(type, new CreateObject(o.Key, UncommittedJson.From(tree)));
        Assert.Null(result.Error);
        return result.Object!;
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed class Region(RegistryRegionKit kit) : UntypedActor
    {
        private readonly LocalRegistries _local = new(soleWriter: true);
        private readonly Dictionary<ResourceType, IActorRef> _registries = [];

        protected override void OnReceive(object message)
        {
            if (message is not RegistryMessage m) return;
            if (m is WriteObjects write)
            {
                if (!write.Again) kit.Written.Enqueue(write);
                if (kit.Refuse?.Invoke(write) is { } error)
                {
                    Sender.Tell(new ObjectsWritten([.. write.Writes.Select(_ => new WriteResult(null, error))]));
                    return;
                }
            }
            if (!_registries.TryGetValue(m.Type, out var registry))
                _registries[m.Type] = registry = Context.ActorOf(RegistryActor.Props(m.Type, Settings, _local, TimeProvider.System));
            registry.Forward(m);
        }
    }
}
