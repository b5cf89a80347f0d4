using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Dispatch;

/// <summary>Dispatchers by the path of their configuration.</summary>
public sealed class Dispatchers(ActorSystem system, IDispatcherPrerequisites prerequisites)
{
    public const string DefaultDispatcherId = "akka.actor.default-dispatcher";
    public const string InternalDispatcherId = "akka.actor.internal-dispatcher";
    public const string SynchronizedDispatcherId = "akka.actor.synchronized-dispatcher";
    private readonly ConcurrentDictionary<string, MessageDispatcherConfigurator> _configurators = new(StringComparer.Ordinal);

    public MessageDispatcher DefaultGlobalDispatcher => Lookup(DefaultDispatcherId);
    public IDispatcherPrerequisites Prerequisites => prerequisites;

    public MessageDispatcher Lookup(string dispatcherName) => Configurator(dispatcherName ?? DefaultDispatcherId).Dispatcher();

    public bool HasDispatcher(string id) => _configurators.ContainsKey(id) || system.Settings.Config.HasPath(id);

    /// <summary>Puts a configurator under a name; false when the name is taken.</summary>
    public bool RegisterConfigurator(string id, MessageDispatcherConfigurator configurator) => _configurators.TryAdd(id, configurator);

    internal Config ConfigOf(string id) => Configurator(id ?? DefaultDispatcherId).Config;

    private MessageDispatcherConfigurator Configurator(string id) => _configurators.GetOrAdd(id, Create);

    private MessageDispatcherConfigurator Create(string id)
    {
        var own = system.Settings.Config.GetConfig(id) ?? throw new ConfigurationException($"Dispatcher [{id}] is not configured");
        var config = ConfigurationFactory.ParseString($"id = \"{id}\"").WithFallback(own)
            .WithFallback(system.Settings.Config.GetConfig(DefaultDispatcherId));
        switch (config.GetString("type"))
        {
            case "Dispatcher" or "ForkJoinDispatcher" or "TaskDispatcher" or "SynchronizedDispatcher" or "ChannelExecutor":
                return new ThreadPoolDispatcherConfigurator(config, prerequisites);
            case "PinnedDispatcher":
                return new PinnedDispatcherConfigurator(config, prerequisites);
            case null or "":
                throw new ConfigurationException($"Dispatcher [{id}] has no type");
            case var name:
                var type = Type.GetType(name);
                if (type is null || !type.IsAssignableTo(typeof(MessageDispatcherConfigurator)))
                    throw new ConfigurationException($"Type [{name}] of dispatcher [{id}] is not a dispatcher configurator");
                return (MessageDispatcherConfigurator)Activator.CreateInstance(type, config, prerequisites);
        }
    }
}
