using System.Runtime.Serialization;
using System.Text.Json;
using Akka.Actor;
using Akka.Serialization;

namespace Packages.Conformance.Sharding;

/// <summary>Carries what these tests send to entities, and what those answer, from one member to another.</summary>
public sealed class EntityMessageSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public override int Identifier => 99_002;

    public override string Manifest(object o) => o switch
    {
        To => "to",
        WhoAreYou => "who",
        PassivateNow => "passivate",
        StopEntity => "stop",
        Identity => "identity",
        _ => throw Unknown(o.GetType().ToString()),
    };

    public override byte[] ToBinary(object obj) => obj switch
    {
        To to => JsonSerializer.SerializeToUtf8Bytes(Carry(to)),
        Identity it => JsonSerializer.SerializeToUtf8Bytes<string[]>([it.Entity, it.System.ToString(), it.Path]),
        WhoAreYou or PassivateNow or StopEntity => [],
        _ => throw Unknown(obj.GetType().ToString()),
    };

    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        "to" => ReadTo(JsonSerializer.Deserialize<Carried>(bytes)!),
        "who" => new WhoAreYou(),
        "passivate" => new PassivateNow(),
        "stop" => new StopEntity(),
        "identity" => ReadIdentity(JsonSerializer.Deserialize<string[]>(bytes)!),
        _ => throw Unknown(manifest),
    };

    private Carried Carry(To to)
    {
        var inner = system.Serialization.FindSerializerFor(to.Message);
        var manifest = inner is SerializerWithStringManifest named ? named.Manifest(to.Message) : "";
        return new Carried(to.Entity, inner.Identifier, manifest, inner.ToBinary(to.Message));
    }

    private To ReadTo(Carried it) => new(it.Entity, system.Serialization.Deserialize(it.Message, it.Serializer, it.Manifest));

    private static Identity ReadIdentity(string[] fields) => new(fields[0], Address.Parse(fields[1]), fields[2]);

    private static SerializationException Unknown(string what) => new($"{what} is not sent by these tests");

    private sealed record Carried(string Entity, int Serializer, string Manifest, byte[] Message);
}
