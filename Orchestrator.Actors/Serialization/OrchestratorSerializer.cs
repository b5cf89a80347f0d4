using System.Collections.Frozen;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;
using Orchestrator.Actors.Certificates;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Registry;

namespace Orchestrator.Actors.Serialization;

/// <summary>Serializes every message and event of ours by a known manifest: bytes never name a type.</summary>
public sealed class OrchestratorSerializer : SerializerWithStringManifest
{
    public OrchestratorSerializer(ExtendedActorSystem system) : base(system)
    {
    }

    /// <summary>The codecs of other assemblies; complete before the first actor system starts.</summary>
    public static List<WireCodec> Extensions { get; } = [];

    public override int Identifier => 7701;

    public override string Manifest(object o)
    {
        var codec = Codec(o);
        return codec.Detail?.Invoke(o) is { Length: > 0 } detail ? $"{codec.Manifest}:{detail}" : codec.Manifest;
    }

    public override byte[] ToBinary(object obj) => Codec(obj).Write(obj);

    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (Tables.ByManifest.TryGetValue(manifest, out var codec)) return codec.Read(bytes);
        var colon = manifest.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && Tables.ByManifest.TryGetValue(manifest[..colon], out codec) && codec.ReadWithDetail is { } read
            ? read(bytes, manifest[(colon + 1)..])
            : throw new SerializationException($"no message has the manifest \"{manifest}\"; a newer version may have written it");
    }

    private static WireCodec Codec(object o)
    {
        if (!Tables.ByType.TryGetValue(o.GetType(), out var codecs))
            throw new SerializationException($"{o.GetType()} has no manifest; add it to the codecs of its folder");
        if (codecs.Length == 1) return codecs[0];
        foreach (var codec in codecs)
            if (codec.Variant!(o)) return codec;
        throw new SerializationException($"{o.GetType()} is none of the variants that have a manifest");
    }

    /// <summary>Made at the first use, when <see cref="Extensions"/> is complete: naming that property must not make them already.</summary>
    private static class Tables
    {
        private static readonly WireCodec[] All = [.. RegistryCodecs.All, .. CertificateCodecs.All, .. ControllerCodecs.All, .. Extensions];

        public static readonly FrozenDictionary<Type, WireCodec[]> ByType = All.GroupBy(c => c.Type).ToFrozenDictionary(g => g.Key, g => g.ToArray());
        public static readonly FrozenDictionary<string, WireCodec> ByManifest = All.ToFrozenDictionary(c => c.Manifest, StringComparer.Ordinal);
    }
}
