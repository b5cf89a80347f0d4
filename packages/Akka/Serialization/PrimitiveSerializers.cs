using System.Buffers.Binary;
using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;

namespace Akka.Serialization;

/// <summary>Strings as UTF-8; 32- and 64-bit integers as little-endian bytes.</summary>
public sealed class PrimitiveSerializers : SerializerWithStringManifest
{
    private const string StringManifest = "S";
    private const string Int32Manifest = "I";
    private const string Int64Manifest = "L";

    // Throws on text that UTF-8 cannot carry, which would otherwise arrive changed.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public PrimitiveSerializers(ExtendedActorSystem system) : base(system) { }

    public override int Identifier => 17;

    public override byte[] ToBinary(object obj)
    {
        switch (obj)
        {
            case string s:
                return Utf8.GetBytes(s);
            case int i:
                var four = new byte[sizeof(int)];
                BinaryPrimitives.WriteInt32LittleEndian(four, i);
                return four;
            case long l:
                var eight = new byte[sizeof(long)];
                BinaryPrimitives.WriteInt64LittleEndian(eight, l);
                return eight;
            default:
                throw new ArgumentException($"{GetType()} cannot write a {obj?.GetType()}", nameof(obj));
        }
    }

    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        StringManifest or "System.String, System.Private.CoreLib" => Utf8.GetString(bytes),
        Int32Manifest or "System.Int32, System.Private.CoreLib" => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        Int64Manifest or "System.Int64, System.Private.CoreLib" => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        _ => throw new SerializationException($"{GetType()} does not know the manifest [{manifest}]"),
    };

    public override string Manifest(object o) => o switch
    {
        string => StringManifest,
        int => Int32Manifest,
        long => Int64Manifest,
        _ => throw new ArgumentException($"{GetType()} cannot write a {o?.GetType()}", nameof(o)),
    };
}
