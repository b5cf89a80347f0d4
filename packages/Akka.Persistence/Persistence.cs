using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence.Journal;

namespace Akka.Persistence;

/// <summary>Finds the persistence extension of an actor system.</summary>
public class Persistence : ExtensionIdProvider<PersistenceExtension>
{
    /// <summary>The extension's id.</summary>
    public static Persistence Instance { get; } = new();

    /// <inheritdoc/>
    public override PersistenceExtension CreateExtension(ExtendedActorSystem system) => new(system);

    /// <summary>The defaults of every <c>akka.persistence</c> key.</summary>
    public static Config DefaultConfig() => ConfigurationFactory.FromResource<Persistence>("Akka.Persistence.persistence.conf");
}

/// <summary>The journals and snapshot stores of an actor system, each started at its first use.</summary>
public class PersistenceExtension : IExtension
{
    private const string JournalFallback = "akka.persistence.journal-plugin-fallback";
    private const string SnapshotFallback = "akka.persistence.snapshot-store-plugin-fallback";
    private const string NoSnapshotStore = "akka.persistence.no-snapshot-store";

    private readonly ExtendedActorSystem _system;
    private readonly Config _config;
    private readonly ILoggingAdapter _log;
    private readonly string _defaultJournal;
    private readonly string _defaultSnapshotStore;
    private readonly ConcurrentDictionary<string, Lazy<Plugin>> _plugins = new(StringComparer.Ordinal);
    private readonly Lazy<IActorRef> _permitter;

    /// <summary>Reads <c>akka.persistence</c>.</summary>
    public PersistenceExtension(ExtendedActorSystem system)
    {
        _system = system;
        system.Settings.InjectTopLevelFallback(Persistence.DefaultConfig());
        _config = system.Settings.Config.GetConfig("akka.persistence");
        _log = Logging.GetLogger(system, this);
        _defaultJournal = _config.GetString("journal.plugin") ?? "";
        _defaultSnapshotStore = _config.GetString("snapshot-store.plugin") ?? "";
        if (_defaultSnapshotStore.Length == 0)
        {
            _log.Info("No default snapshot store configured; snapshots fail. Set akka.persistence.snapshot-store.plugin for one");
            _defaultSnapshotStore = NoSnapshotStore;
        }
        DefaultInternalStashOverflowStrategy = CreateOverflowStrategy();
        var permits = _config.GetInt("max-concurrent-recoveries", 50);
        _permitter = new Lazy<IActorRef>(() => system.SystemActorOf(Props.Create(() => new RecoveryPermitter(permits)), "recoveryPermitter"));
        foreach (var id in _config.GetStringList("journal.auto-start-journals")) JournalFor(id);
        foreach (var id in _config.GetStringList("snapshot-store.auto-start-snapshot-stores")) SnapshotStoreFor(id);
    }

    internal IStashOverflowStrategy DefaultInternalStashOverflowStrategy { get; }

    internal IActorRef RecoveryPermitter => _permitter.Value;

    /// <summary>A persistence id made of the actor's path.</summary>
    public string PersistenceId(IActorRef actor) => actor.Path.ToStringWithoutAddress();

    /// <summary>The event adapters of a journal.</summary>
    public EventAdapters AdaptersFor(string journalPluginId) => JournalPlugin(journalPluginId).Adapters;

    /// <summary>A journal.</summary>
    /// <param name="journalPluginId">Its configuration path; empty for the default one.</param>
    /// <exception cref="ArgumentException">There is no such configuration, or no default journal.</exception>
    public IActorRef JournalFor(string journalPluginId) => JournalPlugin(journalPluginId).Ref;

    /// <summary>A snapshot store.</summary>
    /// <param name="snapshotPluginId">Its configuration path; empty for the default one.</param>
    /// <exception cref="ArgumentException">There is no such configuration.</exception>
    public IActorRef SnapshotStoreFor(string snapshotPluginId) =>
        PluginAt(string.IsNullOrEmpty(snapshotPluginId) ? _defaultSnapshotStore : snapshotPluginId, SnapshotFallback).Ref;

    internal TimeSpan RecoveryEventTimeoutFor(string journalPluginId) => JournalPlugin(journalPluginId).Config.GetTimeSpan("recovery-event-timeout");

    /// <summary>The configuration of the plugin that is this actor.</summary>
    internal Config ConfigOf(IActorRef plugin) => ConfigAt(plugin.Path.Name, JournalFallback);

    /// <summary>The event adapters of the journal that is this actor.</summary>
    internal EventAdapters AdaptersOf(IActorRef plugin) => EventAdapters.Create(_system, ConfigOf(plugin));

    internal Config SnapshotConfigOf(IActorRef plugin) => ConfigAt(plugin.Path.Name, SnapshotFallback);

    private Plugin JournalPlugin(string id)
    {
        var path = string.IsNullOrEmpty(id) ? _defaultJournal : id;
        if (path.Length == 0) throw new ArgumentException("No default journal is configured: set akka.persistence.journal.plugin");
        return PluginAt(path, JournalFallback);
    }

    private Plugin PluginAt(string path, string fallback) =>
        _plugins.GetOrAdd(path, p => new Lazy<Plugin>(() => Start(p, fallback))).Value;

    private Config ConfigAt(string path, string fallback)
    {
        var settings = _system.Settings.Config;
        if (!settings.HasPath(path)) throw new ArgumentException($"Persistence configuration has no plugin at '{path}'");
        return settings.GetConfig(path).WithFallback(settings.GetConfig(fallback));
    }

    private Plugin Start(string path, string fallback)
    {
        var config = ConfigAt(path, fallback);
        var className = config.GetString("class");
        if (string.IsNullOrEmpty(className)) throw new ArgumentException($"Plugin class name must be configured at '{path}.class'");
        var type = Type.GetType(className, throwOnError: true)!;
        var takesConfig = type.GetConstructor([typeof(Config)]) is not null;
        var props = (takesConfig ? Props.Create(type, config) : Props.Create(type)).WithDispatcher(config.GetString("plugin-dispatcher"));
        var plugin = _system.SystemActorOf(props, path);
        return new Plugin(plugin, config, fallback == JournalFallback ? EventAdapters.Create(_system, config) : EventAdapters.None);
    }

    private IStashOverflowStrategy CreateOverflowStrategy()
    {
        var name = _config.GetString("internal-stash-overflow-strategy");
        var configurator = (IStashOverflowStrategyConfigurator)Activator.CreateInstance(Type.GetType(name, throwOnError: true)!)!;
        return configurator.Create(_system.Settings.Config);
    }

    private sealed record Plugin(IActorRef Ref, Config Config, EventAdapters Adapters);
}
