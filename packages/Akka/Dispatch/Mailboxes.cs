using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch.MessageQueues;

namespace Akka.Dispatch;

/// <summary>Finds the mailbox type of an actor: its deployment, what its class requires, its dispatcher, the default.</summary>
public class Mailboxes
{
    public const string DefaultMailboxId = "akka.actor.default-mailbox";
    public const string NoMailboxRequirement = "";
    private readonly ActorSystem _system;
    private readonly ConcurrentDictionary<string, MailboxType> _types = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Type, Type> _required = new();
    private readonly ConcurrentDictionary<(string Dispatcher, string Mailbox), int> _stashCapacities = new();
    private readonly Dictionary<Type, string> _bindings = [];

    public Mailboxes(ActorSystem system)
    {
        _system = system;
        var requirements = system.Settings.Config.GetConfig("akka.actor.mailbox.requirements");
        if (requirements is null) return;
        foreach (var (name, id) in requirements.AsEnumerable())
        {
            var type = Type.GetType(name) ?? typeof(Mailboxes).Assembly.GetType(name);
            if (type is null) throw new ConfigurationException($"akka.actor.mailbox.requirements names the unknown type [{name}]");
            _bindings[type] = id.GetString();
        }
    }

    internal DeadLetterQueue DeadLetterQueue { get => field ??= new DeadLetterQueue(_system.DeadLetters); }

    public MailboxType Lookup(string id) => _types.GetOrAdd(id, Create);

    public bool HasRequiredType(Type actorType) => GetRequiredType(actorType) is not null;

    public Type GetRequiredType(Type actorType) => _required.GetOrAdd(actorType, static t => t.GetInterfaces()
        .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IRequiresMessageQueue<>))?.GetGenericArguments()[0]);

    public MailboxType GetMailboxType(Props props, Config dispatcherConfig)
    {
        if (props.Deploy.Mailbox is { Length: > 0 } chosen) return Lookup(chosen);
        // Every mailbox here can take messages back at the front, so what a plain stash requires needs no other type.
        var required = GetRequiredType(props.Type);
        if (required is not null
            && required != typeof(IUnboundedDequeBasedMessageQueueSemantics)
            && required != typeof(IDequeBasedMessageQueueSemantics)
            && required != typeof(IUnboundedMessageQueueSemantics))
        {
            return _bindings.TryGetValue(required, out var bound) ? Lookup(bound)
                : throw new ConfigurationException($"No mailbox is bound to [{required}], which {props.Type} requires");
        }

        if (dispatcherConfig?.GetString("mailbox-type") is { Length: > 0 }) return FromConfig(dispatcherConfig, dispatcherConfig.GetString("id"));
        return Lookup(DefaultMailboxId);
    }

    /// <summary>The stash-capacity of the mailbox, else of the dispatcher, else of the default mailbox; -1 for no limit.</summary>
    public int StashCapacity(string dispatcher, string mailbox) =>
        _stashCapacities.GetOrAdd((dispatcher, mailbox), static (ids, system) =>
        {
            var config = system.Settings.Config;
            var defaults = config.GetConfig(DefaultMailboxId);
            foreach (var id in (string[])[ids.Mailbox, ids.Dispatcher])
                if (!string.IsNullOrEmpty(id) && config.GetConfig(id) is { } own && own.HasPath("stash-capacity"))
                    return own.GetInt("stash-capacity");
            return defaults.GetInt("stash-capacity", Deploy.NoStashSize);
        }, _system);

    private MailboxType Create(string id)
    {
        if (id == "unbounded") return new UnboundedMailbox();
        var config = _system.Settings.Config.GetConfig(id);
        if (config is null) throw new ConfigurationException($"Mailbox type [{id}] is not configured");
        return FromConfig(config, id);
    }

    private MailboxType FromConfig(Config config, string id)
    {
        config = config.WithFallback(_system.Settings.Config.GetConfig(DefaultMailboxId));
        var name = config.GetString("mailbox-type");
        switch (name)
        {
            case "Akka.Dispatch.UnboundedMailbox": return new UnboundedMailbox(_system.Settings, config);
            case "": throw new ConfigurationException($"The setting mailbox-type, defined in [{id}], is empty");
        }

        var type = Type.GetType(name) ?? typeof(Mailboxes).Assembly.GetType(name);
        if (type is null || !type.IsAssignableTo(typeof(MailboxType)))
            throw new ConfigurationException($"[{id}].mailbox-type [{name}] is not a mailbox type");
        return (MailboxType)Activator.CreateInstance(type, _system.Settings, config);
    }
}
