using System.Collections.Concurrent;
using System.Reflection;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Util;

namespace Akka.Serialization;

/// <summary>The serializers and bindings of one state of the configuration.</summary>
internal sealed class SerializerTable
{
    private readonly ExtendedActorSystem _system;
    private readonly Dictionary<Type, Serializer> _bindings = [];
    private readonly ConcurrentDictionary<Type, Serializer> _byType = new();
    private readonly ConcurrentDictionary<string, Type> _loaded = new(StringComparer.Ordinal);

    // Serializers of the table before this one are kept, since others hold on to them.
    private readonly SerializerTable _previous;

    public SerializerTable(ExtendedActorSystem system, Config config, NullSerializer none, IReadOnlyCollection<SerializerDetails> added, SerializerTable previous)
    {
        (_system, Config, _previous) = (system, config, previous);
        ById[none.Identifier] = none;
        if (config.GetConfig(Serialization.SerializersKey) is { } serializers)
            foreach (var (alias, value) in serializers.AsEnumerable())
                AddConfigured(alias, value.GetString());
        if (config.GetConfig(Serialization.BindingsKey) is { } bindings)
            foreach (var (name, value) in bindings.AsEnumerable())
                Bind(name, value.GetString());
        foreach (var details in added)
        {
            Register(details.Alias, details.Serializer);
            foreach (var type in details.UseFor) _bindings[type] = details.Serializer;
        }

        _previous = null;
    }

    public Config Config { get; }
    public Dictionary<string, Serializer> ByAlias { get; } = new(StringComparer.Ordinal);
    public Dictionary<int, Serializer> ById { get; } = [];

    /// <summary>The serializer of the most specific binding; null when none covers the type.</summary>
    public Serializer ForType(Type type) => _byType.GetOrAdd(type, static (t, self) => self.Find(t), this);

    /// <summary>A type of an assembly that is already loaded.</summary>
    public Type LoadedType(string name)
    {
        if (_loaded.TryGetValue(name, out var known)) return known;
        var type = Type.GetType(name, FindLoaded, typeResolver: null, throwOnError: false);
        if (type is not null) _loaded[name] = type;
        return type;
    }

    private static Assembly FindLoaded(AssemblyName name) =>
        Array.Find(AppDomain.CurrentDomain.GetAssemblies(), a => a.GetName().Name == name.Name);

    private Serializer Find(Type type)
    {
        if (_bindings.TryGetValue(type, out var exact)) return exact;
        var covering = _bindings.Keys.Where(b => b.IsAssignableFrom(type)).ToList();
        var closest = covering.Where(b => !covering.Exists(other => other != b && b.IsAssignableFrom(other)))
            .OrderBy(b => b.IsInterface).ThenBy(b => b.FullName, StringComparer.Ordinal).ToList();
        if (closest.Count == 0) return null;
        if (closest.Exists(b => !ReferenceEquals(_bindings[b], _bindings[closest[0]])))
            Warn($"Several bindings cover {type.FullName} equally well ({string.Join(", ", closest.Select(b => b.FullName))}); {closest[0].FullName} is taken");
        return _bindings[closest[0]];
    }

    private void AddConfigured(string alias, string typeName)
    {
        var type = Resolve(typeName);
        if (type is null)
        {
            Warn($"{Serialization.SerializersKey}.{alias} names a type that does not exist: [{typeName}]");
            return;
        }

        if (!type.IsAssignableTo(typeof(Serializer))) throw new ConfigurationException($"{Serialization.SerializersKey}.{alias}: [{typeName}] is not a serializer");
        Register(alias, _previous?.ByAlias.TryGetValue(alias, out var kept) == true && kept.GetType() == type ? kept : Create(alias, type));
    }

    private Serializer Create(string alias, Type type)
    {
        const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        var settings = _system.Settings.Config.GetConfig("akka.actor.serialization-settings." + alias);
        try
        {
            if (type.GetConstructor(Any, [typeof(ExtendedActorSystem), typeof(Config)]) is { } withConfig)
                return (Serializer)withConfig.Invoke([_system, settings ?? ConfigurationFactory.Empty]);
            var constructor = type.GetConstructor(Any, [typeof(ExtendedActorSystem)])
                ?? throw new ConfigurationException($"The serializer [{type}] has no constructor that takes an ExtendedActorSystem");
            return (Serializer)constructor.Invoke([_system]);
        }
        catch (TargetInvocationException e)
        {
            throw new ConfigurationException($"The serializer [{type}] could not be created: {e.InnerException?.Message}", e.InnerException);
        }
    }

    private void Register(string alias, Serializer serializer)
    {
        if (ById.TryGetValue(serializer.Identifier, out var taken) && taken.GetType() != serializer.GetType())
            throw new ConfigurationException($"The serializers {taken.GetType()} and {serializer.GetType()} share the identifier {serializer.Identifier}");
        ById[serializer.Identifier] = serializer;
        if (alias.Length > 0) ByAlias[alias] = serializer;
    }

    private void Bind(string typeName, string alias)
    {
        var type = Resolve(typeName);
        if (type is null) Warn($"{Serialization.BindingsKey} names a type that does not exist: [{typeName}]");
        else if (ByAlias.TryGetValue(alias, out var serializer)) _bindings[type] = serializer;
        else Warn($"{Serialization.BindingsKey}.\"{typeName}\" names the serializer [{alias}], which is not in {Serialization.SerializersKey}");
    }

    private static Type Resolve(string name) => Type.GetType(name) ?? typeof(SerializerTable).Assembly.GetType(name);

    private void Warn(string text) =>
        _system.EventStream?.Publish(new Warning("Serialization(" + _system.Name + ")", typeof(Serialization), text));
}
