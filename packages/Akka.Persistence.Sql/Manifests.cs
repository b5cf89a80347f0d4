using System.Collections.Concurrent;
using Akka.Serialization;

namespace Akka.Persistence.Sql;

/// <summary>What a row says about the type of its bytes.</summary>
internal static class Manifests
{
    private static readonly ConcurrentDictionary<Type, string> Names = new();

    /// <summary>The serializer's own manifest, else the type's name where the serializer needs it, else the event adapter's.</summary>
    public static string Of(Serializer serializer, object payload, string adapterManifest) => serializer switch
    {
        SerializerWithStringManifest s => s.Manifest(payload),
        { IncludeManifest: true } => NameOf(payload.GetType()),
        _ => adapterManifest,
    };

    /// <summary>Name and assembly without version, so that a new version of the assembly still reads the row.</summary>
    private static string NameOf(Type type) => Names.GetOrAdd(type, static t => $"{t.FullName}, {t.Assembly.GetName().Name}");
}
