using System.Globalization;
using Akka.Cluster.TestKit;
using Akka.Remote.TestKit;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.MultiNode.Tests.ControlPlanes;

/// <summary>Base of specs over <see cref="ThreeControlPlanes"/>: starts what a control-plane process hosts, and checks the log.</summary>
public abstract class ControlPlaneSpec : MultiNodeClusterSpec
{
    /// <summary>For what should take seconds and may take longer on a loaded machine.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly RegistrySettings Settings = new() { SnapshotAfterMin = 1000, Retention = null, WaitingMax = 10_000 };

    private readonly LocalRegistries _local = new();
    private RegistryClient? _registries;

    protected ControlPlaneSpec(ThreeControlPlanes config, Type type) : base(config, type)
    {
        First = config.First;
        Second = config.Second;
        Third = config.Third;
    }

    protected RoleName First { get; }
    protected RoleName Second { get; }
    protected RoleName Third { get; }

    protected static ResourceType Type => ResourceTypes.ConfigMaps;

    protected RegistryClient Registries => _registries ?? throw new InvalidOperationException("The registries of this node are not started.");

    protected async Task StartRegistriesAsync()
    {
        var region = await RegistryRegion.StartAsync(Sys, Settings, _local, TimeProvider.System);
        _registries = new RegistryClient(Sys, region, _local, Settings);
    }

    /// <summary>The controllers and singletons of a control-plane process.</summary>
    protected async Task StartControllersAsync()
    {
        var store = new ResourceStore(Registries, static () => SchemaCatalog.BuiltIn, TimeProvider.System);
        await ControlPlane.StartAsync(
            Sys, Registries, store, type => _local.Find(type) is not null, new ControllerSettings { HostName = Myself.Name }, TimeProvider.System);
    }

    /// <summary>Founds the cluster on one role, which thereby hosts the registry of <see cref="Type"/> and the singletons; the others join.</summary>
    protected async Task StartAllAsync(RoleName host, Func<Task>? startMore = null)
    {
        AwaitClusterUp([host, .. Roles.Where(r => r != host)]);
        await RunOnAsync(async () =>
        {
            await StartRegistriesAsync();
            // The shard is allocated by the first message to it, while there is no other region.
            var created = await WriteAsync(Objects.ConfigMap("allocates-the-shard"));
            Assert.Null(created.Error);
            Assert.NotNull(_local.Find(Type));
        }, host);
        EnterBarrier("registry-allocated");
        if (!IsNode(host)) await StartRegistriesAsync();
        await Registries.InformerAsync(Type).AsTask().WaitAsync(Patience);
        Assert.Equal(IsNode(host), _local.Find(Type) is not null);
        EnterBarrier("informers-synced");
        if (startMore is null) return;
        await startMore();
        EnterBarrier("all-started");
    }

    protected async Task<WriteResult> WriteAsync(CreateObject create, ResourceType? type = null)
    {
        while (true)
        {
            var result = await Registries.WriteAsync(type ?? Type, create);
            if (result.Error is null or { Reason: "AlreadyExists" or "Invalid" }) return result;
        }
    }

    /// <summary>Waits while a writer writes; when it has failed, that is the failure.</summary>
    protected void AwaitWriting(Task writing, Func<bool> until) => AwaitCondition(() =>
    {
        if (writing.IsFaulted) writing.GetAwaiter().GetResult();
        return until();
    }, Patience);

    /// <summary>Leaves what a writer got acknowledged where the verifying node finds it.</summary>
    protected void Publish(Writer writer) => File.WriteAllLines(
        AcknowledgedFile(Myself), writer.Acknowledged.Select(a => string.Create(CultureInfo.InvariantCulture, $"{a.Name} {a.Revision}")));

    /// <summary>Every write that any of the roles got acknowledged is in the journal exactly once, at its version.</summary>
    protected async Task VerifyLogAsync(params RoleName[] writers)
    {
        var changes = await Registries.NewestChangesAsync(Type, int.MaxValue);
        AssertIncreasing(changes.Select(c => c.Change.Object.Revision));
        var now = TimeProvider.System.GetUtcNow();
        Assert.All(changes, c => Assert.InRange(c.At, now.AddMinutes(-10), now));
        var versions = changes.ToLookup(c => c.Change.Object.Key.Name, c => c.Change.Object.Revision);
        var informer = await Registries.ConsistentAsync(Type);
        var total = 0;
        foreach (var line in writers.SelectMany(w => File.ReadAllLines(AcknowledgedFile(w))))
        {
            var words = line.Split(' ');
            var revision = long.Parse(words[1], CultureInfo.InvariantCulture);
            Assert.Equal([revision], versions[words[0]]);
            Assert.Equal(revision, informer.Get(Objects.Key(words[0]))?.Revision);
            total++;
        }

        Console.WriteLine($"{total} acknowledged writes are in a log of {changes.Length}.");
    }

    /// <summary>Each is greater than the one before; numbers between them are events that change no object.</summary>
    protected static void AssertIncreasing(IEnumerable<long> revisions)
    {
        var all = revisions.ToArray();
        Assert.All(all.Zip(all.Skip(1)), pair => Assert.True(pair.First < pair.Second, $"version {pair.Second} follows {pair.First}"));
    }

    private static string AcknowledgedFile(RoleName role) => Path.Combine(Path.GetTempPath(), $"acknowledged-{role.Name}.txt");
}
