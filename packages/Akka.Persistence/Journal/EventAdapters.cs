using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Persistence.Journal;

/// <summary>The events that one stored event is read as.</summary>
public interface IEventSequence
{
    /// <summary>The events, in order.</summary>
    IEnumerable<object> Events { get; }
}

/// <summary>Makes event sequences.</summary>
public static class EventSequence
{
    /// <summary>No event.</summary>
    public static readonly IEventSequence Empty = new Several([]);

    /// <summary>One event.</summary>
    public static IEventSequence Single(object e) => new Several([e]);

    /// <summary>Several events.</summary>
    public static IEventSequence Create(params object[] events) => new Several(events);

    /// <summary>Several events.</summary>
    public static IEventSequence Create(IEnumerable<object> events) => new Several([.. events]);

    private sealed class Several(object[] events) : IEventSequence
    {
        public IEnumerable<object> Events => events;
    }
}

/// <summary>Turns an event into what is stored.</summary>
public interface IWriteEventAdapter
{
    /// <summary>A hint for the reader, stored beside the event; empty for none.</summary>
    string Manifest(object evt);

    /// <summary>What to store.</summary>
    object ToJournal(object evt);
}

/// <summary>Turns what is stored into events.</summary>
public interface IReadEventAdapter
{
    /// <summary>The events.</summary>
    IEventSequence FromJournal(object evt, string manifest);
}

/// <summary>Both directions.</summary>
public interface IEventAdapter : IWriteEventAdapter, IReadEventAdapter;

/// <summary>An event with tags: the journal stores the payload and indexes the tags.</summary>
public readonly struct Tagged : IEquatable<Tagged>
{
    /// <summary>Tags an event.</summary>
    public Tagged(object payload, IEnumerable<string> tags) : this(payload, tags.ToImmutableHashSet())
    {
    }

    /// <summary>Tags an event.</summary>
    public Tagged(object payload, IImmutableSet<string> tags)
    {
        Payload = payload;
        Tags = tags;
    }

    /// <summary>The event.</summary>
    public object Payload { get; }

    /// <summary>Its tags.</summary>
    public IImmutableSet<string> Tags { get; }

    /// <inheritdoc/>
    public bool Equals(Tagged other) => Equals(Payload, other.Payload) && Tags.SetEquals(other.Tags);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Tagged other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Payload?.GetHashCode() ?? 0;
}

/// <summary>The adapters bound to the types of events of one journal.</summary>
public class EventAdapters
{
    private readonly IReadOnlyList<(Type Type, IWriteEventAdapter? Write, IReadEventAdapter[] Read)> _bindings;
    private readonly ConcurrentDictionary<Type, (IWriteEventAdapter? Write, IReadEventAdapter[] Read)> _byType = new();

    private EventAdapters(IReadOnlyList<(Type, IWriteEventAdapter?, IReadEventAdapter[])> bindings) => _bindings = bindings;

    /// <summary>No adapter: events are stored and read as they are.</summary>
    internal static EventAdapters None { get; } = new([]);

    internal bool IsEmpty => _bindings.Count == 0;

    /// <summary>Reads <c>event-adapters</c> (name = class) and <c>event-adapter-bindings</c> (class = name or names) of a journal.</summary>
    /// <exception cref="ArgumentException">A binding names an adapter that is not there.</exception>
    public static EventAdapters Create(ExtendedActorSystem system, Config config)
    {
        var adapters = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var (name, value) in Entries(config, "event-adapters"))
        {
            var type = Type.GetType(value[0], throwOnError: true)!;
            adapters[name] = type.GetConstructor([typeof(ExtendedActorSystem)]) is null
                ? Activator.CreateInstance(type)!
                : Activator.CreateInstance(type, system)!;
        }
        var bindings = new List<(Type Type, IWriteEventAdapter? Write, IReadEventAdapter[] Read)>();
        foreach (var (typeName, names) in Entries(config, "event-adapter-bindings"))
        {
            var missing = names.FirstOrDefault(n => !adapters.ContainsKey(n));
            if (missing is not null) throw new ArgumentException($"{typeName} is bound to the event adapter '{missing}', which event-adapters does not define");
            var bound = names.Select(n => adapters[n]).ToList();
            bindings.Add((
                Type.GetType(typeName, throwOnError: true)!,
                bound.OfType<IWriteEventAdapter>().FirstOrDefault(),
                [.. bound.OfType<IReadEventAdapter>()]));
        }
        if (bindings.Count == 0) return None;
        // The most specific type first, so that the first match is the best.
        bindings.Sort((a, b) => a.Type == b.Type ? 0 : a.Type.IsAssignableFrom(b.Type) ? 1 : b.Type.IsAssignableFrom(a.Type) ? -1 : 0);
        return new EventAdapters(bindings);
    }

    internal (object Payload, string Manifest) ToJournal(object payload)
    {
        if (For(payload.GetType()).Write is not { } adapter) return (payload, "");
        var manifest = adapter.Manifest(payload);
        return (adapter.ToJournal(payload), manifest);
    }

    /// <summary>The events that a stored one is read as, or null where it is read as itself.</summary>
    internal IEnumerable<object>? FromJournal(object payload, string manifest)
    {
        var readers = For(payload.GetType()).Read;
        return readers.Length == 0 ? null : readers.SelectMany(r => r.FromJournal(payload, manifest).Events);
    }

    private static IEnumerable<(string Key, IList<string> Values)> Entries(Config config, string path)
    {
        if (!config.HasPath(path)) yield break;
        foreach (var (key, value) in config.GetConfig(path).AsEnumerable())
        {
            yield return (key.Trim('"'), value.IsArray() ? value.GetStringList() : [value.GetString()]);
        }
    }

    private (IWriteEventAdapter? Write, IReadEventAdapter[] Read) For(Type type) => _byType.GetOrAdd(
        type,
        t =>
        {
            foreach (var binding in _bindings)
            {
                if (binding.Type.IsAssignableFrom(t)) return (binding.Write, binding.Read);
            }
            return (null, []);
        });
}
