using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace Akka.Cluster.Tools.Singleton.Serialization;

/// <summary>The four messages of handing over; the manifest says it all.</summary>
public sealed class ClusterSingletonMessageSerializer : SerializerWithStringManifest
{
    public ClusterSingletonMessageSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc />
    public override int Identifier => 14;

    /// <inheritdoc />
    public override string Manifest(object o) => o switch
    {
        HandOverToMe => "A",
        HandOverInProgress => "B",
        HandOverDone => "C",
        TakeOverFromMe => "D",
        _ => throw new SerializationException($"{o.GetType()} is no message of a singleton."),
    };

    /// <inheritdoc />
    public override byte[] ToBinary(object obj) => [];

    /// <inheritdoc />
    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        "A" => HandOverToMe.Instance,
        "B" => HandOverInProgress.Instance,
        "C" => HandOverDone.Instance,
        "D" => TakeOverFromMe.Instance,
        _ => throw new SerializationException($"'{manifest}' is no message of a singleton."),
    };
}
