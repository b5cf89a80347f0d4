using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding.Internal;
using Akka.Serialization;

namespace Akka.Cluster.Sharding.Serialization;

/// <summary>Writes what sharding sends and journals: a short manifest, and the fields one after the other.</summary>
public sealed class ClusterShardingMessageSerializer : SerializerWithStringManifest
{
    private readonly Dictionary<string, Func<BinaryReader, object>> _readers;
    private readonly Dictionary<Type, (string Manifest, Action<BinaryWriter, object> Write)> _writers = [];

    /// <summary>Made by the actor system.</summary>
    public ClusterShardingMessageSerializer(ExtendedActorSystem system) : base(system)
    {
        _readers = new Dictionary<string, Func<BinaryReader, object>>(StringComparer.Ordinal);
        AddCoordinatorEvents();
        AddProtocol();
        AddQueries();
        AddEntities();
    }

    /// <inheritdoc/>
    public override string Manifest(object o) => Writer(o).Manifest;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        Writer(obj).Write(writer, obj);
        writer.Flush();
        return stream.ToArray();
    }

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (!_readers.TryGetValue(manifest, out var read)) throw new ArgumentException($"Unknown manifest [{manifest}] of a sharding message");
        using var reader = new BinaryReader(new MemoryStream(bytes, writable: false));
        return read(reader);
    }

    private (string Manifest, Action<BinaryWriter, object> Write) Writer(object o) =>
        _writers.TryGetValue(o.GetType(), out var writer) ? writer : throw new ArgumentException($"[{o.GetType()}] is no sharding message");

    private void Add<T>(string manifest, Action<BinaryWriter, T> write, Func<BinaryReader, T> read) where T : notnull
    {
        _writers.Add(typeof(T), (manifest, (w, o) => write(w, (T)o)));
        _readers.Add(manifest, r => read(r));
    }

    private void AddCoordinatorEvents()
    {
        Add("AA", WriteSnapshot, ReadSnapshot);
        AddRef("AB", (ShardRegionRegistered m) => m.Region, r => new ShardRegionRegistered(r));
        AddRef("AD", (ShardRegionTerminated m) => m.Region, r => new ShardRegionTerminated(r));
        Add(
            "AF",
            (w, m) =>
            {
                w.Write(m.Shard);
                Write(w, m.Region);
            },
            r => new ShardHomeAllocated(r.ReadString(), ReadRef(r)));
        AddShard("AG", (ShardHomeDeallocated m) => m.Shard, s => new ShardHomeDeallocated(s));
    }

    private void AddProtocol()
    {
        AddRef("BA", (Register m) => m.Region, r => new Register(r));
        AddRef("BB", (RegisterProxy m) => m.Proxy, r => new RegisterProxy(r));
        AddRef("BC", (RegisterAck m) => m.Coordinator, r => new RegisterAck(r));
        AddShard("BD", (GetShardHome m) => m.Shard, s => new GetShardHome(s));
        Add(
            "BE",
            (w, m) =>
            {
                w.Write(m.Shard);
                Write(w, m.Region);
            },
            r => new ShardHome(r.ReadString(), ReadRef(r)));
        AddShard("BF", (HostShard m) => m.Shard, s => new HostShard(s));
        AddShard("BG", (ShardStarted m) => m.Shard, s => new ShardStarted(s));
        AddShard("BH", (BeginHandOff m) => m.Shard, s => new BeginHandOff(s));
        AddShard("BI", (BeginHandOffAck m) => m.Shard, s => new BeginHandOffAck(s));
        AddShard("BJ", (HandOff m) => m.Shard, s => new HandOff(s));
        AddShard("BK", (ShardStopped m) => m.Shard, s => new ShardStopped(s));
        AddRef("BL", (GracefulShutdownReq m) => m.Region, r => new GracefulShutdownReq(r));
        AddRef("BM", (CoordinatorActive m) => m.Coordinator, r => new CoordinatorActive(r));
    }

    private void AddQueries()
    {
        Add("DA", (_, _) => { }, _ => GetShardRegionStats.Instance);
        Add("DB", WriteStats, ReadStats);
        Add("DC", (w, m) => w.Write(m.Timeout.Ticks), r => new GetClusterShardingStats(TimeSpan.FromTicks(r.ReadInt64())));
        Add(
            "DD",
            (w, m) => WriteAll(w, m.Regions, (w2, region) =>
            {
                w2.Write(region.Key.ToString());
                WriteStats(w2, region.Value);
            }),
            r => new ClusterShardingStats(
                ReadAll(r, r2 => KeyValuePair.Create(Address.Parse(r2.ReadString()), ReadStats(r2))).ToImmutableDictionary()));
        Add("DE", (_, _) => { }, _ => GetCurrentRegions.Instance);
        Add(
            "DF", (w, m) => WriteAll(w, m.Regions, (w2, a) => w2.Write(a.ToString())),
            r => new CurrentRegions(ReadAll(r, r2 => Address.Parse(r2.ReadString())).ToImmutableHashSet()));
        Add("DG", (_, _) => { }, _ => GetShardRegionState.Instance);
        Add(
            "DH",
            (w, m) =>
            {
                WriteAll(w, m.Shards, WriteShardState);
                WriteAll(w, m.Failed, (w2, s) => w2.Write(s));
            },
            r => new CurrentShardRegionState(
                ReadAll(r, ReadShardState).ToImmutableHashSet(), ReadAll(r, r2 => r2.ReadString()).ToImmutableHashSet()));
        Add("DI", WriteShardState, ReadShardState);
        Add("DJ", (_, _) => { }, _ => GetCurrentShardState.Instance);
    }

    private void AddEntities()
    {
        AddStrings("CE", (EntitiesStarted m) => m.EntityIds, ids => new EntitiesStarted([.. ids]));
        AddStrings("CF", (EntitiesStopped m) => m.EntityIds, ids => new EntitiesStopped([.. ids]));
        AddStrings("CA", (RememberedEntities m) => m.EntityIds, ids => new RememberedEntities(ids.ToImmutableHashSet(StringComparer.Ordinal)));
        AddShard("EA", (ShardRegion.StartEntity m) => m.EntityId, id => new ShardRegion.StartEntity(id));
        Add(
            "EB",
            (w, m) =>
            {
                w.Write(m.EntityId);
                w.Write(m.ShardId);
            },
            r => new ShardRegion.StartEntityAck(r.ReadString(), r.ReadString()));
        Add("FA", WriteEnvelope, ReadEnvelope);
    }

    private void AddRef<T>(string manifest, Func<T, IActorRef> get, Func<IActorRef, T> make) where T : notnull =>
        Add(manifest, (w, m) => Write(w, get(m)), r => make(ReadRef(r)));

    private void AddShard<T>(string manifest, Func<T, string> get, Func<string, T> make) where T : notnull =>
        Add(manifest, (w, m) => w.Write(get(m)), r => make(r.ReadString()));

    private void AddStrings<T>(string manifest, Func<T, IReadOnlyCollection<string>> get, Func<IEnumerable<string>, T> make) where T : notnull =>
        Add(manifest, (w, m) => WriteAll(w, get(m), (w2, s) => w2.Write(s)), r => make(ReadAll(r, r2 => r2.ReadString())));

    private static void WriteAll<T>(BinaryWriter w, IReadOnlyCollection<T> items, Action<BinaryWriter, T> write)
    {
        w.Write7BitEncodedInt(items.Count);
        foreach (var item in items) write(w, item);
    }

    private static List<T> ReadAll<T>(BinaryReader r, Func<BinaryReader, T> read)
    {
        var count = r.Read7BitEncodedInt();
        var items = new List<T>(Math.Min(count, 1024));
        for (var i = 0; i < count; i++) items.Add(read(r));
        return items;
    }

    private static void Write(BinaryWriter w, IActorRef actor) => w.Write(Akka.Serialization.Serialization.SerializedActorPath(actor));

    private IActorRef ReadRef(BinaryReader r) => system.Provider.ResolveActorRef(r.ReadString());

    private static void WriteShardState(BinaryWriter w, ShardState m)
    {
        w.Write(m.ShardId);
        WriteAll(w, m.EntityIds, (w2, id) => w2.Write(id));
    }

    private static ShardState ReadShardState(BinaryReader r) => new(r.ReadString(), ReadAll(r, r2 => r2.ReadString()).ToImmutableHashSet());

    private static void WriteStats(BinaryWriter w, ShardRegionStats m)
    {
        WriteAll(w, m.Stats, (w2, s) =>
        {
            w2.Write(s.Key);
            w2.Write(s.Value);
        });
        WriteAll(w, m.Failed, (w2, s) => w2.Write(s));
    }

    private static ShardRegionStats ReadStats(BinaryReader r) => new(
        ReadAll(r, r2 => KeyValuePair.Create(r2.ReadString(), r2.ReadInt32())).ToImmutableDictionary(),
        ReadAll(r, r2 => r2.ReadString()).ToImmutableHashSet());

    private static void WriteSnapshot(BinaryWriter w, CoordinatorSnapshot m)
    {
        WriteAll(w, m.Regions, Write);
        WriteAll(w, m.Shards, (w2, home) =>
        {
            w2.Write(home.Key);
            Write(w2, home.Value);
        });
        WriteAll(w, m.Unallocated, (w2, s) => w2.Write(s));
    }

    private CoordinatorSnapshot ReadSnapshot(BinaryReader r)
    {
        var regions = ReadAll(r, ReadRef).ToImmutableHashSet();
        var shards = ReadAll(r, r2 => KeyValuePair.Create(r2.ReadString(), ReadRef(r2))).ToImmutableDictionary(StringComparer.Ordinal);
        return new CoordinatorSnapshot(shards, regions, ReadAll(r, r2 => r2.ReadString()).ToImmutableHashSet(StringComparer.Ordinal));
    }

    private void WriteEnvelope(BinaryWriter w, ShardingEnvelope m)
    {
        var serializer = system.Serialization.FindSerializerFor(m.Message);
        var bytes = serializer.ToBinary(m.Message);
        w.Write(m.EntityId);
        w.Write(serializer.Identifier);
        w.Write(Akka.Serialization.Serialization.ManifestFor(serializer, m.Message) ?? "");
        w.Write7BitEncodedInt(bytes.Length);
        w.Write(bytes);
    }

    private ShardingEnvelope ReadEnvelope(BinaryReader r)
    {
        var entityId = r.ReadString();
        var serializer = r.ReadInt32();
        var manifest = r.ReadString();
        var bytes = r.ReadBytes(r.Read7BitEncodedInt());
        return new ShardingEnvelope(entityId, system.Serialization.Deserialize(bytes, serializer, manifest));
    }
}
