using System.Runtime.Serialization;
using System.Text.Json;
using Akka.Actor;
using Akka.Serialization;
using Packages.Conformance.Persistence;

namespace Packages.Conformance.PersistenceSql;

/// <summary>Stores what the counter journals, by manifests that it knows.</summary>
public sealed class PlainEventSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public override int Identifier => 99_001;

    public override string Manifest(object o) => o switch
    {
        Added => "added",
        int => "sum",
        _ => throw new SerializationException($"{o.GetType()} is not stored by these tests"),
    };

    public override byte[] ToBinary(object obj) => JsonSerializer.SerializeToUtf8Bytes(obj, obj.GetType());

    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        "added" => JsonSerializer.Deserialize<Added>(bytes)!,
        "sum" => JsonSerializer.Deserialize<int>(bytes),
        _ => throw new SerializationException($"no stored form is called {manifest}"),
    };
}
