using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Util;

namespace Akka.Serialization;

/// <summary>The node that a value is written for: local references get this address.</summary>
public sealed class Information(Address address, ActorSystem system) : IEquatable<Information>
{
    public Address Address => address;
    public ActorSystem System => system;

    public bool Equals(Information other) => other is not null && Equals(address, other.Address) && ReferenceEquals(system, other.System);
    public override bool Equals(object obj) => Equals(obj as Information);
    public override int GetHashCode() => HashCode.Combine(address, system);
}

/// <summary>
/// Finds the serializer of a type and writes and reads with it. Only types with a binding can be written: there is no
/// serializer for everything, since one would have to make objects of types that the sender names.
/// </summary>
public class Serialization
{
    internal const string SerializersKey = "akka.actor.serializers";
    internal const string BindingsKey = "akka.actor.serialization-bindings";

    [ThreadStatic]
    private static Information TransportInformation;

    private readonly Lock _lock = new();
    private readonly List<SerializerDetails> _added = [];
    private readonly NullSerializer _null;
    private volatile SerializerTable _table;

    public Serialization(ExtendedActorSystem system)
    {
        System = system;
        _null = new NullSerializer(system);
        if (system.Settings.Setup?.Get<SerializationSetup>() is { HasValue: true } setup)
            _added.AddRange(setup.Value.CreateSerializers(system));
    }

    public ActorSystem System { get; }

    internal static Information CurrentTransportInformation
    {
        get => TransportInformation;
        set => TransportInformation = value;
    }

    // Modules add their settings below those of the system when they start, so the table follows the configuration.
    private SerializerTable Table
    {
        get
        {
            var table = _table;
            return table is not null && ReferenceEquals(table.Config, System.Settings.Config) ? table : Rebuild();
        }
    }

    private SerializerTable Rebuild()
    {
        lock (_lock)
        {
            var config = System.Settings.Config;
            if (_table is { } table && ReferenceEquals(table.Config, config)) return table;
            return _table = new SerializerTable((ExtendedActorSystem)System, config, _null, _added, _table);
        }
    }

    /// <summary>Writes with the address at which others reach this node.</summary>
    public static T WithTransport<T>(ActorSystem system, Address address, Func<T> action) =>
        WithTransport(system, address, action, static a => a());

    internal static TResult WithTransport<TState, TResult>(ActorSystem system, Address address, TState state, Func<TState, TResult> action) =>
        WithTransport(new Information(address, system), state, action);

    internal static TResult WithTransport<TState, TResult>(Information information, TState state, Func<TState, TResult> action)
    {
        var before = TransportInformation;
        TransportInformation = information;
        try
        {
            return action(state);
        }
        finally
        {
            TransportInformation = before;
        }
    }

    /// <summary>What must be stored beside the bytes to read them again; empty when nothing must.</summary>
    public static string ManifestFor(Serializer s, object msg) => s switch
    {
        SerializerWithStringManifest named => named.Manifest(msg),
        { IncludeManifest: true } => msg.GetType().TypeQualifiedName(),
        _ => "",
    };

    public byte[] Serialize(object o) => WithTransport(Here, (this, o), static s => s.Item1.FindSerializerFor(s.o).ToBinary(s.o));

    /// <exception cref="SerializationException">No serializer has that number, or the bytes are not what it wrote.</exception>
    public object Deserialize(byte[] bytes, int serializerId, Type type)
    {
        var serializer = ById(serializerId, type?.TypeQualifiedName());
        return WithTransport(Here, (serializer, bytes, type), static s => s.serializer.FromBinary(s.bytes, s.type));
    }

    /// <exception cref="SerializationException">No serializer has that number, or the bytes are not what it wrote.</exception>
    public object Deserialize(byte[] bytes, int serializerId, string manifest)
    {
        var serializer = ById(serializerId, manifest);
        if (serializer is SerializerWithStringManifest named)
            return WithTransport(Here, (named, bytes, manifest), static s => s.named.FromBinary(s.bytes, s.manifest));
        var type = string.IsNullOrEmpty(manifest) ? null : BoundType(manifest, serializer);
        return WithTransport(Here, (serializer, bytes, type), static s => s.serializer.FromBinary(s.bytes, s.type));
    }

    public object Deserialize(byte[] bytes, int serializerId) => Deserialize(bytes, serializerId, "");

    /// <exception cref="SerializationException">No binding covers the type of the object.</exception>
    public Serializer FindSerializerFor(object obj, string defaultSerializerName = null) =>
        obj is null ? _null : FindSerializerForType(obj.GetType(), defaultSerializerName);

    /// <summary>The serializer of the most specific binding that covers the type; then the one named as the default.</summary>
    /// <exception cref="SerializationException">No binding covers the type.</exception>
    public Serializer FindSerializerForType(Type objectType, string defaultSerializerName = null)
    {
        ArgumentNullException.ThrowIfNull(objectType);
        var table = Table;
        if (table.ForType(objectType) is { } found) return found;
        if (defaultSerializerName is not null && table.ByAlias.TryGetValue(defaultSerializerName, out var fallback)) return fallback;
        throw new SerializationException(
            $"No serializer for {objectType.FullName}: set {BindingsKey}.\"{objectType.TypeQualifiedName()}\" to one of {SerializersKey}");
    }

    public Serializer GetSerializerById(int serializerId) => ById(serializerId, null);

    public void AddSerializer(string name, Serializer serializer) => Add(SerializerDetails.Create(name, serializer, []));

    public void AddSerializationMap(Type type, Serializer serializer) => Add(SerializerDetails.Create("", serializer, [type]));

    private void Add(SerializerDetails details)
    {
        lock (_lock)
        {
            _added.Add(details);
            _table = new SerializerTable((ExtendedActorSystem)System, System.Settings.Config, _null, _added, _table);
        }
    }

    /// <summary>The actor at a path as <see cref="SerializedActorPath"/> wrote it; null for an empty path.</summary>
    public IActorRef DeserializeActorRef(string path)
    {
        if (string.IsNullOrEmpty(path)) return ActorRefs.NoSender;
        if (IgnoreActorRef.IsIgnoreRefPath(path)) return System.IgnoreRef;
        if (path == NobodyPath) return ActorRefs.Nobody;
        return ((ExtendedActorSystem)System).Provider.ResolveActorRef(path);
    }

    private static readonly string NobodyPath = ActorRefs.Nobody.Path.ToSerializationFormat();

    /// <summary>The text by which other nodes find the actor; empty for null.</summary>
    public static string SerializedActorPath(IActorRef actorRef)
    {
        switch (actorRef)
        {
            case null: return "";
            case Nobody: return NobodyPath;
            case IgnoreActorRef: return IgnoreActorRef.StaticPath.ToString();
        }

        var path = actorRef.Path;
        if (!path.Address.HasLocalScope) return path.ToSerializationFormat();
        var provider = (actorRef as IInternalActorRef)?.Provider;
        if (TransportInformation is not { } information)
            return provider is null ? path.ToSerializationFormat() : path.ToSerializationFormatWithAddress(provider.DefaultAddress);
        if (information.Address is null) return path.ToSerializationFormat();
        // A reference of another system in this process keeps the address of its own system.
        var own = ((ExtendedActorSystem)information.System).Provider;
        return provider is null || ReferenceEquals(provider, own)
            ? path.ToSerializationFormatWithAddress(information.Address)
            : path.ToSerializationFormatWithAddress(provider.GetExternalAddressFor(information.Address) ?? provider.DefaultAddress);
    }

    private Information Here => TransportInformation ?? new Information(((ExtendedActorSystem)System).Provider?.DefaultAddress, System);

    private Serializer ById(int serializerId, string manifest)
    {
        if (Table.ById.TryGetValue(serializerId, out var serializer)) return serializer;
        throw new SerializationException(
            $"No serializer has the identifier {serializerId} (manifest [{manifest}]); the nodes of a system must agree on {SerializersKey} and {SerializerIdentifierHelper.Key}");
    }

    private Type BoundType(string manifest, Serializer serializer)
    {
        // The name comes from outside: it may only pick among what is loaded and bound to this very serializer.
        var type = Table.LoadedType(manifest);
        if (type is not null && ReferenceEquals(Table.ForType(type), serializer)) return type;
        throw new SerializationException($"The manifest [{manifest}] names no type that {BindingsKey} binds to {serializer.GetType().FullName}");
    }
}
