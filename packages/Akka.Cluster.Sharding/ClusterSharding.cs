using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding.Internal;
using Akka.Configuration;

namespace Akka.Cluster.Sharding;

/// <summary>Finds the sharding extension of an actor system.</summary>
public class ClusterShardingExtensionProvider : ExtensionIdProvider<ClusterSharding>
{
    /// <inheritdoc/>
    public override ClusterSharding CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>Entities spread over the cluster: each is an actor, found by its id, of which there is one at a time.</summary>
public class ClusterSharding : IExtension
{
    private readonly ExtendedActorSystem _system;
    private readonly Cluster _cluster;
    private readonly ConcurrentDictionary<string, IActorRef> _regions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, IActorRef> _proxies = new(StringComparer.Ordinal);
    private readonly Lazy<IActorRef> _guardian;

    /// <summary>Adds the defaults to the system's settings.</summary>
    public ClusterSharding(ExtendedActorSystem system)
    {
        _system = system;
        system.Settings.InjectTopLevelFallback(DefaultConfig());
        system.Settings.InjectTopLevelFallback(Tools.ClusterToolsConfig.Default());
        _cluster = Cluster.Get(system);
        Settings = ClusterShardingSettings.Create(system);
        var guardianName = system.Settings.Config.GetString("akka.cluster.sharding.guardian-name", "sharding");
        var dispatcher = system.Settings.Config.GetString("akka.cluster.sharding.use-dispatcher", "");
        if (dispatcher.Length == 0) dispatcher = "akka.actor.internal-dispatcher";
        _guardian = new Lazy<IActorRef>(
            () => system.SystemActorOf(Props.Create(() => new ClusterShardingGuardian()).WithDispatcher(dispatcher), guardianName));
    }

    /// <summary>The settings of <c>akka.cluster.sharding</c>.</summary>
    public ClusterShardingSettings Settings { get; }

    /// <summary>The types of entities that run here.</summary>
    public ImmutableHashSet<string> ShardTypeNames => [.. _regions.Keys];

    /// <summary>The extension of a system.</summary>
    public static ClusterSharding Get(ActorSystem system) => system.WithExtension<ClusterSharding, ClusterShardingExtensionProvider>();

    /// <summary>The defaults of every <c>akka.cluster.sharding</c> key.</summary>
    public static Config DefaultConfig() => ConfigurationFactory.FromResource<ClusterSharding>("Akka.Cluster.Sharding.reference.conf");

    /// <summary>Starts the region of a type. On a member without the type's role a proxy is started instead.</summary>
    /// <param name="typeName">Name of the type, the same in the whole cluster.</param>
    /// <param name="entityProps">Makes an entity.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="messageExtractor">For which entity a message is, and in which shard it is.</param>
    /// <param name="allocationStrategy">Where shards go.</param>
    /// <param name="handOffStopMessage">Stops an entity whose shard moves.</param>
    /// <exception cref="NotSupportedException">The settings ask for something that this implementation does not do.</exception>
    public IActorRef Start(
        string typeName, Props entityProps, ClusterShardingSettings settings, IMessageExtractor messageExtractor,
        IShardAllocationStrategy allocationStrategy, object handOffStopMessage) =>
        Wait(StartAsync(typeName, entityProps, settings, messageExtractor, allocationStrategy, handOffStopMessage));

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, IMessageExtractor, IShardAllocationStrategy, object)"/>
    public IActorRef Start(string typeName, Props entityProps, ClusterShardingSettings settings, IMessageExtractor messageExtractor) =>
        Wait(StartAsync(typeName, entityProps, settings, messageExtractor));

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, IMessageExtractor, IShardAllocationStrategy, object)"/>
    public IActorRef Start(
        string typeName, Func<string, Props> entityPropsFactory, ClusterShardingSettings settings, IMessageExtractor messageExtractor,
        IShardAllocationStrategy allocationStrategy, object handOffStopMessage) =>
        Wait(StartAsync(typeName, entityPropsFactory, settings, messageExtractor, allocationStrategy, handOffStopMessage));

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, IMessageExtractor, IShardAllocationStrategy, object)"/>
    public IActorRef Start(
        string typeName, Func<string, Props> entityPropsFactory, ClusterShardingSettings settings, IMessageExtractor messageExtractor) =>
        Wait(StartAsync(typeName, entityPropsFactory, settings, messageExtractor));

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, IMessageExtractor, IShardAllocationStrategy, object)"/>
    public Task<IActorRef> StartAsync(
        string typeName, Props entityProps, ClusterShardingSettings settings, IMessageExtractor messageExtractor,
        IShardAllocationStrategy allocationStrategy, object handOffStopMessage) =>
        StartRegion(typeName, _ => entityProps, settings, messageExtractor, allocationStrategy, handOffStopMessage);

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, IMessageExtractor, IShardAllocationStrategy, object)"/>
    public Task<IActorRef> StartAsync(string typeName, Props entityProps, ClusterShardingSettings settings, IMessageExtractor messageExtractor) =>
        StartRegion(typeName, _ => entityProps, settings, messageExtractor, DefaultShardAllocationStrategy(settings), PoisonPill.Instance);

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, IMessageExtractor, IShardAllocationStrategy, object)"/>
    public Task<IActorRef> StartAsync(
        string typeName, Func<string, Props> entityPropsFactory, ClusterShardingSettings settings, IMessageExtractor messageExtractor,
        IShardAllocationStrategy allocationStrategy, object handOffStopMessage) =>
        StartRegion(typeName, entityPropsFactory, settings, messageExtractor, allocationStrategy, handOffStopMessage);

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, IMessageExtractor, IShardAllocationStrategy, object)"/>
    public Task<IActorRef> StartAsync(
        string typeName, Func<string, Props> entityPropsFactory, ClusterShardingSettings settings, IMessageExtractor messageExtractor) =>
        StartRegion(typeName, entityPropsFactory, settings, messageExtractor, DefaultShardAllocationStrategy(settings), PoisonPill.Instance);

    /// <summary>Starts a proxy: it sends to entities that run on the members of a role.</summary>
    public IActorRef StartProxy(string typeName, string? role, IMessageExtractor messageExtractor) => Wait(StartProxyAsync(typeName, role, messageExtractor));

    /// <inheritdoc cref="StartProxy"/>
    public Task<IActorRef> StartProxyAsync(string typeName, string? role, IMessageExtractor messageExtractor)
    {
        if (_proxies.TryGetValue(typeName, out var proxy)) return Task.FromResult(proxy);
        return Ask(new StartRegion(typeName, null, Settings.WithRole(role), Adapted(messageExtractor), null, PoisonPill.Instance), typeName, _proxies);
    }

    /// <summary>The region of a type that was started here.</summary>
    /// <exception cref="ArgumentException">It was not.</exception>
    public IActorRef ShardRegion(string typeName) =>
        _regions.TryGetValue(typeName, out var region) ? region
        : _proxies.TryGetValue(typeName, out var proxy) ? proxy
        : throw new ArgumentException($"Shard type [{typeName}] must be started first");

    /// <summary>The proxy of a type that was started here.</summary>
    /// <exception cref="ArgumentException">It was not.</exception>
    public IActorRef ShardRegionProxy(string typeName) =>
        _proxies.TryGetValue(typeName, out var proxy) ? proxy : throw new ArgumentException($"Shard type [{typeName}] must be started first");

    /// <summary>The strategy that the settings ask for.</summary>
    public IShardAllocationStrategy DefaultShardAllocationStrategy(ClusterShardingSettings settings)
    {
        var tuning = settings.TuningParameters;
        return tuning.LeastShardAllocationAbsoluteLimit > 0
            ? ShardAllocationStrategy.LeastShardAllocationStrategy(
                tuning.LeastShardAllocationAbsoluteLimit, tuning.LeastShardAllocationRelativeLimit)
            : new LeastShardAllocationStrategy(
                tuning.LeastShardAllocationRebalanceThreshold, tuning.LeastShardAllocationMaxSimultaneousRebalance);
    }

    /// <summary>A name as an actor path can have it.</summary>
    internal static string Encode(string name) => Uri.EscapeDataString(name);

    private Task<IActorRef> StartRegion(
        string typeName, Func<string, Props> entityProps, ClusterShardingSettings settings, IMessageExtractor extractor,
        IShardAllocationStrategy strategy, object stopMessage)
    {
        settings.Validate();
        if (!settings.ShouldHostShard(_cluster)) return StartProxyAsync(typeName, settings.Role, extractor);
        if (_regions.TryGetValue(typeName, out var region)) return Task.FromResult(region);
        return Ask(new StartRegion(typeName, entityProps, settings, Adapted(extractor), strategy, stopMessage), typeName, _regions);
    }

    private static IMessageExtractor Adapted(IMessageExtractor extractor) => extractor as ExtractorAdapter ?? new ExtractorAdapter(extractor);

    private async Task<IActorRef> Ask(StartRegion start, string typeName, ConcurrentDictionary<string, IActorRef> known)
    {
        var timeout = _system.Settings.CreationTimeout;
        var region = await _guardian.Value.Ask<IActorRef>(start, timeout).ConfigureAwait(false);
        known[typeName] = region;
        return region;
    }

    private static IActorRef Wait(Task<IActorRef> started) => started.ConfigureAwait(false).GetAwaiter().GetResult();
}
